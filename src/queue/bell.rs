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
