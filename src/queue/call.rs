//! A call of AWS: how long it may take, and what is said when it fails.

use std::fmt::Debug;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::QueueError;

/// GitHub hangs up on a webhook after ten seconds, so what it waits for must be over before.
const DEADLINE: Duration = Duration::from_secs(8);
const ATTEMPT: Duration = Duration::from_secs(2);
const CONNECT: Duration = Duration::from_secs(1);
/// Both services answer in milliseconds, and a throttled call is over in less than a second.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MOST_CALLS: u32 = 5;

pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(DEADLINE)
        .build()
}

pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(MOST_CALLS).with_initial_backoff(FIRST_BACKOFF)
}

/// Several calls that together make one operation of the queue.
pub(super) async fn within_deadline<T>(
    operation: impl Future<Output = Result<T, QueueError>>,
) -> Result<T, QueueError> {
    let over = |_| QueueError::Unavailable(format!("no answer within {DEADLINE:?}").into());
    tokio::time::timeout(DEADLINE, operation).await.map_err(over)?
}

/// The error of a call, with the permission that it needs: `dynamodb:PutItem` on a table, say.
pub(super) fn failed<E, R>(action: &str, resource: &str, error: SdkError<E, R>) -> QueueError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    let denied = error.code().is_some_and(|code| code.contains("AccessDenied"));
    let hint = if denied { ": the role needs this permission" } else { "" };
    let context = format!("{action} on {resource}{hint}");
    QueueError::Unavailable(anyhow::Error::new(error).context(context).into())
}
