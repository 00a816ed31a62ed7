//! The queue on AWS: a DynamoDB table holds the truth, and SQS only rings.
//!
//! The table is written first and the bell rung after it, so that a crash in between leaves a job without a message at
//! worst. Such a job is found by the redelivery of what was never acknowledged, by pollers, and by `ring_overdue`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use contract::Timestamp;
use futures::stream::{self, StreamExt, TryStreamExt};

pub use super::bell::{Bell, Claim, FAILED};
use super::call::within_deadline;
pub use super::message_lease::MessageLease;
use super::messages::{self, LONGEST_POLL, Messages};
use super::pull::{Failed, PullQueue, Taker};
use super::table::Table;
use super::{Depth, Ending, Enqueued, Leased, Queue, QueueError, Standing};
use crate::review::job::Job;

/// How many of the pull requests in each part of the index are tried before there is nothing to take.
const CANDIDATES: i32 = 10;
/// Pull requests of each part of the index for which a sweep rings: those that are overdue longest. While workers are
/// only late, their bells exist already, and more of them would be work for nothing.
const RUNG_AT_ONCE: i32 = 100;
const RINGS_SIDE_BY_SIDE: usize = 10;
/// How soon to look again when the queue could not say when its next job is due.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A message outlasts the lease, so that the lease is over when it comes back.
pub(super) const AFTER_THE_LEASE: Duration = Duration::from_secs(2);

/// A `Queue` for any number of processes. A clone is the same queue.
#[derive(Clone)]
pub struct SqsQueue {
    pub(super) table: Table,
    pub(super) messages: Messages,
    /// Pull requests that rang in `waiting` and that `take` has not looked at. The index may not have them yet.
    heard: Arc<Mutex<VecDeque<String>>>,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub table: String,
    pub queue_url: String,
    pub dead_letter_queue_url: Option<String>,
}

impl SqsQueue {
    pub fn new(sdk: &SdkConfig, settings: Settings) -> Self {
        let Settings { table, queue_url, dead_letter_queue_url } = settings;
        Self {
            table: Table::new(sdk, table),
            messages: Messages::new(sdk, queue_url, dead_letter_queue_url),
            heard: Arc::default(),
        }
    }

    /// Claims what the message rang for, and hides the message for as long as the lease lasts.
    pub async fn claim(
        &self,
        bell: &Bell,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Claim, QueueError> {
        let taker = Taker { worker, message_id: Some(&bell.message_id), lease };
        within_deadline(async {
            let claim = |pull: &mut PullQueue| pull.claim(bell, taker, now);
            let ((claim, failed), _) = self.table.change(&bell.job.key(), now, claim).await?;
            if let Some(failed) = failed {
                self.messages.bury(&failed).await?;
            }
            if matches!(claim, Claim::Claimed(_)) {
                self.hide_for_lease(&bell.receipt, lease).await;
            }
            Ok(claim)
        })
        .await
    }

    /// The queue as the worker sees it that this message brought: its lease and the message's hiding go together.
    pub fn with_message(&self, receipt: String) -> MessageLease {
        MessageLease::new(self.clone(), receipt)
    }

    /// Keeps the message invisible for as long.
    pub async fn hide(&self, receipt: &str, for_: Duration) -> Result<(), QueueError> {
        self.messages.hide(receipt, for_).await
    }

    /// Rings again for jobs that are overdue by more than `by`; returns how many. For a schedule.
    pub async fn ring_overdue(&self, by: Duration, now: Timestamp) -> Result<u64, QueueError> {
        let overdue = within_deadline(self.table.open(now - by, RUNG_AT_ONCE, now)).await?;
        // Owned: what borrows across these awaits could not be sent to another thread.
        let jobs: Vec<Job> =
            overdue.iter().filter_map(|open| open.pull.open_job().cloned()).collect();
        let rings = stream::iter(jobs).map(|job| {
            let messages = self.messages.clone();
            async move { messages.ring(&job, Duration::ZERO).await }
        });
        let rung = rings.buffer_unordered(RINGS_SIDE_BY_SIDE);
        rung.try_fold(0, async |count, ()| Ok(count + 1)).await
    }

    /// The lease decides who runs the job, so a message that comes back too early is only a nuisance.
    pub(super) async fn hide_for_lease(&self, receipt: &str, lease: Duration) {
        if let Err(error) = self.messages.hide(receipt, lease + AFTER_THE_LEASE).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a message could not be hidden for as long as its job is leased");
        }
    }

    async fn take_of(
        &self,
        key: &str,
        taker: Taker<'_>,
        now: Timestamp,
    ) -> Result<Option<Leased>, QueueError> {
        let ((leased, failed), _) =
            self.table.change(key, now, |pull| pull.take(taker, now)).await?;
        if let Some(failed) = failed
            && let Err(error) = self.messages.bury(&failed).await
        {
            let error = &error as &dyn std::error::Error;
            tracing::error!(delivery = failed.job.delivery, error, "a failure could not be told");
        }
        Ok(leased)
    }

    fn next_heard(&self) -> Option<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Returns when a bell has rung, or a job in the table may have come due.
    async fn wait(&self, now: Timestamp) -> Result<(), QueueError> {
        let due = within_deadline(self.table.next_due(now)).await?;
        let wait = due.map_or(LONGEST_POLL, |due| due.since(now)).min(LONGEST_POLL);
        if wait < Duration::from_secs(1) {
            tokio::time::sleep(wait).await;
            return Ok(());
        }
        // Whole seconds, because a poll that is given up may swallow a message.
        let rung = self.messages.listen(wait).await?;
        let bells: Vec<Bell> = rung.iter().filter_map(messages::read).collect();
        for bell in bells.iter().filter(|bell| bell.redriven) {
            let revive = |pull: &mut PullQueue| pull.revive(bell, now);
            within_deadline(self.table.change(&bell.job.key(), now, revive)).await?;
        }
        let keys = bells.iter().map(|bell| bell.job.key());
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).extend(keys);
        self.messages.delete(&rung).await
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn enqueue(&self, job: &Job, now: Timestamp) -> Result<Enqueued, QueueError> {
        within_deadline(async {
            let enqueue = |pull: &mut PullQueue| pull.enqueue(job, now);
            let (enqueued, pull) = self.table.change(&job.key(), now, enqueue).await?;
            // A duplicate too: the first may have been written by a process that then died.
            if pull.is_open(&job.delivery) {
                let delay = pull.next().map_or(Duration::ZERO, |(_, due)| due.since(now));
                self.messages.ring(job, delay).await?;
            }
            Ok(enqueued)
        })
        .await
    }

    async fn take(
        &self,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Leased>, QueueError> {
        let taker = Taker { worker, message_id: None, lease };
        within_deadline(async {
            while let Some(key) = self.next_heard() {
                if let Some(leased) = self.take_of(&key, taker, now).await? {
                    return Ok(Some(leased));
                }
            }
            for open in self.table.open(now, CANDIDATES, now).await? {
                if let Some(leased) = self.take_of(&open.key, taker, now).await? {
                    return Ok(Some(leased));
                }
            }
            Ok(None)
        })
        .await
    }

    async fn renew(
        &self,
        leased: &Leased,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Standing, QueueError> {
        let renewed = self.table.change(&leased.id, now, |pull| pull.renew(leased, lease, now));
        Ok(within_deadline(renewed).await?.0)
    }

    async fn finish(
        &self,
        leased: &Leased,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), QueueError> {
        within_deadline(async {
            let finish = |pull: &mut PullQueue| pull.finish(leased, &ending, now);
            let ((), pull) = self.table.change(&leased.id, now, finish).await?;
            // What follows depends on what stands there and not on what was changed, so that a second try completes a
            // first that was written and went no further.
            if let Some(reason) = pull.failure_of(leased) {
                let (job, reason) = (leased.job.clone(), reason.to_owned());
                self.messages.bury(&Failed { job, reason }).await?;
            }
            if let Some((job, due)) = pull.next() {
                self.messages.ring(job, due.since(now)).await?;
            }
            Ok(())
        })
        .await
    }

    async fn waiting(&self, now: Timestamp) {
        if let Err(error) = self.wait(now).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the queue cannot be listened to"
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn depth(&self, now: Timestamp) -> Result<Depth, QueueError> {
        within_deadline(self.table.depth(now)).await
    }
}
