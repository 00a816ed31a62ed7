//! A message that rings for a pull request, and what a worker finds behind it.

use contract::Timestamp;

use super::Leased;
use crate::review::job::Job;

/// Says only that there may be something to do: what is to be done stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bell {
    pub message_id: String,
    pub receipt: String,
    pub job: Job,
    /// Redriven from the dead-letter queue: the job may run again although it had failed.
    pub redriven: bool,
}

/// The attribute of messages in the dead-letter queue, which they keep when somebody moves them back. It holds a `1`.
pub const FAILED: &str = "failed";

impl Bell {
    /// Of a message as it was received; `failed` is the value of the attribute [`FAILED`]. `None` where it holds no job.
    pub fn read(message_id: &str, receipt: &str, body: &str, failed: Option<&str>) -> Option<Self> {
        Some(Self {
            message_id: message_id.to_owned(),
            receipt: receipt.to_owned(),
            job: serde_json::from_str(body).ok()?,
            redriven: failed == Some("1"),
        })
    }
}

/// What a bell rang for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one for each message, and taken apart at once")]
pub enum Claim {
    Claimed(Leased),
    /// The message can go: its job has ended, or another message stands for what is left to do.
    Nothing,
    /// The message must stay, hidden until then.
    NotBefore(Timestamp),
}
