//! How a job's ending travels from a runtime on AgentCore back to the worker that handed the job over.

use serde::{Deserialize, Serialize};

use crate::review::work::JobEnd;

/// What a runtime answers to a job that a worker hands it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum Answer {
    Done,
    Stopped,
    Retry { reason: String, not_before: i64 },
    Failed { reason: String },
}

impl Answer {
    pub(super) fn of(end: JobEnd) -> Self {
        match end {
            JobEnd::Done => Self::Done,
            JobEnd::Stopped => Self::Stopped,
            JobEnd::Retry { reason, not_before } => {
                Self::Retry { reason, not_before: not_before.0 }
            }
            JobEnd::Failed { reason } => Self::Failed { reason },
        }
    }

    #[cfg(any(feature = "aws", test))]
    pub(super) fn end(self) -> JobEnd {
        match self {
            Self::Done => JobEnd::Done,
            Self::Stopped => JobEnd::Stopped,
            Self::Retry { reason, not_before } => {
                JobEnd::Retry { reason, not_before: contract::Timestamp(not_before) }
            }
            Self::Failed { reason } => JobEnd::Failed { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::*;

    #[test]
    fn an_ending_survives_the_way_through_the_runtime() {
        for end in [
            JobEnd::Done,
            JobEnd::Stopped,
            JobEnd::Retry { reason: "GitHub was down".into(), not_before: Timestamp(42) },
            JobEnd::Failed { reason: "no such repository".into() },
        ] {
            let sent = serde_json::to_string(&Answer::of(end.clone())).unwrap();
            let read: Answer = serde_json::from_str(&sent).unwrap();
            assert_eq!(read.end(), end);
        }
    }
}
