//! What a call says about the health of its model.

use crate::Cause;

/// How a call that was let in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// The service is well, and did not like the call.
    Refused,
    /// The service is well, and has too much to do.
    Throttled,
    /// The service did not answer as it should.
    Failed,
    /// The service does not let us in; the next call fares no better.
    Auth,
    /// Nobody waited for the answer; it says nothing.
    Canceled,
}

impl From<Cause> for Outcome {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Auth => Self::Auth,
            Cause::Throttled => Self::Throttled,
            Cause::Service
            | Cause::Unreachable
            | Cause::Interrupted
            | Cause::Unreadable
            | Cause::Timeout => Self::Failed,
            // None of these comes from the service.
            Cause::Budget
            | Cause::Overloaded
            | Cause::BreakerOpen
            | Cause::UnknownModel
            | Cause::UnknownAgent => Self::Canceled,
            Cause::BadRequest
            | Cause::Sampling
            | Cause::ContextTooLong
            | Cause::NotServed
            | Cause::ContentBlocked
            | Cause::MalformedToolUse => Self::Refused,
        }
    }
}
