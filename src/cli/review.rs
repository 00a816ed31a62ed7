//! `eco-coder review`: one review now, of a local repository or of a pull request.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use profile::FlameGraphs;

use super::Failure;
use super::output::{self, Output};
use super::serve::unless_stopped;
use crate::agent::{OnStep, Outcome, Run};
use crate::app::{self, models::Models};
use crate::config::{self, Config, CredentialSource, DriverName, Environment};
use crate::report::measured::Measurements;
use crate::review::local::{LocalRequest, profiles_on_disk};
use crate::review::{Assignment, Reviewer, measured};
use crate::store::Database;
use crate::telemetry::Telemetry;

/// Review a change in a local repository, or a pull request on GitHub.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A pull request on GitHub, as OWNER/REPO#NUMBER; without it, a local repository is reviewed.
    #[arg(value_name = "OWNER/REPO#NUMBER", conflicts_with_all = ["repo", "base", "head"])]
    pull_request: Option<String>,
    /// The repository to review.
    #[arg(long, value_name = "PATH", default_value = ".")]
    repo: PathBuf,
    /// Compare against this commit [default: the merge base with the default branch, else the parent of head].
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Review this commit [default: HEAD].
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// Who leads the review: the embedded planner, or a model on Bedrock.
    #[arg(long, value_enum)]
    driver: Option<DriverName>,
    /// A profile of the program: pprof, collapsed stacks, speedscope, `perf script`, Python's cProfile or V8's
    /// cpuprofile. May be repeated.
    #[arg(long = "profile", value_name = "FILE")]
    profiles: Vec<PathBuf>,
    /// What `eco-coder measure --format json` wrote of the same commits.
    #[arg(long, value_name = "FILE")]
    measured: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
    /// Post the report as the pull request's comment.
    #[arg(long, requires = "pull_request", conflicts_with = "dry_run")]
    post: bool,
    /// Only print the report (the default).
    #[arg(long)]
    dry_run: bool,
}

impl Arguments {
    pub async fn run(self, mut config: Config, environment: &Environment) -> Result<(), Failure> {
        if let Some(driver) = self.driver {
            config.model.driver = driver;
        }
        if config.flame_graphs.is_none() {
            let cache = config::user_folder(environment, "XDG_CACHE_HOME", ".cache");
            let dir = cache.map(|cache| cache.join("flame-graphs"));
            config.flame_graphs = dir.map(|dir| FlameGraphs { dir, base_url: None });
        }
        let file = Self::file(&config, environment).map_err(Failure::Outside)?;
        let models = Models::of_reviews(&config, file.clone()).await.map_err(Failure::Usage)?;
        let store = app::store(file).map_err(Failure::Outside)?;
        let leader = models.as_ref().and_then(|models| models.leader(&config));
        let reviewer = app::reviewer(&config, store, &Telemetry::silent(app::CLOCK), leader)
            .await
            .map_err(Failure::Usage)?;
        let reviewing = Box::pin(self.review(&config, &reviewer));
        match models {
            Some(models) => models.keep_while(unless_stopped(reviewing)).await,
            None => reviewing.await,
        }
    }

    async fn review(self, config: &Config, reviewer: &Reviewer) -> Result<(), Failure> {
        let progress = output::progress();
        progress.set_message("reading the change");
        // Boxed: what fetches a pull request is a large future.
        let mut assignment = Box::pin(self.assignment(config, reviewer)).await?;
        if let Some(path) = &self.measured {
            let read = measured::read(path, &assignment.subject, &assignment.settings).await;
            assignment = assignment.with_measured(read.map_err(Failure::Usage)?);
        }
        progress.set_message(format!("reviewing {} files", assignment.change.files.len()));
        let on_step: OnStep = {
            let progress = progress.clone();
            Arc::new(move |run| progress.set_message(describe(run)))
        };
        let run_id = assignment.run_id.clone();
        // Whatever the leader makes of it.
        let exceeds = assignment.measured.as_ref().is_some_and(Measurements::exceeds);
        let outcome = reviewer
            .review(assignment, Arc::new(|| false), on_step)
            .await
            .map_err(Failure::Outside)?;
        progress.finish_and_clear();
        // A report that was not posted waits for another try, which goes on from here.
        if outcome.outcome == Outcome::Finished {
            let finished = reviewer.store.finish(&run_id, app::CLOCK()).await;
            finished.map_err(|error| Failure::Outside(error.into()))?;
        }
        self.output.write(&outcome.report)?;
        self.say_where(outcome.outcome, outcome.comment_url())?;
        if exceeds {
            return Err(Failure::Told(1));
        }
        Ok(())
    }

    /// A review that costs money or leaves a comment can be resumed, and what it costs counts against the caps of the
    /// next; one that takes a moment need not.
    fn file(config: &Config, environment: &Environment) -> anyhow::Result<Option<Database>> {
        if config.model.driver == DriverName::Embedded {
            return Ok(None);
        }
        let state = config::user_folder(environment, "XDG_STATE_HOME", ".local/state");
        state.map(|state| app::file(&state.join("reviews.db"))).transpose()
    }

    async fn assignment(
        &self,
        config: &Config,
        reviewer: &Reviewer,
    ) -> Result<Assignment, Failure> {
        let Some(name) = &self.pull_request else {
            let request = LocalRequest {
                repository: self.repo.clone(),
                base: self.base.clone(),
                head: self.head.clone(),
                profiles: self.profiles.clone(),
            };
            return reviewer.local_assignment(&request).await.map_err(Failure::Usage);
        };
        let (repository, number) = parse_pull_request(name).map_err(Failure::Usage)?;
        let profiles = profiles_on_disk(&self.profiles).await.map_err(Failure::Usage)?;
        let anonymous = matches!(config.github.credentials, CredentialSource::None);
        if anonymous && self.post {
            return Err(Failure::Usage(anyhow!("posting needs a GitHub token: set GITHUB_TOKEN")));
        }
        let github = app::github(config).await.map_err(Failure::Usage)?;
        let github = github
            .for_installation(None, repository)
            .await
            .context("log in to GitHub")
            .map_err(Failure::Outside)?;
        let pull_request = github
            .pull_request(repository, number)
            .await
            .with_context(|| {
                format!(
                    "read {name}{}",
                    if anonymous { " without a token (set GITHUB_TOKEN)" } else { "" }
                )
            })
            .map_err(Failure::Outside)?;
        let mut assignment = reviewer
            .assignment(&github, repository, &pull_request, self.post)
            .await
            .map_err(Failure::Outside)?;
        assignment.profiles.extend(profiles);
        Ok(assignment)
    }

    #[expect(clippy::print_stderr, reason = "a word to the person at the terminal")]
    fn say_where(&self, outcome: Outcome, comment_url: Option<&str>) -> Result<(), Failure> {
        match (outcome, comment_url) {
            (Outcome::NotPosted, _) => {
                Err(Failure::Outside(anyhow!("the report could not be posted")))
            }
            (_, Some(url)) => {
                eprintln!("posted: {url}");
                Ok(())
            }
            (_, None) if self.post => {
                Err(Failure::Outside(anyhow!("the review ended without a comment")))
            }
            _ => Ok(()),
        }
    }
}

/// `OWNER/REPO#NUMBER`, or the address of a pull request.
fn parse_pull_request(name: &str) -> anyhow::Result<(&str, u64)> {
    let wrong = || anyhow!("{name:?} is not a pull request: write OWNER/REPO#NUMBER");
    let (repository, number) = name.split_once('#').ok_or_else(wrong)?;
    let (owner, repo) = repository.split_once('/').ok_or_else(wrong)?;
    let number = number.parse().map_err(|_| wrong())?;
    if owner.is_empty() || repo.is_empty() || repo.contains('/') {
        return Err(wrong());
    }
    Ok((repository, number))
}

/// What a person waiting wants to know.
fn describe(run: &Run) -> String {
    match run.calls.last() {
        Some(call) => format!("{} is done", call.tool.replace('_', " ")),
        None => "planning".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_is_named_in_one_way() {
        assert_eq!(parse_pull_request("octo/shop#7").unwrap(), ("octo/shop", 7));
        for wrong in ["octo/shop", "octo#7", "octo/shop#seven", "/shop#7", "a/b/c#1"] {
            assert_eq!(
                parse_pull_request(wrong).unwrap_err().to_string(),
                format!("{wrong:?} is not a pull request: write OWNER/REPO#NUMBER")
            );
        }
    }
}
