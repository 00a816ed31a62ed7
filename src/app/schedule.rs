//! What is done by the clock: deliveries that GitHub could not bring are asked for again, and jobs that nobody woke a
//! worker for are rung for.

use std::time::Duration;

use anyhow::bail;
use contract::Timestamp;
use github::{GitHub, GitHubError, RedeliveryLimits};
use serde_json::{Value, json};

use crate::queue::sqs::SqsQueue;

/// GitHub redelivers what is no older.
/// <https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks>
const REDELIVERED_FOR: Duration = Duration::from_hours(3 * 24);

/// Does both, whatever becomes of the other, and says what was done.
pub(super) async fn tick(
    github: &GitHub,
    queue: &SqsQueue,
    overdue_by: Duration,
    now: Timestamp,
) -> anyhow::Result<Value> {
    let (redelivered, rung) =
        tokio::join!(redeliver(github, now), queue.ring_overdue(overdue_by, now));
    match (redelivered, rung) {
        (Ok(deliveries), Ok(rung)) => Ok(json!({"deliveries": deliveries, "rung": rung})),
        (Ok(_), Err(queue)) => bail!("overdue jobs could not be rung for: {queue}"),
        (Err(github), Ok(_)) => bail!("failed deliveries could not be asked for again: {github}"),
        (Err(github), Err(queue)) => bail!(
            "neither failed deliveries ({github}) nor overdue jobs ({queue}) could be seen to"
        ),
    }
}

async fn redeliver(github: &GitHub, now: Timestamp) -> Result<Value, GitHubError> {
    let since = now - REDELIVERED_FOR;
    let result = match github.redeliver_failed(since, RedeliveryLimits::default()).await {
        Ok(result) => result,
        // Only an App has a list of its deliveries; with a token there is nothing to be done.
        Err(GitHubError::NeedsApp(why)) => return Ok(json!({"skipped": why})),
        Err(error) => return Err(error),
    };
    for delivery in &result.given_up {
        tracing::error!(
            delivery = delivery.guid,
            "a delivery failed too often and is not asked for again"
        );
    }
    if let Some(error) = result.stopped {
        return Err(error);
    }
    Ok(json!({
        "requested": result.requested.len(),
        "refused": result.refused.len(),
        "given_up": result.given_up.len(),
        "postponed": result.postponed,
    }))
}
