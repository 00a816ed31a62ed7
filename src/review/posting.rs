//! Posting: the one comment of a pull request, made of a run as it stands.

use std::sync::{Arc, Mutex, PoisonError};

use contract::Timestamp;
use futures::FutureExt;
use github::{GitHub, GitHubError, KeptReport, PostGitHubComment};

use super::{Assignment, Meter, Reviewed, Reviewer};
use crate::agent::View;
use crate::report::{Report, Subject, markdown::MARKER};
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
            still_ours: None,
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
        let record = self.record(
            &assignment.run_id,
            &assignment.subject,
            kept.body,
            json.unwrap_or_default(),
            None,
        );
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
        let report = &reviewed.report;
        let json = serde_json::to_string(report).unwrap_or_default();
        let posted =
            self.record(run_id, &report.subject, report.to_markdown(), json, Some(comment_url));
        self.store.keep_report(&posted).await
    }

    /// A report without a comment's address is one that was not posted.
    fn record(
        &self,
        run_id: &str,
        subject: &Subject,
        markdown: String,
        json: String,
        comment_url: Option<&str>,
    ) -> store::KeptReport {
        store::KeptReport {
            run_id: run_id.to_owned(),
            repository: subject.repository.clone(),
            pull_request: subject.pull_request.unwrap_or_default(),
            head_sha: subject.head_sha.clone(),
            markdown,
            json,
            posting_failed: comment_url.is_none(),
            comment_url: comment_url.map(ToOwned::to_owned),
            at: (self.clock)(),
        }
    }
}
