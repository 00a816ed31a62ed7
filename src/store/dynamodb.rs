//! The store in one table of DynamoDB, which the queue shares, and a bucket of S3 for what is large.
//!
//! | `pk` | `sk` | what |
//! |---|---|---|
//! | `run#ID` | `run` | a run at its last checkpoint |
//! | `report#ID` | `report` | a report; in the index under `report` until it is posted |
//! | `reports#DAY` | `TIME#ID` | which reports were kept that day |
//! | `audit#ID` | `NUMBER` | one line of the audit trail |
//! | `cache#KEY` | `cache` | a cached value |
//! | `memory#OWNER/NAME` | `key#KEY` | something learned; in the index under its `pk`, by time |
//! | `budget#SCOPE` | `account` | an account of a budget, with its leases |
//! | `booked#BATCH` | `booked` | a batch of settlements that was booked |
//! | `calls#DAY` | `TIME#WRITER#DIGEST` | calls of models that one process wrote down together |
//!
//! Every item has `expires`, by which the table deletes it, and `touched`.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use contract::{Cache, Clock, Timestamp};

use super::bodies::Bodies;
use super::dynamodb_table::Table;
use super::{AuditEntry, KeptReport, Memory, RunRecord, Store, StoreError};
use super::{
    dynamodb_audit as audit, dynamodb_cache as cache, dynamodb_memory as memory,
    dynamodb_prune as prune, dynamodb_reports as reports, dynamodb_runs as runs,
};

/// A push is reviewed at once; after two weeks nobody resumes the run.
pub(super) const RUNS_LAST: Duration = Duration::from_hours(14 * 24);
/// A quarter's costs and savings are added up from its reports, and the audit trail accounts for them.
pub(super) const REPORTS_LAST: Duration = Duration::from_hours(90 * 24);
/// A repository's next pull request may be months away.
pub(super) const MEMORY_LASTS: Duration = Duration::from_hours(400 * 24);

/// Which table and bucket, and who tells the time.
#[derive(Debug, Clone)]
pub struct Settings {
    pub table: String,
    /// Without one, a text has to fit into an item.
    pub bucket: Option<String>,
    /// Says what has expired. The table deletes it only days later.
    pub clock: Clock,
}

/// A `Store` on DynamoDB and S3.
#[derive(Clone)]
pub struct DynamoStore {
    pub(super) table: Table,
    pub(super) bodies: Bodies,
    pub(super) clock: Clock,
}

impl DynamoStore {
    pub fn new(sdk: &SdkConfig, settings: Settings) -> Self {
        Self {
            table: Table::new(sdk, settings.table),
            bodies: Bodies::new(sdk, settings.bucket),
            clock: settings.clock,
        }
    }
}

#[async_trait]
impl Cache for DynamoStore {
    async fn cached(&self, key: &str, now: Timestamp) -> Option<String> {
        let value = cache::read(self, key, now).await;
        value
            .inspect_err(|error| tracing::warn!(key, %error, "the cache could not be read"))
            .ok()
            .flatten()
    }

    async fn keep(&self, key: &str, value: &str, expires: Timestamp) {
        if let Err(error) = cache::write(self, key, value, expires).await {
            tracing::warn!(key, %error, "the cache could not be written");
        }
    }
}

#[async_trait]
impl Store for DynamoStore {
    async fn run(&self, run_id: &str) -> Result<Option<RunRecord>, StoreError> {
        runs::find(self, run_id).await
    }

    async fn checkpoint(
        &self,
        run_id: &str,
        state: &str,
        revision: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        runs::checkpoint(self, run_id, state, revision, now).await
    }

    async fn finish(&self, run_id: &str, now: Timestamp) -> Result<(), StoreError> {
        runs::finish(self, run_id, now).await
    }

    async fn keep_report(&self, report: &KeptReport) -> Result<(), StoreError> {
        reports::keep(self, report).await
    }

    async fn report(&self, run_id: &str) -> Result<Option<KeptReport>, StoreError> {
        reports::find(self, run_id).await
    }

    async fn reports_not_posted(&self) -> Result<Vec<KeptReport>, StoreError> {
        reports::not_posted(self).await
    }

    async fn reports_since(&self, since: Timestamp) -> Result<Vec<KeptReport>, StoreError> {
        reports::since(self, since).await
    }

    async fn audit(
        &self,
        run_id: &str,
        event: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        audit::add(self, run_id, event, detail, now).await
    }

    async fn audit_trail(&self, run_id: &str) -> Result<Vec<AuditEntry>, StoreError> {
        audit::trail(self, run_id).await
    }

    async fn remember(&self, memory: &Memory) -> Result<(), StoreError> {
        memory::remember(self, memory).await
    }

    async fn recall(&self, repository: &str, most: usize) -> Result<Vec<Memory>, StoreError> {
        memory::recall(self, repository, most).await
    }

    /// Reads the whole table. On AWS the service never asks for it: the table deletes what has expired by itself.
    async fn prune(&self, older_than: Timestamp) -> Result<(), StoreError> {
        prune::prune(self, older_than).await
    }
}

/// Tells the item of this write from that of another, when an answer is lost and the SDK repeats a write that was done.
pub(super) fn token() -> String {
    format!("{:016x}", fastrand::u64(..))
}
