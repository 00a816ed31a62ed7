//! A review of a pull request on GitHub.

use std::sync::Arc;

use anyhow::Context;
use contract::Binding;
use github::{ArtifactCaps, GitHub, GitHubError, Limits, PullRequest};

use super::job::run_id;
use super::posting::Posting;
use super::settings::{self, Settings};
use super::{Assignment, OwnRules, Reviewer};
use crate::report::{Ledger, Subject, ledger, markdown::MARKER};

impl Reviewer {
    /// Fetches a pull request and all that belongs to its review. Settings come from the base, never from the head.
    pub async fn assignment(
        &self,
        github: &GitHub,
        repository: &str,
        pull_request: &PullRequest,
        post: bool,
    ) -> anyhow::Result<Assignment> {
        let fetched = github.change(repository, pull_request, Limits::default());
        let comment = github.find_comment(repository, pull_request.number, MARKER);
        let settings =
            github.content(repository, settings::FILE, &pull_request.base.sha, 64 * 1024);
        // Boxed: every future around this one would grow by it.
        let rules = Box::pin(OwnRules::on_github(github, repository, &pull_request.base.sha));
        let (fetched, comment, settings, rules, recollection) =
            tokio::join!(fetched, comment, settings, rules, self.recall(repository));
        let rules = rules.context("read the repository's rules")?;
        let fetched = fetched.context("read the change")?;
        let body = comment
            .context("look for our earlier comment")?
            .map(|comment| comment.body)
            .unwrap_or_default();
        let (settings, why) = match settings {
            // A file of that size is a mistake, and no reason not to review.
            Err(GitHubError::TooLarge(why)) => (Settings::default(), Some(why)),
            settings => {
                Settings::read(settings.context("read the repository's settings")?.as_deref())
            }
        };
        let mut notes: Vec<String> = why.into_iter().collect();
        if fetched.truncated {
            notes.push("GitHub lists 3,000 files of a pull request at most; what is beyond was not reviewed".into());
        }
        let profiles =
            artifacts(github, repository, &fetched.change.head_sha, &settings, &mut notes).await;
        let change = fetched.change;
        let binding = Binding {
            repository: repository.to_owned(),
            repository_arn: settings::repository_arn(self.association_arn.as_deref(), repository),
            pull_request: Some(pull_request.number),
            branch: pull_request.head.branch.clone(),
            head_sha: change.head_sha.clone(),
            profiling_group: self.profiling_group.clone(),
        };
        let subject = Subject {
            repository: repository.to_owned(),
            pull_request: Some(pull_request.number),
            base_sha: change.base_sha.clone(),
            head_sha: change.head_sha.clone(),
            blob_url: blob_url(pull_request, repository, &change.head_sha),
        };
        Ok(Assignment {
            // A dry run has no tool to post with, so it is not the run that a posting goes on from.
            run_id: run_id(repository, pull_request.number, &change.head_sha)
                + if post { "" } else { " (dry)" },
            binding,
            subject,
            title: pull_request.title.clone(),
            change: Arc::new(change),
            settings,
            rules,
            profiles,
            measured: None,
            previous: Ledger::from_comment(&body).unwrap_or_default(),
            ticked: ledger::ticked(&body),
            recollection,
            notes,
            posting: post.then(|| Posting::to(github.clone())),
        })
    }
}

/// Profiles out of CI artifacts. They are an extra: when they cannot be had, the report says so.
async fn artifacts(
    github: &GitHub,
    repository: &str,
    head_sha: &str,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> Vec<(String, Vec<u8>)> {
    let Some(prefix) = &settings.profile_artifact else { return Vec::new() };
    match github.profile_artifacts(repository, head_sha, prefix, ArtifactCaps::default()).await {
        Ok(files) if files.is_empty() => {
            notes.push(format!("no CI artifact of this commit is named {prefix:?}"));
            files
        }
        Ok(files) => files,
        Err(error) => {
            notes.push(format!("the CI artifact {prefix:?} could not be read: {error}"));
            Vec::new()
        }
    }
}

/// The head's files under the pull request's own host; the base repository shows commits of forks, too.
fn blob_url(pull_request: &PullRequest, repository: &str, head_sha: &str) -> Option<String> {
    let (host, _) = pull_request.url.split_once(&format!("/{repository}/pull"))?;
    host.starts_with("https://").then(|| format!("{host}/{repository}/blob/{head_sha}"))
}
