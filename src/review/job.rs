//! A job: what is kept of a delivery, small enough for any queue (under 2 KB).

use serde::{Deserialize, Serialize};

use crate::telemetry::About;

/// A pull request to review. The head may have moved by the time a worker takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Version of this format.
    pub v: u32,
    /// GitHub's `X-GitHub-Delivery`; a redelivery repeats it.
    pub delivery: String,
    pub event: String,
    pub action: String,
    pub installation_id: Option<u64>,
    pub owner: String,
    pub repo: String,
    pub repo_id: u64,
    pub pull_request: u64,
    pub base_sha: String,
    pub head_sha: String,
    pub fork: bool,
    pub draft: bool,
    pub sender: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// Names the one run that a head of a pull request gets.
pub fn run_id(repository: &str, pull_request: u64, head_sha: &str) -> String {
    format!("github:{repository}#{pull_request}@{head_sha}")
}

impl Job {
    pub const VERSION: u32 = 1;

    /// `owner/name`
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.repo)
    }

    /// The review that this asks for, unless the head moves before it begins.
    pub fn about(&self) -> About {
        About {
            session_id: run_id(&self.repository(), self.pull_request, &self.head_sha),
            repository: self.repository(),
            pr_number: Some(self.pull_request),
            commit_sha: self.head_sha.clone(),
        }
    }

    /// What a newer push supersedes: jobs of the same pull request. The repository's id survives its renaming.
    pub fn key(&self) -> String {
        format!("{}#{}", self.repo_id, self.pull_request)
    }
}
