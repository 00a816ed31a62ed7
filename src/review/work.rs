//! One job from the queue to its comment.

use std::time::{Duration, Instant};

use contract::Timestamp;
use github::{GitHub, GitHubError};
use tracing::{Instrument, Span};

use super::job::Job;
use super::{Reviewed, Reviewer};
use crate::agent::{OnStep, Outcome, Stop};
use crate::telemetry::{ErrorType, spans};

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// The comment is up to date, or there is nothing to comment on.
    Done,
    /// Told to stop; whoever told it knows why.
    Stopped,
    Retry {
        reason: String,
        not_before: Timestamp,
    },
    /// Trying again cannot help; the reason is kept where an operator sees it.
    Failed {
        reason: String,
    },
}

/// The first wait before another attempt; it doubles with each.
const BACKOFF: Duration = Duration::from_secs(15);
/// All of GitHub's calls in one attempt end by then.
const GITHUB_DEADLINE: Duration = Duration::from_mins(10);

impl Reviewer {
    /// Reviews the pull request as it stands now, whichever head the job was made for.
    pub async fn work(
        &self,
        github: &GitHub,
        job: &Job,
        attempt: u32,
        stop: Stop,
        on_step: OnStep,
    ) -> JobEnd {
        let span = spans::session(&job.about(), &job.delivery, job.traceparent.as_deref());
        let reviewer = Self { recorder: self.recorder.for_request(&job.delivery), ..self.clone() };
        async {
            let begun = Instant::now();
            match reviewer.try_job(github, job, attempt, stop, on_step).await {
                Ok(end) => end,
                Err(error) => {
                    Span::current().record("otel.status_code", "ERROR");
                    let (end, why) = reviewer.end_of(&error, attempt);
                    let session = reviewer.recorder.session(job.about());
                    session.failed(why, &format!("{error:#}"), begun.elapsed()).await;
                    end
                }
            }
        }
        .instrument(span)
        .await
    }

    async fn try_job(
        &self,
        github: &GitHub,
        job: &Job,
        attempt: u32,
        stop: Stop,
        on_step: OnStep,
    ) -> anyhow::Result<JobEnd> {
        let repository = job.repository();
        let github = github
            .for_installation(job.installation_id, &repository)
            .await?
            .until((self.clock)() + GITHUB_DEADLINE);
        let pull_request = github.pull_request(&repository, job.pull_request).await?;
        if pull_request.state == "closed" {
            tracing::info!(
                repository,
                pull_request = job.pull_request,
                "the pull request is closed; nothing to do"
            );
            return Ok(JobEnd::Done);
        }
        let assignment = self.assignment(&github, &repository, &pull_request, true);
        let assignment = Box::pin(assignment).await?;
        spans::session_is(&Span::current(), &assignment.about());
        let run_id = assignment.run_id.clone();
        if self.store.run(&run_id).await?.is_some_and(|record| record.finished) {
            tracing::info!(run_id, "this head is reviewed already");
            return Ok(JobEnd::Done);
        }
        let reviewed = self.review(assignment, stop, on_step).await?;
        tracing::info!(run_id, repository, outcome = ?reviewed.outcome, findings = reviewed.report.findings.len(), "reviewed");
        self.end(&run_id, reviewed, attempt).await
    }

    async fn end(&self, run_id: &str, reviewed: Reviewed, attempt: u32) -> anyhow::Result<JobEnd> {
        let now = (self.clock)();
        match reviewed.outcome {
            Outcome::Stopped => Ok(JobEnd::Stopped),
            Outcome::NotPosted => Ok(JobEnd::Retry {
                reason: "the report could not be posted; it is kept".into(),
                not_before: reviewed.refused_until.unwrap_or(now).max(now + backoff(attempt)),
            }),
            Outcome::Finished => {
                let Some(url) = reviewed.comment_url() else {
                    return Ok(JobEnd::Failed { reason: "the run ended without a comment".into() });
                };
                self.keep_posted(run_id, &reviewed, url).await?;
                self.learn(&reviewed.report).await;
                self.store.finish(run_id, now).await?;
                Ok(JobEnd::Done)
            }
        }
    }

    /// What can be mended by waiting is tried again; what cannot is said.
    fn end_of(&self, error: &anyhow::Error, attempt: u32) -> (JobEnd, ErrorType) {
        let reason = format!("{error:#}");
        let now = (self.clock)();
        match error.chain().find_map(|cause| cause.downcast_ref::<GitHubError>()) {
            Some(GitHubError::RateLimited { retry_at }) => {
                let not_before = (*retry_at).max(now + BACKOFF);
                (JobEnd::Retry { reason, not_before }, ErrorType::RateLimited)
            }
            Some(
                GitHubError::NotFound(_)
                | GitHubError::Unauthorized
                | GitHubError::Forbidden(_)
                | GitHubError::Invalid(_),
            ) => {
                tracing::error!(reason, "the review failed");
                (JobEnd::Failed { reason }, ErrorType::Refused)
            }
            _ => {
                tracing::warn!(reason, attempt, "the review is tried again");
                let not_before = now + backoff(attempt);
                (JobEnd::Retry { reason, not_before }, ErrorType::Unavailable)
            }
        }
    }
}

/// 15 s, 30 s, 1 min and so on.
fn backoff(attempt: u32) -> Duration {
    BACKOFF * 2_u32.saturating_pow(attempt.saturating_sub(1).min(6))
}

impl Reviewed {
    /// Where the comment is, once it was posted.
    pub fn comment_url(&self) -> Option<&str> {
        Some(self.run.posted()?["comment_url"].as_str().unwrap_or_default())
    }
}
