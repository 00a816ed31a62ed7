//! The queue, with a message that goes along with the lease: hidden while the lease is renewed, back soon after a worker
//! is killed.

use std::time::Duration;

use async_trait::async_trait;
use contract::Timestamp;

use super::sqs::SqsQueue;
use super::{Depth, Ending, Enqueued, Leased, Queue, QueueError, Standing};
use crate::review::job::Job;

/// For one job. Whoever received the message deletes it once the job has ended.
#[derive(Clone)]
pub struct MessageLease {
    queue: SqsQueue,
    receipt: String,
}

impl MessageLease {
    pub(super) fn new(queue: SqsQueue, receipt: String) -> Self {
        Self { queue, receipt }
    }
}

#[async_trait]
impl Queue for MessageLease {
    async fn enqueue(&self, job: &Job, now: Timestamp) -> Result<Enqueued, QueueError> {
        self.queue.enqueue(job, now).await
    }

    async fn take(
        &self,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Leased>, QueueError> {
        self.queue.take(worker, lease, now).await
    }

    async fn renew(
        &self,
        leased: &Leased,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Standing, QueueError> {
        let standing = self.queue.renew(leased, lease, now).await?;
        if standing != Standing::Lost {
            self.queue.hide_for_lease(&self.receipt, lease).await;
        }
        Ok(standing)
    }

    async fn finish(
        &self,
        leased: &Leased,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), QueueError> {
        self.queue.finish(leased, ending, now).await
    }

    async fn waiting(&self, now: Timestamp) {
        self.queue.waiting(now).await;
    }

    async fn depth(&self, now: Timestamp) -> Result<Depth, QueueError> {
        self.queue.depth(now).await
    }
}
