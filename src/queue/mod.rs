//! Hands accepted jobs to whoever runs them, and loses none.
//!
//! A job is leased, not given away: a worker that stops answering loses its lease, and the job is taken again. Of
//! each pull request at most one job runs at a time, and a newer one supersedes those before it.

use std::time::Duration;

use async_trait::async_trait;
use contract::Timestamp;

use crate::review::job::Job;
use crate::store::DatabaseError;

pub mod attempt;
pub mod sqlite;
#[cfg(feature = "aws")]
pub mod sqs;
pub mod worker;

#[cfg(feature = "aws")]
mod bell;
#[cfg(feature = "aws")]
mod call;
#[cfg(feature = "aws")]
mod item;
#[cfg(feature = "aws")]
mod message_lease;
#[cfg(feature = "aws")]
mod messages;
#[cfg(feature = "aws")]
mod pull;
#[cfg(feature = "aws")]
mod table;

#[cfg(test)]
mod contract_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod pull_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod sqs_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod table_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod testing;

pub use attempt::{Handler, see_through};
pub use sqlite::SqliteQueue;
#[cfg(feature = "aws")]
pub use sqs::SqsQueue;
pub use worker::Workers;

/// How often a job is tried before it counts as failed. A crash counts as a try.
pub const MOST_ATTEMPTS: u32 = 5;

#[async_trait]
pub trait Queue: Send + Sync {
    /// Takes a job in. It is durable when this returns `Ok`.
    async fn enqueue(&self, job: &Job, now: Timestamp) -> Result<Enqueued, QueueError>;

    /// Leases the job that is due longest, if one is due whose pull request has no job running.
    ///
    /// A caller that drops this future may leave a lease behind that nobody holds until it expires.
    async fn take(
        &self,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Leased>, QueueError>;

    /// Prolongs a lease, and tells whether the work is still wanted.
    async fn renew(
        &self,
        leased: &Leased,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Standing, QueueError>;

    /// Ends a lease. Where another worker has taken the job meanwhile, this changes nothing.
    async fn finish(
        &self,
        leased: &Leased,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), QueueError>;

    /// Returns when there may be something to take.
    async fn waiting(&self, now: Timestamp);

    async fn depth(&self, now: Timestamp) -> Result<Depth, QueueError>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    Accepted,
    /// The delivery is known, and has not failed.
    Duplicate,
}

/// A job, for as long as the lease lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    pub job: Job,
    /// The queue's own name for the job.
    pub id: String,
    /// Counted from 1.
    pub attempt: u32,
    /// Grows with every lease of the job, which tells an old holder from the new one.
    pub fence: u64,
}

/// What a lease is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Held,
    /// Still held, but a newer job of the same pull request waits.
    Superseded,
    /// Expired, and taken by another worker or given up.
    Lost,
}

/// How a lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// Becomes `Failed` at the last attempt, and superseded where a newer job waits.
    Retry {
        reason: String,
        not_before: Timestamp,
    },
    Failed {
        reason: String,
    },
    /// The worker stops; the attempt does not count.
    Released,
}

/// How many jobs stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depth {
    pub waiting: u64,
    pub running: u64,
    pub failed: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    #[error("the queue is not to be had")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Leased {
    /// Whether a retry after this attempt would be a failure.
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= MOST_ATTEMPTS
    }
}

impl From<DatabaseError> for QueueError {
    fn from(error: DatabaseError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
