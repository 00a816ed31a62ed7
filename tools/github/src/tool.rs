//! `post_github_comment`: posts the report of a run, or says why it could not.

use std::sync::Arc;

use async_trait::async_trait;
use contract::{Binding, Tool, ToolError, ToolSpec, parse_input, schema_of};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{GitHub, GitHubError, Posted, StillOurs};

const NAME: &str = "post_github_comment";
const DESCRIPTION: &str = "Posts the report as the one comment of this run's pull request, or updates it. Call it once, last.";

/// Makes the whole comment of the model's words.
pub type Compose = Arc<dyn Fn(&str) -> String + Send + Sync>;
/// Takes a report that could not be posted.
pub type Keep = Arc<dyn Fn(KeptReport) -> BoxFuture<'static, ()> + Send + Sync>;

/// A report that could not be posted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReport {
    pub body: String,
    pub error: GitHubError,
}

/// The tool, bound to one pull request.
pub struct PostGitHubComment {
    pub binding: Binding,
    pub github: GitHub,
    /// The hidden text that finds the comment again: `<!-- eco-coder:v1 -->`.
    pub marker: String,
    pub compose: Compose,
    pub keep: Option<Keep>,
    /// Keep to one comment whatever the model asks: a pull request's text may have talked it into more.
    pub one_comment: bool,
    /// Asked before each attempt at a write; a no ends the run, and nothing is written.
    pub still_ours: Option<StillOurs>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// `owner/name` of the repository.
    repository_full_name: String,
    pull_request_number: u64,
    /// The report in GitHub's Markdown.
    report_markdown: String,
    /// Update the existing comment rather than write another one.
    #[serde(default = "yes")]
    update_existing: bool,
}

fn yes() -> bool {
    true
}

#[async_trait]
impl Tool for PostGitHubComment {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME.to_owned(),
            description: DESCRIPTION.to_owned(),
            input_schema: schema_of::<Input>(),
        }
    }

    async fn call(&self, input: Value) -> Result<Value, ToolError> {
        let input: Input = parse_input(input)?;
        let number = self.check(&input)?;
        let body = (self.compose)(&input.report_markdown);
        let posted = self
            .writer()
            .upsert_comment(
                &self.binding.repository,
                number,
                &self.marker,
                &body,
                input.update_existing || self.one_comment,
            )
            .await;
        match posted {
            Ok(posted) => Ok(success(&posted)),
            // Whoever has the review now posts it, and keeps it where that fails.
            Err(GitHubError::NotOurs) => Err(ToolError::EndRun(GitHubError::NotOurs.into())),
            Err(error) => Ok(self.failure(body, error).await),
        }
    }
}

impl PostGitHubComment {
    fn writer(&self) -> GitHub {
        match &self.still_ours {
            Some(still_ours) => self.github.while_ours(still_ours.clone()),
            None => self.github.clone(),
        }
    }

    /// The number is the run's own; the model's must agree with it.
    fn check(&self, input: &Input) -> Result<u64, ToolError> {
        Binding::check(
            "repository_full_name",
            &input.repository_full_name,
            &self.binding.repository,
        )?;
        let Some(number) = self.binding.pull_request else {
            return Err(ToolError::tell("this run has no pull request to comment on"));
        };
        Binding::check(
            "pull_request_number",
            &input.pull_request_number.to_string(),
            &number.to_string(),
        )?;
        if input.report_markdown.trim().is_empty() {
            return Err(ToolError::tell("`report_markdown` is empty"));
        }
        Ok(number)
    }

    /// The report is safe before the model hears of the failure.
    async fn failure(&self, body: String, error: GitHubError) -> Value {
        tracing::warn!(repository = self.binding.repository, %error, "the report could not be posted");
        let error_message = error.to_string();
        if let Some(keep) = &self.keep {
            keep(KeptReport { body, error }).await;
        }
        json!({"status": "failure", "comment_id": null, "comment_url": null, "error_message": error_message})
    }
}

fn success(posted: &Posted) -> Value {
    json!({"status": "success", "comment_id": posted.id, "comment_url": posted.url, "error_message": null})
}
