//! Posting: the one comment of a pull request, made of a run as it stands.

use std::sync::{Arc, Mutex, PoisonError};

use contract::Timestamp;
use futures::FutureExt;
use github::{GitHub, GitHubError, KeptReport, PostGitHubComment};

use super::{Assignment, Meter, Reviewed, Reviewer};
use crate::agent::View;
use crate::report::{Report, markdown::MARKER};
use crate::store;

/// Where the report goes.
#[derive(Clone)]
pub struct Posting {
    pub github: GitHub,
    /// When GitHub takes requests again, where it said so as it refused the report.
    refused_until: Arc<Mutex<Option<Timestamp>>>,
}

impl Posting {
    pub fn to(github: GitHub) -> Self {
        Self { github, refused_until: Arc::default() }
    }

    pub(super) fn refused_until(&self) -> Option<Timestamp> {
        *self.refused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_refusal(&self, error: &GitHubError) {
        if let GitHubError::RateLimited { retry_at } = error {
            *self.refused_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(*retry_at);
        }
    }
}

impl Reviewer {
    /// `post_github_comment` for this assignment. The model's words pass the gate, and the report around them is ours.
    pub(super) fn posting_tool(
        &self,
        posting: &Posting,
        assignment: &Arc<Assignment>,
        view: &View,
        meter: Meter,
    ) -> PostGitHubComment {
        let compose = {
            let (reviewer, assignment, view) = (self.clone(), assignment.clone(), view.clone());
            move |words: &str| {
                reviewer
                    .report_so_far(&assignment, &view, words, meter)
                    .map_or_else(String::new, |report| report.to_comment())
            }
        };
        let keep = {
            let (reviewer, assignment, view) = (self.clone(), assignment.clone(), view.clone());
            let posting = posting.clone();
            move |kept: KeptReport| {
                posting.note_refusal(&kept.error);
                let (reviewer, assignment, view) =
                    (reviewer.clone(), assignment.clone(), view.clone());
                async move { reviewer.keep_unposted(&assignment, &view, kept, meter).await }.boxed()
            }
        };
        PostGitHubComment {
            binding: assignment.binding.clone(),
            github: posting.github.clone(),
            marker: MARKER.to_owned(),
            compose: Arc::new(compose),
            keep: Some(Arc::new(keep)),
            one_comment: true,
        }
    }

    fn report_so_far(
        &self,
        assignment: &Assignment,
        view: &View,
        words: &str,
        meter: Meter,
    ) -> Option<Report> {
        Some(self.report(assignment, &view.get()?, words, meter))
    }

    async fn keep_unposted(
        &self,
        assignment: &Assignment,
        view: &View,
        kept: KeptReport,
        meter: Meter,
    ) {
        tracing::error!(repository = assignment.binding.repository, pull_request = assignment.binding.pull_request, error = %kept.error, "the report could not be posted and is kept");
        let json = self
            .report_so_far(assignment, view, "", meter)
            .and_then(|report| serde_json::to_string(&report).ok());
        let record = store::KeptReport {
            run_id: assignment.run_id.clone(),
            repository: assignment.binding.repository.clone(),
            pull_request: assignment.binding.pull_request.unwrap_or_default(),
            head_sha: assignment.binding.head_sha.clone(),
            markdown: kept.body,
            json: json.unwrap_or_default(),
            posting_failed: true,
            comment_url: None,
            at: (self.clock)(),
        };
        if let Err(error) = self.store.keep_report(&record).await {
            tracing::error!(%error, "the report could not be kept either");
        }
    }

    /// Keeps a report that was posted.
    pub(super) async fn keep_posted(
        &self,
        run_id: &str,
        reviewed: &Reviewed,
        comment_url: &str,
    ) -> Result<(), store::StoreError> {
        let subject = &reviewed.report.subject;
        let posted = store::KeptReport {
            run_id: run_id.to_owned(),
            repository: subject.repository.clone(),
            pull_request: subject.pull_request.unwrap_or_default(),
            head_sha: subject.head_sha.clone(),
            markdown: reviewed.report.to_markdown(),
            json: serde_json::to_string(&reviewed.report).unwrap_or_default(),
            posting_failed: false,
            comment_url: Some(comment_url.to_owned()),
            at: (self.clock)(),
        };
        self.store.keep_report(&posted).await
    }
}
