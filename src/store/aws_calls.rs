//! How DynamoDB and S3 are called: within which time, how often, and what a call that failed means.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::StoreError;

const CONNECT: Duration = Duration::from_secs(2);
/// All attempts of one call with the pauses between them.
pub(super) const OPERATION: Duration = Duration::from_secs(20);
/// DynamoDB splits a busy partition while it refuses calls, so two repetitions are too few.
const ATTEMPTS: u32 = 5;

/// Kept is what was asked for, but not as it should be, or it cannot be kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("{action} on {resource}: {problem}")]
    Call { action: &'static str, resource: String, problem: String },
    #[error(
        "the item {item} has no `{attribute}` that this version can read; run the version that wrote it, or delete the item"
    )]
    Shape { item: String, attribute: String },
    #[error("the object {object} is not what was kept there: its SHA-256 is {found}, not {kept}")]
    Corrupt { object: String, found: String, kept: String },
    #[error(
        "the object {object} is gone, although an item still points to it; let the bucket's lifecycle keep it longer"
    )]
    Gone { object: String },
    #[error(
        "{bytes} bytes are too many for an item of DynamoDB; set ECO_CODER_BUCKET to the name of a bucket"
    )]
    NoBucket { bytes: usize },
    #[error("a text of {bytes} bytes is larger than any that is kept")]
    TooLarge { bytes: usize },
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Unavailable(Box::new(fault))
    }
}

pub(super) fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(OPERATION)
        .build()
}

pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

/// Says what a person can do about it. `action` is IAM's name of the call, `resource` an ARN.
pub(super) fn failed<E, R>(
    action: &'static str,
    resource: impl Into<String>,
    error: &SdkError<E, R>,
) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let problem = match error {
        SdkError::ServiceError(service) => of_service(service.err()),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        other => DisplayErrorContext(other).to_string(),
    };
    Fault::Call { action, resource: resource.into(), problem }
}

fn of_service(error: &impl ProvideErrorMetadata) -> String {
    let code = error.code().unwrap_or("an error without a name");
    let said = error.message().map(|message| format!(" ({message})")).unwrap_or_default();
    match code {
        "AccessDeniedException" | "AccessDenied" => {
            format!("denied; allow it in the policy of the role{said}")
        }
        "ResourceNotFoundException" | "NoSuchBucket" => {
            format!("it does not exist in this region and account; make it, or name another{said}")
        }
        code => format!("{code}{said}"),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::put_item::PutItemError;

    use super::*;

    fn told(code: &str, message: &str) -> String {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let error = SdkError::service_error(PutItemError::generic(metadata), ());
        let table = "arn:aws:dynamodb:us-east-1:*:table/eco-coder";
        StoreError::from(failed("dynamodb:PutItem", table, &error)).to_string()
    }

    #[test]
    fn a_missing_permission_is_named_with_its_resource() {
        insta::assert_snapshot!(told("AccessDeniedException", "User: x is not authorized"), @"dynamodb:PutItem on arn:aws:dynamodb:us-east-1:*:table/eco-coder: denied; allow it in the policy of the role (User: x is not authorized)");
        insta::assert_snapshot!(told("ResourceNotFoundException", "Requested resource not found"), @"dynamodb:PutItem on arn:aws:dynamodb:us-east-1:*:table/eco-coder: it does not exist in this region and account; make it, or name another (Requested resource not found)");
        insta::assert_snapshot!(told("ThrottlingException", "Rate exceeded"), @"dynamodb:PutItem on arn:aws:dynamodb:us-east-1:*:table/eco-coder: ThrottlingException (Rate exceeded)");
    }
}
