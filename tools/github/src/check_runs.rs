//! The check run of a commit: made once, and brought up to date by whoever made it.
//!
//! GitHub keeps a check run for good and takes a second one of the same name. So ours is looked for first, by its external id
//! and the App that made it, and again before another attempt at a creation of which nobody knows whether it worked.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::Call;
use crate::names::repository_path;
use crate::pull_request::PER_PAGE;
use crate::shorten::shorten;
use crate::{GitHub, GitHubError};

/// The conclusions that we draw, of those that GitHub knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Conclusion {
    Success,
    Failure,
    Neutral,
}

/// A check run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// As branch protection calls it.
    pub name: String,
    pub head_sha: String,
    /// Finds it again: the same for every attempt at the same review.
    pub external_id: String,
    pub conclusion: Conclusion,
    pub title: String,
    /// In GitHub's Markdown; shortened where it is too long for GitHub.
    pub summary: String,
    /// Where there is more to read.
    pub details_url: Option<String>,
    /// Shown at lines of head; only the first 50 are sent, and only with the creation: GitHub adds those of an update to
    /// what is there.
    pub annotations: Vec<Annotation>,
}

/// A word at lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation {
    pub path: String,
    pub start_line: u32,
    pub end_line: u32,
    #[serde(rename = "annotation_level")]
    pub level: AnnotationLevel,
    pub title: String,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationLevel {
    Notice,
    Warning,
}

/// <https://docs.github.com/en/rest/checks/runs#create-a-check-run>
const MOST_ANNOTATIONS: usize = 50;
const LONGEST_SUMMARY: usize = 65_535;
const LONGEST_TITLE: usize = 255;
/// 64 KB are allowed; nobody reads so much beside a line.
const LONGEST_MESSAGE: usize = 2_000;
/// The App under which workflows write, which their token does not tell.
const WORKFLOWS: &str = "github-actions";

#[derive(Deserialize)]
struct Listed {
    check_runs: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    id: u64,
    external_id: Option<String>,
    app: Option<FoundApp>,
}

#[derive(Deserialize)]
struct FoundApp {
    slug: Option<String>,
}

impl GitHub {
    /// Makes the check run, or brings ours up to date, and gives its id; `None` where the credentials may not, which is logged
    /// once for all clones of a client: whoever has not granted `checks: write` waits for no check run.
    pub async fn upsert_check_run(
        &self,
        repository: &str,
        run: &CheckRun,
    ) -> Result<Option<u64>, GitHubError> {
        let Some(slug) = self.app_that_writes().await? else {
            if self.identity.refuses_checks_for_the_first_time() {
                tracing::info!(
                    repository,
                    "no check run: GitHub takes them from Apps and workflows, and not with a user's token"
                );
            }
            return Ok(None);
        };
        match self.try_check_run(repository, run, &slug).await {
            Ok(id) => Ok(Some(id)),
            Err(error @ (GitHubError::Forbidden(_) | GitHubError::NotFound(_))) => {
                if self.identity.refuses_checks_for_the_first_time() {
                    tracing::warn!(repository, %error, "no check run: the App or the workflow lacks `checks: write`; this is said once");
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The App as which we write. GitHub gives check runs to Apps alone, of which a workflow is one, and to no user's token.
    /// <https://docs.github.com/en/rest/checks/runs>
    async fn app_that_writes(&self) -> Result<Option<String>, GitHubError> {
        let login = self.own_login().await?;
        Ok(match login {
            None => Some(WORKFLOWS.to_owned()),
            Some(_) if self.has_token() => None,
            Some(login) => Some(login.trim_end_matches("[bot]").to_owned()),
        })
    }

    async fn try_check_run(
        &self,
        repository: &str,
        run: &CheckRun,
        slug: &str,
    ) -> Result<u64, GitHubError> {
        let mut waits = self.patience.waits.iter();
        loop {
            if let Some(id) = self.our_check_run(repository, run, slug).await? {
                let path = format!("{}/check-runs/{id}", repository_path(repository)?);
                let what = format!("to update the check run {id} of {repository}");
                let call = Call::patch(path, what, &run.body(false));
                return self.json::<Found>(&call).await.map(|found| found.id);
            }
            let path = format!("{}/check-runs", repository_path(repository)?);
            let what = format!("to create a check run in {repository}");
            match self.json::<Found>(&Call::post(path, what, &run.body(true))).await {
                Ok(found) => return Ok(found.id),
                // Whether it is there now is unknown: look again before another one is made.
                Err(error) if error.is_ambiguous() => {
                    let Some(wait) = waits.next() else { return Err(error) };
                    self.sleep(*wait).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The oldest that carries the external id and is by the App that we write as: nobody may update another's.
    async fn our_check_run(
        &self,
        repository: &str,
        run: &CheckRun,
        slug: &str,
    ) -> Result<Option<u64>, GitHubError> {
        let path = format!("{}/commits/{}/check-runs", repository_path(repository)?, run.head_sha);
        let call = Call::get(
            format!("{path}?check_name={}&filter=all&per_page={PER_PAGE}", run.name),
            format!("the check runs of {repository}"),
        );
        let listed: Listed = self.json(&call).await?;
        let ours = |found: &Found| {
            let app = found.app.as_ref().and_then(|app| app.slug.as_deref());
            found.external_id.as_deref() == Some(&run.external_id) && app == Some(slug)
        };
        Ok(listed.check_runs.into_iter().filter(ours).map(|found| found.id).min())
    }
}

impl CheckRun {
    /// What GitHub is sent. An update says nothing of the commit, and has no annotations.
    fn body(&self, is_new: bool) -> Value {
        let mut body = json!({
            "name": self.name,
            "external_id": self.external_id,
            "status": "completed",
            "conclusion": self.conclusion,
            "output": {
                "title": cut(&self.title, LONGEST_TITLE),
                "summary": shorten(&self.summary, LONGEST_SUMMARY),
            },
        });
        if let Some(url) = &self.details_url {
            body["details_url"] = json!(url);
        }
        if is_new {
            body["head_sha"] = json!(self.head_sha);
            let first = self.annotations.iter().take(MOST_ANNOTATIONS);
            let first: Vec<Value> = first.map(|annotation| json!(annotation.fitting())).collect();
            body["output"]["annotations"] = json!(first);
        }
        body
    }
}

impl Annotation {
    fn fitting(&self) -> Self {
        Self {
            title: cut(&self.title, LONGEST_TITLE),
            message: cut(&self.message, LONGEST_MESSAGE),
            end_line: self.end_line.max(self.start_line),
            ..self.clone()
        }
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
