//! Takes the time of a reviewer that is a service: CodeGuru Reviewer.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use contract::{Binding, Change, CodeReview, CodeReviewer, ReviewError};

use crate::telemetry::Session;

/// A reviewer whose time and findings are told to operators.
pub(super) struct Timed {
    pub(super) reviewer: Arc<dyn CodeReviewer>,
    pub(super) session: Session,
}

#[async_trait]
impl CodeReviewer for Timed {
    async fn review(
        &self,
        binding: &Binding,
        change: &Arc<Change>,
    ) -> Result<CodeReview, ReviewError> {
        let asked = Instant::now();
        let review = self.reviewer.review(binding, change).await;
        let count = review.as_ref().ok().map(|review| review.total_recommendations);
        self.session.code_guru_reviewed(count, asked.elapsed());
        review
    }
}
