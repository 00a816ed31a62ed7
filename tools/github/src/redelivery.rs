//! Asking GitHub to send once more what nobody took.

use std::time::Duration;

use contract::Timestamp;
use serde_json::json;

use crate::call::Call;
use crate::{FailedDelivery, GitHub, GitHubError};

/// GitHub asks for a second between writes.
/// <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api>
const PAUSE: Duration = Duration::from_secs(1);

/// How much is asked for again at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedeliveryLimits {
    /// The most redeliveries of one call.
    pub most: usize,
    /// A delivery that failed so often is given up: it would fail forever.
    pub most_attempts: usize,
}

impl Default for RedeliveryLimits {
    fn default() -> Self {
        Self { most: 50, most_attempts: 5 }
    }
}

/// What became of the failed deliveries.
#[derive(Debug, Default)]
pub struct Redelivered {
    pub requested: Vec<FailedDelivery>,
    /// GitHub would not send these again, and says why.
    pub refused: Vec<(FailedDelivery, GitHubError)>,
    /// Failed too often.
    pub given_up: Vec<FailedDelivery>,
    /// Left for the next call.
    pub postponed: usize,
    /// Why the call ended early.
    pub stopped: Option<GitHubError>,
}

impl GitHub {
    /// Asks GitHub to deliver once more what this attempt delivered.
    pub async fn redeliver(&self, id: u64) -> Result<(), GitHubError> {
        let app = self.as_app("a redelivery")?;
        let path = format!("/app/hook/deliveries/{id}/attempts");
        let call = Call::post(path, format!("a redelivery of {id}"), &json!({}));
        app.call(&call).await.map(drop)
    }

    /// Asks for everything that failed once more, within limits.
    pub async fn redeliver_failed(
        &self,
        since: Timestamp,
        limits: RedeliveryLimits,
    ) -> Result<Redelivered, GitHubError> {
        let (given_up, mut open): (Vec<_>, Vec<_>) = self
            .failed_deliveries(since)
            .await?
            .into_iter()
            .partition(|delivery| delivery.attempts >= limits.most_attempts);
        let later = open.split_off(limits.most.min(open.len()));
        let mut result = Redelivered { given_up, postponed: later.len(), ..Redelivered::default() };
        let mut open = open.into_iter();
        while let Some(delivery) = open.next() {
            if !result.requested.is_empty() {
                self.sleep(PAUSE).await;
            }
            match self.redeliver(delivery.id).await {
                Ok(()) => result.requested.push(delivery),
                Err(error @ (GitHubError::Invalid(_) | GitHubError::NotFound(_))) => {
                    result.refused.push((delivery, error));
                }
                Err(error) => {
                    result.postponed += 1 + open.len();
                    result.stopped = Some(error);
                    break;
                }
            }
        }
        Ok(result)
    }
}
