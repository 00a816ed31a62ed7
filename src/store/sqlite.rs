//! The store in an SQLite file.

use std::path::Path;

use async_trait::async_trait;
use contract::{Cache, Timestamp};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::{
    AuditEntry, CALLS_OUTLIVE, Database, DatabaseError, KeptReport, MEMORY_OUTLIVES, Memory,
    OpenError, RunRecord, Store, StoreError, sqlite_memory,
};

/// Rows deleted per command, so that pruning never holds up a delivery for long.
const PRUNED_AT_ONCE: i64 = 500;
const PRUNES: [&str; 4] = [
    "DELETE FROM runs WHERE run_id IN (SELECT run_id FROM runs WHERE updated_at < ? LIMIT ?)",
    "DELETE FROM reports WHERE run_id IN (SELECT run_id FROM reports WHERE at < ? LIMIT ?)",
    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? LIMIT ?)",
    "DELETE FROM cache WHERE key IN (SELECT key FROM cache WHERE expires < ? LIMIT ?)",
];
const PRUNE_MEMORY: &str =
    "DELETE FROM memory WHERE rowid IN (SELECT rowid FROM memory WHERE at < ? LIMIT ?)";

/// A lease that is not renewed for months has long expired.
const PRUNES_OF_CALLS: [&str; 3] = [
    "DELETE FROM model_calls WHERE id IN (SELECT id FROM model_calls WHERE at < ? LIMIT ?)",
    "DELETE FROM budget_leases WHERE rowid IN (SELECT rowid FROM budget_leases WHERE expires_at < ? LIMIT ?)",
    "DELETE FROM budget_accounts WHERE rowid IN (SELECT rowid FROM budget_accounts WHERE touched_at < ? LIMIT ?)",
];

/// A `Store` on the database that the queue may share.
#[derive(Clone)]
pub struct SqliteStore {
    database: Database,
}

impl SqliteStore {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// A store in a file that other processes may use too.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self::new(Database::open(path)?))
    }

    pub fn in_memory() -> Result<Self, OpenError> {
        Ok(Self::new(Database::in_memory()?))
    }

    async fn reports(
        &self,
        query: &'static str,
        parameters: impl Params + Send + 'static,
    ) -> Result<Vec<KeptReport>, StoreError> {
        let reports = self.database.run(move |connection| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_map(parameters, report_of)?.collect()
        });
        Ok(reports.await?)
    }

    async fn read_cache(
        &self,
        key: String,
        now: Timestamp,
    ) -> Result<Option<String>, DatabaseError> {
        let query = "SELECT value FROM cache WHERE key = ? AND expires > ?";
        self.database
            .run(move |connection| {
                connection
                    .prepare_cached(query)?
                    .query_row(params![key, now.0], |row| row.get(0))
                    .optional()
            })
            .await
    }
}

#[async_trait]
impl Cache for SqliteStore {
    async fn cached(&self, key: &str, now: Timestamp) -> Option<String> {
        let value = self.read_cache(key.to_owned(), now).await;
        value
            .inspect_err(|error| tracing::warn!(key, %error, "the cache could not be read"))
            .ok()
            .flatten()
    }

    async fn keep(&self, key: &str, value: &str, expires: Timestamp) {
        let row = (key.to_owned(), value.to_owned(), expires.0);
        let query = "INSERT OR REPLACE INTO cache (key, value, expires) VALUES (?, ?, ?)";
        if let Err(error) = self
            .database
            .run(move |connection| connection.prepare_cached(query)?.execute(row))
            .await
        {
            tracing::warn!(key, %error, "the cache could not be written");
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn run(&self, run_id: &str) -> Result<Option<RunRecord>, StoreError> {
        let run_id = run_id.to_owned();
        let query = "SELECT run_id, state, revision, finished FROM runs WHERE run_id = ?";
        Ok(self
            .database
            .run(move |connection| {
                connection.prepare_cached(query)?.query_row([run_id], run_of).optional()
            })
            .await?)
    }

    async fn checkpoint(
        &self,
        run_id: &str,
        state: &str,
        revision: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = (run_id.to_owned(), state.to_owned(), signed(revision), now.0);
        let kept = self.database.run(move |connection| checkpoint(connection, row)).await?;
        if !kept {
            return Err(StoreError::Conflict { run_id: run_id.to_owned(), revision });
        }
        Ok(())
    }

    async fn finish(&self, run_id: &str, now: Timestamp) -> Result<(), StoreError> {
        let run_id = run_id.to_owned();
        let query = "UPDATE runs SET finished = 1, updated_at = ? WHERE run_id = ?";
        self.database
            .run(move |connection| {
                connection.prepare_cached(query)?.execute(params![now.0, run_id])
            })
            .await?;
        Ok(())
    }

    async fn keep_report(&self, report: &KeptReport) -> Result<(), StoreError> {
        let report = report.clone();
        self.database.run(move |connection| keep_report(connection, &report)).await?;
        Ok(())
    }

    async fn report(&self, run_id: &str) -> Result<Option<KeptReport>, StoreError> {
        let found =
            self.reports("SELECT * FROM reports WHERE run_id = ?", [run_id.to_owned()]).await?;
        Ok(found.into_iter().next())
    }

    async fn reports_not_posted(&self) -> Result<Vec<KeptReport>, StoreError> {
        self.reports("SELECT * FROM reports WHERE posting_failed = 1 ORDER BY at LIMIT 100", [])
            .await
    }

    async fn reports_since(&self, since: Timestamp) -> Result<Vec<KeptReport>, StoreError> {
        self.reports("SELECT * FROM reports WHERE at >= ? ORDER BY at DESC LIMIT 1000", [since.0])
            .await
    }

    async fn audit(
        &self,
        run_id: &str,
        event: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = (run_id.to_owned(), event.to_owned(), detail.to_owned(), now.0);
        let query = "INSERT INTO audit (run_id, event, detail, at) VALUES (?, ?, ?, ?)";
        self.database.run(move |connection| connection.prepare_cached(query)?.execute(row)).await?;
        Ok(())
    }

    async fn audit_trail(&self, run_id: &str) -> Result<Vec<AuditEntry>, StoreError> {
        let run_id = run_id.to_owned();
        let trail = self.database.run(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT event, detail, at FROM audit WHERE run_id = ? ORDER BY id",
            )?;
            statement.query_map([run_id], audit_entry_of)?.collect()
        });
        Ok(trail.await?)
    }

    async fn remember(&self, memory: &Memory) -> Result<(), StoreError> {
        Ok(sqlite_memory::remember(&self.database, memory).await?)
    }

    async fn recall(&self, repository: &str, most: usize) -> Result<Vec<Memory>, StoreError> {
        Ok(sqlite_memory::recall(&self.database, repository, most).await?)
    }

    async fn prune(&self, older_than: Timestamp) -> Result<(), StoreError> {
        let memory = (PRUNE_MEMORY, older_than - MEMORY_OUTLIVES);
        let calls = PRUNES_OF_CALLS.map(|query| (query, older_than - CALLS_OUTLIVE));
        let prunes = PRUNES.map(|query| (query, older_than)).into_iter();
        for (query, older_than) in prunes.chain(calls).chain([memory]) {
            let prune = move |connection: &Connection| {
                connection.prepare_cached(query)?.execute([older_than.0, PRUNED_AT_ONCE])
            };
            while self.database.run(prune).await? > 0 {}
        }
        Ok(())
    }
}

/// Whether the checkpoint followed the one before it.
fn checkpoint(connection: &Connection, row: (String, String, i64, i64)) -> rusqlite::Result<bool> {
    let query = "
        INSERT INTO runs (run_id, state, revision, updated_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (run_id) DO UPDATE
        SET state = excluded.state, revision = excluded.revision, updated_at = excluded.updated_at
        WHERE revision = excluded.revision - 1 AND finished = 0";
    Ok(connection.prepare_cached(query)?.execute(row)? == 1)
}

fn keep_report(connection: &Connection, report: &KeptReport) -> rusqlite::Result<usize> {
    let query = "
        INSERT OR REPLACE INTO reports
        (run_id, repository, pull_request, head_sha, markdown, json, posting_failed, comment_url, at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.prepare_cached(query)?.execute(params![
        report.run_id,
        report.repository,
        signed(report.pull_request),
        report.head_sha,
        report.markdown,
        report.json,
        report.posting_failed,
        report.comment_url,
        report.at.0,
    ])
}

fn run_of(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        run_id: row.get("run_id")?,
        state: row.get("state")?,
        revision: unsigned(row, "revision")?,
        finished: row.get("finished")?,
    })
}

fn report_of(row: &Row<'_>) -> rusqlite::Result<KeptReport> {
    Ok(KeptReport {
        run_id: row.get("run_id")?,
        repository: row.get("repository")?,
        pull_request: unsigned(row, "pull_request")?,
        head_sha: row.get("head_sha")?,
        markdown: row.get("markdown")?,
        json: row.get("json")?,
        posting_failed: row.get("posting_failed")?,
        comment_url: row.get("comment_url")?,
        at: Timestamp(row.get("at")?),
    })
}

fn audit_entry_of(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        event: row.get("event")?,
        detail: row.get("detail")?,
        at: Timestamp(row.get("at")?),
    })
}

/// SQLite knows signed integers only. No counter of ours comes near the limit.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract_tests;

    contract_tests::holds_for!(SqliteStore::in_memory().unwrap());

    #[tokio::test]
    async fn the_audit_trail_cannot_be_rewritten() {
        let store = SqliteStore::in_memory().unwrap();
        store.audit("run-1", "started", "", Timestamp(1)).await.unwrap();
        let rewrite = store
            .database
            .run(|connection| connection.execute("UPDATE audit SET event = 'x'", []))
            .await;
        assert!(rewrite.unwrap_err().to_string().contains("append-only"));
    }

    #[tokio::test]
    async fn recent_reports_are_not_listed_without_end() {
        let store = SqliteStore::in_memory().unwrap();
        for at in 1..=1001 {
            store.keep_report(&contract_tests::report(&format!("run-{at}"), at)).await.unwrap();
        }
        let listed = store.reports_since(Timestamp(0)).await.unwrap();
        let times: Vec<_> = listed.iter().map(|report| report.at.0).collect();
        assert_eq!(times, (2..=1001).rev().collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn pruning_goes_on_past_one_command() {
        let store = SqliteStore::in_memory().unwrap();
        for index in 0..=PRUNED_AT_ONCE {
            store.keep(&index.to_string(), "value", Timestamp(1)).await;
        }
        store.prune(Timestamp(2)).await.unwrap();
        let left: i64 = store
            .database
            .run(|connection| {
                connection.query_row("SELECT count(*) FROM cache", [], |row| row.get(0))
            })
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
