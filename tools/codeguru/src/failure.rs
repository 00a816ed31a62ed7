//! What a refused or failed call to AWS means for the caller.

use aws_sdk_codegurureviewer::error::{ProvideErrorMetadata, SdkError};

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Throttled,
    /// A failure of the service or of the network; the same call may succeed later.
    Transient,
    Denied,
    NotFound,
    Conflict,
    /// The request itself is at fault.
    Refused,
}

impl Failure {
    pub(crate) fn timed_out(operation: &str) -> Self {
        Self { kind: Kind::Transient, message: format!("{operation} did not answer in time") }
    }

    pub(crate) fn of<E: ProvideErrorMetadata>(operation: &str, error: &SdkError<E>) -> Self {
        let SdkError::ServiceError(answered) = error else {
            return Self {
                kind: unanswered(error),
                message: format!("{operation}: {}", chain(error)),
            };
        };
        let status = answered.raw().status().as_u16();
        let code = answered.err().code().unwrap_or("no error code");
        let message = answered.err().message().unwrap_or("no message");
        Self {
            kind: by_code(code, status),
            message: format!("{operation}: HTTP {status}, {code}: {message}"),
        }
    }

    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.kind, Kind::Throttled | Kind::Transient)
    }
}

fn by_code(code: &str, status: u16) -> Kind {
    match (code, status) {
        ("ThrottlingException" | "TooManyRequestsException", _) | (_, 429) => Kind::Throttled,
        ("ConflictException", _) => Kind::Conflict,
        ("ResourceNotFoundException" | "NotFoundException", _) => Kind::NotFound,
        (_, 401 | 403) => Kind::Denied,
        (_, 500..) => Kind::Transient,
        _ => Kind::Refused,
    }
}

fn unanswered<E>(error: &SdkError<E>) -> Kind {
    match error {
        SdkError::ConstructionFailure(_) => Kind::Refused,
        // Without credentials no attempt leaves the machine.
        SdkError::DispatchFailure(failure) if failure.is_user() || names_credentials(error) => {
            Kind::Denied
        }
        _ => Kind::Transient,
    }
}

fn names_credentials<E>(error: &SdkError<E>) -> bool {
    chain(error).to_lowercase().contains("credential")
}

/// The error and what lies behind it, on one line. An `SdkError` alone says only "dispatch failure".
fn chain<E>(error: &SdkError<E>) -> String {
    let mut text = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "the service could not be reached".to_owned(),
        _ => "the answer could not be read".to_owned(),
    };
    let mut cause = source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn source<E>(error: &SdkError<E>) -> Option<&(dyn std::error::Error + 'static)> {
    match error {
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().and_then(std::error::Error::source)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_throttling_and_failures_of_the_service_may_pass() {
        let verdicts = [
            ("ThrottlingException", 429, Kind::Throttled),
            ("ThrottlingException", 400, Kind::Throttled),
            ("InternalServerException", 500, Kind::Transient),
            ("unknown error", 503, Kind::Transient),
            ("AccessDeniedException", 403, Kind::Denied),
            ("UnrecognizedClientException", 403, Kind::Denied),
            ("ResourceNotFoundException", 404, Kind::NotFound),
            ("ConflictException", 409, Kind::Conflict),
            ("ValidationException", 400, Kind::Refused),
        ];
        for (code, status, kind) in verdicts {
            assert_eq!(by_code(code, status), kind, "{code} {status}");
        }
    }
}
