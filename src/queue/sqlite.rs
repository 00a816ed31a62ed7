//! The queue in an SQLite file.

use std::time::Duration;

use async_trait::async_trait;
use contract::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};
use tokio::sync::Notify;

use super::{Depth, Ending, Enqueued, Leased, MOST_ATTEMPTS, Queue, QueueError, Standing};
use crate::review::job::Job;
use crate::store::{Database, DatabaseError};

/// Rows deleted per command, so that pruning never holds up a delivery for long.
const PRUNED_AT_ONCE: i64 = 500;
/// How soon to look again when the queue could not say when its next job is due.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A `Queue` on the database that the store may share.
pub struct SqliteQueue {
    database: Database,
    /// Something may have become due: a job came in, or one ended that held another back.
    changed: Notify,
}

/// A lease as SQLite counts it.
#[derive(Clone, Copy)]
struct Lease {
    id: i64,
    fence: i64,
}

impl SqliteQueue {
    pub fn new(database: Database) -> Self {
        Self { database, changed: Notify::new() }
    }

    /// Ends all leases: at start-up nobody holds one, provided that this process owns the file.
    pub async fn reclaim(&self, now: Timestamp) -> Result<usize, QueueError> {
        let reclaimed = self
            .database
            .run(move |connection| expire(connection, Timestamp(i64::MAX), now))
            .await?;
        self.changed.notify_one();
        Ok(reclaimed)
    }

    /// Forgets jobs that ended before `older_than`, and with them their deliveries. GitHub redelivers for days, so
    /// keep at least a week.
    pub async fn prune(&self, older_than: Timestamp) -> Result<(), QueueError> {
        let query = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE ended_at < ? LIMIT ?)";
        let prune = move |connection: &Connection| {
            connection.prepare_cached(query)?.execute([older_than.0, PRUNED_AT_ONCE])
        };
        while self.database.run(prune).await? > 0 {}
        Ok(())
    }

    /// When the next job can be taken; `None` where nothing waits or runs.
    async fn next_due(&self) -> Result<Option<Timestamp>, DatabaseError> {
        self.database
            .run(|connection| {
                Ok(connection
                    .prepare_cached(NEXT_DUE)?
                    .query_row([], |row| row.get(0))
                    .optional()?
                    .flatten()
                    .map(Timestamp))
            })
            .await
    }
}

#[async_trait]
impl Queue for SqliteQueue {
    async fn enqueue(&self, job: &Job, now: Timestamp) -> Result<Enqueued, QueueError> {
        let body =
            serde_json::to_string(job).map_err(|error| QueueError::Unavailable(error.into()))?;
        let (delivery, key) = (job.delivery.clone(), job.key());
        let enqueued = self
            .database
            .run(move |connection| insert(connection, &delivery, &key, &body, now))
            .await?;
        if enqueued == Enqueued::Accepted {
            self.changed.notify_one();
        }
        Ok(enqueued)
    }

    async fn take(
        &self,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Leased>, QueueError> {
        let (worker, until) = (worker.to_owned(), now + lease);
        Ok(self.database.run(move |connection| take(connection, &worker, until, now)).await?)
    }

    async fn renew(
        &self,
        leased: &Leased,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Standing, QueueError> {
        let (held, until) = (Lease::of(leased), now + lease);
        Ok(self.database.run(move |connection| renew(connection, held, until)).await?)
    }

    async fn finish(
        &self,
        leased: &Leased,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), QueueError> {
        let held = Lease::of(leased);
        self.database.run(move |connection| end(connection, held, &ending, now)).await?;
        self.changed.notify_one();
        Ok(())
    }

    async fn waiting(&self, now: Timestamp) {
        let changed = self.changed.notified();
        tokio::pin!(changed);
        // Listen first: what comes in while the next due time is looked up must not be missed.
        changed.as_mut().enable();
        match self.next_due().await {
            Ok(None) => changed.await,
            Ok(Some(due)) => drop(tokio::time::timeout(due.since(now), changed).await),
            Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
        }
    }

    async fn depth(&self, _now: Timestamp) -> Result<Depth, QueueError> {
        Ok(self.database.run(depth).await?)
    }
}

impl Lease {
    /// A lease that is not one of this queue's matches no row.
    fn of(leased: &Leased) -> Self {
        Self {
            id: leased.id.parse().unwrap_or(-1),
            fence: i64::try_from(leased.fence).unwrap_or(-1),
        }
    }
}

/// A job is due when its time has come and its pull request has no job running.
const TAKE: &str = "
    UPDATE jobs SET state = 'running', worker = :worker, lease_until = :until, attempt = attempt + 1, fence = fence + 1
    WHERE id = (
        SELECT id FROM jobs AS due WHERE state = 'waiting' AND not_before <= :now
        AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.key = due.key AND other.state = 'running')
        ORDER BY not_before LIMIT 1
    )
    RETURNING id, fence, attempt, body";

const NEXT_DUE: &str = "
    SELECT min(at) FROM (
        SELECT min(lease_until) AS at FROM jobs WHERE state = 'running'
        UNION ALL
        SELECT * FROM (
            SELECT not_before FROM jobs AS due WHERE state = 'waiting'
            AND NOT EXISTS (SELECT 1 FROM jobs AS other WHERE other.key = due.key AND other.state = 'running')
            ORDER BY not_before LIMIT 1
        )
    )";

/// Puts a job back that did not come to an end, unless a newer one waits in its place or it has been tried enough.
const PUT_BACK: &str = "
    WITH back AS (
        SELECT CASE
            WHEN EXISTS (SELECT 1 FROM jobs AS newer WHERE newer.key = jobs.key AND newer.state = 'waiting') THEN 'superseded'
            WHEN attempt - :uncounted >= :most THEN 'failed'
            ELSE 'waiting'
        END AS state FROM jobs WHERE id = :id
    )
    UPDATE jobs SET
        state = back.state, attempt = attempt - :uncounted, not_before = :not_before, reason = :reason,
        worker = NULL, lease_until = NULL, ended_at = CASE back.state WHEN 'waiting' THEN NULL ELSE :now END
    FROM back WHERE id = :id AND fence = :fence AND jobs.state = 'running'";

fn insert(
    connection: &Connection,
    delivery: &str,
    key: &str,
    body: &str,
    now: Timestamp,
) -> rusqlite::Result<Enqueued> {
    let mut known = connection.prepare_cached("SELECT state FROM jobs WHERE delivery = ?")?;
    let known: Option<String> = known.query_row([delivery], |row| row.get(0)).optional()?;
    match known.as_deref() {
        None => {}
        // Somebody has mended what made it fail, and asks GitHub to deliver it again.
        Some("failed") => {
            connection
                .prepare_cached("DELETE FROM jobs WHERE delivery = ?")?
                .execute([delivery])?;
        }
        Some(_) => return Ok(Enqueued::Duplicate),
    }
    let supersede =
        "UPDATE jobs SET state = 'superseded', ended_at = ? WHERE key = ? AND state = 'waiting'";
    connection.prepare_cached(supersede)?.execute(params![now.0, key])?;
    let insert = "INSERT INTO jobs (delivery, key, state, body, enqueued_at, not_before) VALUES (?1, ?2, 'waiting', ?3, ?4, ?4)";
    connection.prepare_cached(insert)?.execute(params![delivery, key, body, now.0])?;
    Ok(Enqueued::Accepted)
}

fn take(
    connection: &Connection,
    worker: &str,
    until: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<Option<Leased>> {
    expire(connection, now, now)?;
    let mut statement = connection.prepare_cached(TAKE)?;
    loop {
        let values = named_params! {":worker": worker, ":until": until.0, ":now": now.0};
        let taken = statement
            .query_row(values, |row| {
                Ok((lease_of(row)?, row.get("attempt")?, row.get::<_, String>("body")?))
            })
            .optional()?;
        let Some((lease, attempt, body)) = taken else { return Ok(None) };
        match serde_json::from_str(&body) {
            Ok(job) => {
                let fence = u64::try_from(lease.fence).unwrap_or_default();
                return Ok(Some(Leased { job, id: lease.id.to_string(), attempt, fence }));
            }
            // As after a return to an older version. The next job is none the worse for it.
            Err(error) => {
                fail(
                    connection,
                    lease,
                    &format!("this version cannot read the job: {error}"),
                    now,
                )?;
            }
        }
    }
}

fn renew(connection: &Connection, lease: Lease, until: Timestamp) -> rusqlite::Result<Standing> {
    let renew = "UPDATE jobs SET lease_until = ? WHERE id = ? AND fence = ? AND state = 'running' RETURNING key";
    let key: Option<String> = connection
        .prepare_cached(renew)?
        .query_row([until.0, lease.id, lease.fence], |row| row.get(0))
        .optional()?;
    let Some(key) = key else { return Ok(Standing::Lost) };
    let superseded = connection
        .prepare_cached("SELECT 1 FROM jobs WHERE key = ? AND state = 'waiting'")?
        .exists([key])?;
    Ok(if superseded { Standing::Superseded } else { Standing::Held })
}

fn end(
    connection: &Connection,
    lease: Lease,
    ending: &Ending,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match ending {
        Ending::Done => {
            let done = "UPDATE jobs SET state = 'done', reason = NULL, ended_at = ? WHERE id = ? AND fence = ? AND state = 'running'";
            connection.prepare_cached(done)?.execute([now.0, lease.id, lease.fence])?;
            Ok(())
        }
        Ending::Failed { reason } => fail(connection, lease, reason, now),
        Ending::Retry { reason, not_before } => {
            put_back(connection, lease, (reason, true), *not_before, now)
        }
        Ending::Released => {
            put_back(connection, lease, ("the worker was stopped", false), now, now)
        }
    }
}

fn fail(
    connection: &Connection,
    lease: Lease,
    reason: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let fail = "UPDATE jobs SET state = 'failed', reason = ?, ended_at = ? WHERE id = ? AND fence = ? AND state = 'running'";
    connection.prepare_cached(fail)?.execute(params![reason, now.0, lease.id, lease.fence])?;
    Ok(())
}

/// Puts back every job whose lease ended by `until`.
fn expire(connection: &Connection, until: Timestamp, now: Timestamp) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(
        "SELECT id, fence FROM jobs WHERE state = 'running' AND lease_until <= ?",
    )?;
    let expired: Vec<Lease> =
        statement.query_map([until.0], lease_of)?.collect::<Result<_, _>>()?;
    for lease in &expired {
        put_back(connection, *lease, ("the worker stopped without an answer", true), now, now)?;
    }
    Ok(expired.len())
}

fn put_back(
    connection: &Connection,
    lease: Lease,
    (reason, counts): (&str, bool),
    not_before: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection.prepare_cached(PUT_BACK)?.execute(named_params! {
        ":id": lease.id, ":fence": lease.fence, ":reason": reason, ":uncounted": !counts, ":most": MOST_ATTEMPTS,
        ":not_before": not_before.0, ":now": now.0,
    })?;
    Ok(())
}

fn depth(connection: &Connection) -> rusqlite::Result<Depth> {
    // The states stand in the text because only so SQLite uses the index of each.
    let count = |query: &str| -> rusqlite::Result<u64> {
        let count: i64 = connection.prepare_cached(query)?.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    };
    Ok(Depth {
        waiting: count("SELECT count(*) FROM jobs WHERE state = 'waiting'")?,
        running: count("SELECT count(*) FROM jobs WHERE state = 'running'")?,
        failed: count("SELECT count(*) FROM jobs WHERE state = 'failed'")?,
    })
}

fn lease_of(row: &Row<'_>) -> rusqlite::Result<Lease> {
    Ok(Lease { id: row.get("id")?, fence: row.get("fence")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::contract_tests::{self, LEASE, job};

    contract_tests::holds_for!(SqliteQueue::new(Database::in_memory().unwrap()));

    fn queue() -> SqliteQueue {
        SqliteQueue::new(Database::in_memory().unwrap())
    }

    #[tokio::test]
    async fn at_start_up_jobs_that_a_crash_left_behind_are_taken_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        let crashed = SqliteQueue::new(Database::open_exclusive(&path).unwrap());
        crashed.enqueue(&job("one", 1), Timestamp(0)).await.unwrap();
        let first = crashed.take("worker", LEASE, Timestamp(0)).await.unwrap().unwrap();
        drop(crashed);

        let restarted = SqliteQueue::new(Database::open_exclusive(&path).unwrap());
        assert_eq!(restarted.reclaim(Timestamp(1)).await.unwrap(), 1);
        let again = restarted.take("worker", LEASE, Timestamp(1)).await.unwrap().unwrap();
        assert_eq!((again.job, again.attempt), (first.job, 2));
        assert!(again.fence > first.fence);
    }

    #[tokio::test]
    async fn a_delivery_is_recognized_until_it_is_pruned() {
        let queue = queue();
        queue.enqueue(&job("one", 1), Timestamp(0)).await.unwrap();
        let leased = queue.take("worker", LEASE, Timestamp(0)).await.unwrap().unwrap();
        queue.prune(Timestamp(i64::MAX)).await.unwrap();
        queue.finish(&leased, Ending::Done, Timestamp(5)).await.unwrap();
        queue.prune(Timestamp(5)).await.unwrap();
        assert_eq!(queue.enqueue(&job("one", 1), Timestamp(6)).await.unwrap(), Enqueued::Duplicate);
        queue.prune(Timestamp(6)).await.unwrap();
        assert_eq!(queue.enqueue(&job("one", 1), Timestamp(7)).await.unwrap(), Enqueued::Accepted);
    }

    #[tokio::test]
    async fn a_job_that_this_version_cannot_read_fails_and_the_next_is_taken() {
        let queue = queue();
        queue.enqueue(&job("one", 1), Timestamp(0)).await.unwrap();
        queue
            .database
            .run(|connection| connection.execute("UPDATE jobs SET body = '{\"v\":9}'", []))
            .await
            .unwrap();
        queue.enqueue(&job("two", 2), Timestamp(1)).await.unwrap();
        let leased = queue.take("worker", LEASE, Timestamp(2)).await.unwrap().unwrap();
        assert_eq!(leased.job.delivery, "two");
        assert_eq!(
            queue.depth(Timestamp(2)).await.unwrap(),
            Depth { waiting: 0, running: 1, failed: 1 }
        );
    }

    #[tokio::test]
    async fn no_query_reads_the_whole_table() {
        let plan = |query: &'static str| {
            move |connection: &Connection| {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
                let values: Vec<Option<i64>> = vec![None; statement.parameter_count()];
                statement
                    .query_map(rusqlite::params_from_iter(values), |row| {
                        row.get::<_, String>("detail")
                    })?
                    .collect::<Result<Vec<_>, _>>()
            }
        };
        for query in [TAKE, NEXT_DUE, PUT_BACK] {
            let steps = queue().database.run(plan(query)).await.unwrap();
            assert!(
                steps.iter().all(|step| !step.starts_with("SCAN jobs") || step.contains("INDEX")),
                "{steps:#?}"
            );
        }
    }
}
