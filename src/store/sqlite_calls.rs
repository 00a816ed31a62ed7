//! The calls of models, in the SQLite file.

use std::sync::Arc;

use async_trait::async_trait;
use contract::Timestamp;
use model::budget::Nanodollars;
use model::cost::{CallLog, CallRecord, LogError, Prefix};
use model::{ErrorKind, Usage};
use rusqlite::{Connection, Row, Statement, params};

use super::{Calls, Database, StoreError};

/// Calls read at once.
const PAGE: i64 = 10_000;

/// `Calls` in the database that the store may share.
#[derive(Clone)]
pub struct SqliteCalls {
    database: Database,
}

/// After which call to go on.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: i64,
    id: i64,
}

impl SqliteCalls {
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Calls for SqliteCalls {
    async fn read(
        &self,
        since: Timestamp,
        most: usize,
        each: &mut (dyn FnMut(CallRecord) + Send),
    ) -> Result<bool, StoreError> {
        let mut place = Place { at: since.0, id: -1 };
        let mut left = most;
        loop {
            let page = self.database.run(move |connection| page(connection, place)).await?;
            let Some((last, _)) = page.last() else { return Ok(false) };
            place = *last;
            for (_, call) in page {
                if left == 0 {
                    return Ok(true);
                }
                left -= 1;
                each(call);
            }
        }
    }
}

#[async_trait]
impl CallLog for SqliteCalls {
    async fn append(&self, calls: Arc<[CallRecord]>) -> Result<(), LogError> {
        let written = self.database.run(move |connection| {
            let mut statement = connection.prepare_cached(INSERT)?;
            calls.iter().try_for_each(|call| insert(&mut statement, call))
        });
        written.await.map_err(|error| LogError(Box::new(error)))
    }
}

const INSERT: &str = "
    INSERT INTO model_calls
    (at, agent, task, model, driver, input_tokens, output_tokens, cache_read_tokens,
     cache_write_tokens, nanodollars, latency_ms, error, estimated, prefix_hash, prefix_tokens)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

fn insert(statement: &mut Statement<'_>, call: &CallRecord) -> rusqlite::Result<()> {
    let Usage { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } = call.usage;
    statement.execute(params![
        call.at.0,
        call.agent,
        call.task,
        call.model,
        call.driver,
        signed(input_tokens),
        signed(output_tokens),
        signed(cache_read_tokens),
        signed(cache_write_tokens),
        call.cost.map(|cost| signed(cost.0)),
        signed(call.latency_ms),
        call.error.map(ErrorKind::as_str),
        call.estimated,
        call.prefix.map(|prefix| prefix.hash.cast_signed()),
        call.prefix.map(|prefix| signed(prefix.tokens)),
    ])?;
    Ok(())
}

fn page(connection: &Connection, after: Place) -> rusqlite::Result<Vec<(Place, CallRecord)>> {
    let query = "
        SELECT * FROM model_calls WHERE (at, id) > (?, ?) ORDER BY at, id LIMIT ?";
    let mut statement = connection.prepare_cached(query)?;
    statement.query_map(params![after.at, after.id, PAGE], call_of)?.collect()
}

fn call_of(row: &Row<'_>) -> rusqlite::Result<(Place, CallRecord)> {
    let place = Place { at: row.get("at")?, id: row.get("id")? };
    let count = |column: &str| row.get(column).map(unsigned);
    let hash: Option<i64> = row.get("prefix_hash")?;
    let tokens: Option<i64> = row.get("prefix_tokens")?;
    let error: Option<String> = row.get("error")?;
    let call = CallRecord {
        at: Timestamp(place.at),
        agent: row.get("agent")?,
        task: row.get("task")?,
        model: row.get("model")?,
        driver: row.get("driver")?,
        usage: Usage {
            input_tokens: count("input_tokens")?,
            output_tokens: count("output_tokens")?,
            cache_read_tokens: count("cache_read_tokens")?,
            cache_write_tokens: count("cache_write_tokens")?,
        },
        cost: row.get::<_, Option<i64>>("nanodollars")?.map(|cost| Nanodollars(unsigned(cost))),
        latency_ms: count("latency_ms")?,
        error: error.as_deref().map(ErrorKind::written),
        estimated: row.get("estimated")?,
        prefix: hash
            .zip(tokens)
            .map(|(hash, tokens)| Prefix { hash: hash.cast_unsigned(), tokens: unsigned(tokens) }),
    };
    Ok((place, call))
}

/// SQLite knows signed integers only. No count of ours comes near the limit.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::calls_contract_tests::{self, call, read};
    use super::super::{CALLS_OUTLIVE, SqliteStore, Store};
    use super::*;

    calls_contract_tests::holds_for!(SqliteCalls::new(Database::in_memory().unwrap()));

    #[tokio::test]
    async fn calls_of_one_moment_are_read_once_each_page_after_page() {
        let calls = SqliteCalls::new(Database::in_memory().unwrap());
        let batch: Arc<[_]> = (0..PAGE + 5).map(|_| call(1)).collect();
        calls.append(batch.clone()).await.unwrap();
        assert_eq!(read(&calls, 0, usize::MAX).await.0.len(), batch.len());
    }

    #[tokio::test]
    async fn calls_outlive_runs_and_are_forgotten_in_the_end() {
        let database = Database::in_memory().unwrap();
        let (calls, store) = (SqliteCalls::new(database.clone()), SqliteStore::new(database));
        calls.append([call(1000)].into()).await.unwrap();
        let forgotten = Timestamp(1000) + CALLS_OUTLIVE + Duration::from_millis(1);
        store.prune(Timestamp(forgotten.0 - 1)).await.unwrap();
        assert_eq!(read(&calls, 0, 10).await.0.len(), 1);
        store.prune(forgotten).await.unwrap();
        assert_eq!(read(&calls, 0, 10).await.0.len(), 0);
    }
}
