//! What outlives the process: runs at their last checkpoint, reports, the audit trail, what was learned, and a cache.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use contract::{Cache, Timestamp};
use model::cost::{CallLog, CallRecord};

mod checkpoint;
pub mod database;
mod schema;
pub mod sqlite;
mod sqlite_calls;
mod sqlite_experience;
mod sqlite_ledger;
mod sqlite_memory;

#[cfg(feature = "aws")]
mod aws_calls;
#[cfg(feature = "aws")]
mod bodies;
#[cfg(feature = "aws")]
mod body;
#[cfg(feature = "aws")]
pub mod dynamodb;
#[cfg(feature = "aws")]
mod dynamodb_account;
#[cfg(feature = "aws")]
mod dynamodb_audit;
#[cfg(feature = "aws")]
mod dynamodb_cache;
#[cfg(feature = "aws")]
mod dynamodb_calls;
#[cfg(feature = "aws")]
mod dynamodb_change;
#[cfg(feature = "aws")]
mod dynamodb_item;
#[cfg(feature = "aws")]
mod dynamodb_ledger;
#[cfg(feature = "aws")]
mod dynamodb_list;
#[cfg(feature = "aws")]
mod dynamodb_memory;
#[cfg(feature = "aws")]
mod dynamodb_prune;
#[cfg(feature = "aws")]
mod dynamodb_reports;
#[cfg(feature = "aws")]
mod dynamodb_runs;
#[cfg(feature = "aws")]
mod dynamodb_table;

#[cfg(test)]
mod calls_contract_tests;
#[cfg(test)]
mod contract_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod dynamodb_ledger_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod dynamodb_tests;
#[cfg(test)]
mod ledger_contract_tests;
#[cfg(test)]
mod ledger_tests;
#[cfg(test)]
#[cfg(feature = "aws")]
mod lost_answers_tests;

pub use database::{Database, DatabaseError, OpenError};
#[cfg(feature = "aws")]
pub use dynamodb::DynamoStore;
#[cfg(feature = "aws")]
pub use dynamodb_calls::DynamoCalls;
#[cfg(feature = "aws")]
pub use dynamodb_ledger::DynamoLedger;
pub use sqlite::SqliteStore;
pub use sqlite_calls::SqliteCalls;
pub use sqlite_experience::SqliteExperience;
pub use sqlite_ledger::SqliteLedger;

/// How much longer memory is kept than the rest: a repository's next pull request may be months away.
pub const MEMORY_OUTLIVES: Duration = Duration::from_hours(386 * 24);

/// How much longer calls of models and budgets are kept than the rest: a quarter's costs are added up from them.
pub const CALLS_OUTLIVE: Duration = Duration::from_hours(76 * 24);

/// Keeps what a review must find again after a crash.
#[async_trait]
pub trait Store: Cache {
    async fn run(&self, run_id: &str) -> Result<Option<RunRecord>, StoreError>;

    /// Keeps `state` as the given revision, if the one kept so far is the revision before it or there is none.
    /// So two workers never go on with one run: the slower of them gets `StoreError::Conflict`.
    async fn checkpoint(
        &self,
        run_id: &str,
        state: &str,
        revision: u64,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Marks a run as finished. It takes no further checkpoint.
    async fn finish(&self, run_id: &str, now: Timestamp) -> Result<(), StoreError>;

    /// Keeps a run's report in place of an earlier one of the same run.
    async fn keep_report(&self, report: &KeptReport) -> Result<(), StoreError>;

    async fn report(&self, run_id: &str) -> Result<Option<KeptReport>, StoreError>;

    /// Reports that GitHub did not take, oldest first; a hundred at most.
    async fn reports_not_posted(&self) -> Result<Vec<KeptReport>, StoreError>;

    /// Reports kept at `since` or later, newest first; a thousand at most.
    async fn reports_since(&self, since: Timestamp) -> Result<Vec<KeptReport>, StoreError>;

    /// Adds one line to the audit trail. Lines are never changed.
    async fn audit(
        &self,
        run_id: &str,
        event: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// A run's audit trail, in the order of its events.
    async fn audit_trail(&self, run_id: &str) -> Result<Vec<AuditEntry>, StoreError>;

    /// Adds what was learned of a repository; the same key again replaces it.
    async fn remember(&self, memory: &Memory) -> Result<(), StoreError>;

    /// What was learned of a repository, newest first, at most so many.
    async fn recall(&self, repository: &str, most: usize) -> Result<Vec<Memory>, StoreError>;

    /// Forgets what was last touched before `older_than`; memory, that much before it ([`MEMORY_OUTLIVES`]).
    async fn prune(&self, older_than: Timestamp) -> Result<(), StoreError>;
}

/// Calls of models, as they were written down.
#[async_trait]
pub trait Calls: CallLog {
    /// Tells `each` of the calls at `since` or later, `most` at most; those of one process in the order of their times.
    /// Returns whether there are more.
    async fn read(
        &self,
        since: Timestamp,
        most: usize,
        each: &mut (dyn FnMut(CallRecord) + Send),
    ) -> Result<bool, StoreError>;
}

/// A run at its last checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    pub run_id: String,
    /// JSON of the agent's run.
    pub state: String,
    pub revision: u64,
    pub finished: bool,
}

/// A report, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReport {
    pub run_id: String,
    /// `owner/name`.
    pub repository: String,
    pub pull_request: u64,
    pub head_sha: String,
    pub markdown: String,
    pub json: String,
    pub posting_failed: bool,
    pub comment_url: Option<String>,
    pub at: Timestamp,
}

/// One line of a run's audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub event: String,
    pub detail: String,
    pub at: Timestamp,
}

/// Something learned of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// `owner/name`.
    pub repository: String,
    /// What it was learned from, such as `pr-42`.
    pub key: String,
    /// Small; JSON.
    pub text: String,
    pub at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another worker has gone on with the run; this one must stop.
    #[error(
        "run {run_id} is not at the revision before {revision}: another worker has gone on with it, or it is finished"
    )]
    Conflict { run_id: String, revision: u64 },
    #[error(transparent)]
    Unavailable(Box<dyn Error + Send + Sync>),
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
