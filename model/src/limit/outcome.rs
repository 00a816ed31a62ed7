//! What a call says about the health of its model.

use std::time::Duration;

use crate::Cause;

/// Answers that are short, and the first piece of a stream, come sooner.
const SPEAKS_WITHIN: Duration = Duration::from_secs(10);

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

impl Outcome {
    /// How a call ended for which nobody waited any longer, after it had not heard from the model for so long.
    ///
    /// It is the model's failure only after half of `patience`, the longest that the gateway itself waits, or after ten
    /// seconds. What ends sooner says how little time the caller had: were it to count, one caller with deadlines of
    /// milliseconds would close a model that is well to all others. The ten seconds are less than what the first of
    /// several models gets of a call with the usual 30 s, so a model that never answers is left alone in the end.
    pub fn of_silence(silence: Duration, patience: Duration) -> Self {
        if silence >= SPEAKS_WITHIN.min(patience / 2) { Self::Failed } else { Self::Canceled }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_failure_after_half_of_the_patience_or_ten_seconds() {
        let of = |millis, patience| {
            Outcome::of_silence(Duration::from_millis(millis), Duration::from_secs(patience))
        };
        assert_eq!([of(50, 60), of(9_999, 60)], [Outcome::Canceled; 2]);
        assert_eq!([of(10_000, 60), of(2_000, 4)], [Outcome::Failed; 2]);
        assert_eq!(of(1_999, 4), Outcome::Canceled);
    }
}
