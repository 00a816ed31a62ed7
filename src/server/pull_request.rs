//! What is taken from a `pull_request` payload, and the job that it makes.

use serde::Deserialize;

use super::rejection::Rejection;
use crate::review::job::Job;

/// Actions after which there is something new to review.
const ACTIONS: [&str; 4] = ["opened", "synchronize", "reopened", "ready_for_review"];
/// GitHub allows 39 characters for an owner and 100 for a repository.
const LONGEST_NAME: usize = 100;

/// The few fields of some hundred that a job needs.
#[derive(Debug, Deserialize)]
pub(super) struct Payload {
    action: String,
    pull_request: PullRequest,
    repository: Repository,
    installation: Option<Installation>,
    sender: Account,
}

#[derive(Debug, Deserialize)]
struct PullRequest {
    number: u64,
    #[serde(default)]
    draft: bool,
    base: Commit,
    head: Commit,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
    /// Null where a fork has been deleted.
    repo: Option<HeadRepository>,
}

#[derive(Debug, Deserialize)]
struct HeadRepository {
    id: u64,
}

#[derive(Debug, Deserialize)]
struct Repository {
    id: u64,
    name: String,
    owner: Account,
}

#[derive(Debug, Deserialize)]
struct Account {
    login: String,
}

#[derive(Debug, Deserialize)]
struct Installation {
    id: u64,
}

impl Payload {
    pub(super) fn is_reviewed(&self) -> bool {
        ACTIONS.contains(&self.action.as_str())
    }

    /// The job of a delivery. Its values go into paths, requests and logs, so none of them may be more than a name.
    pub(super) fn into_job(
        self,
        delivery: &str,
        traceparent: Option<String>,
    ) -> Result<Job, Rejection> {
        let PullRequest { number, draft, base, head } = self.pull_request;
        Ok(Job {
            v: Job::VERSION,
            delivery: delivery.to_owned(),
            event: "pull_request".to_owned(),
            action: self.action,
            installation_id: self.installation.map(|installation| installation.id),
            fork: head.repo.is_none_or(|repo| repo.id != self.repository.id),
            owner: name("repository.owner.login", self.repository.owner.login)?,
            repo: name("repository.name", self.repository.name)?,
            repo_id: self.repository.id,
            pull_request: number,
            base_sha: sha("pull_request.base.sha", base.sha)?,
            head_sha: sha("pull_request.head.sha", head.sha)?,
            draft,
            sender: self.sender.login.chars().take(LONGEST_NAME).collect(),
            traceparent,
        })
    }
}

/// Whether a text can be an owner or a repository, as part of a path and of a URL.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(allowed)
        && text != "."
        && text != ".."
}

fn name(field: &str, text: String) -> Result<String, Rejection> {
    if is_name(&text) {
        Ok(text)
    } else {
        Err(Rejection::Malformed(format!("{field} is not a name")))
    }
}

fn sha(field: &str, text: String) -> Result<String, Rejection> {
    // 64 in repositories that use SHA-256.
    let is_sha = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_sha { Ok(text) } else { Err(Rejection::Malformed(format!("{field} is not a commit"))) }
}
