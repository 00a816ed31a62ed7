//! Messages of the queue: each rings for a job, and is answered for itself.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use contract::Timestamp;
use futures::FutureExt;
use futures::future::join_all;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::CLOCK;
use super::deadline::Deadline;
use super::models::Models;
use super::spending::while_kept;
use super::worker::{Worker, handler};
use crate::queue::sqs::{Bell, Claim, FAILED, SqsQueue};
use crate::queue::{Leased, Queue, see_through};

/// Takes the jobs that messages ring for.
pub(super) struct Crew {
    pub(super) worker: Arc<Worker>,
    pub(super) queue: Arc<SqsQueue>,
    pub(super) models: Option<Models>,
}

/// SQS hides no message for longer than 12 hours, counted from when it was received.
const LONGEST_HIDING: Duration = Duration::from_hours(11);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The queue may forget it.
    Done,
    /// It is to come back then.
    Again(Timestamp),
    /// It comes back when its time in hiding is over, and ends among the dead letters if that helps nothing.
    Failed,
}

impl Crew {
    /// Sees to all, and what models cost is settled before the answer: once it is given, Lambda freezes this process, and
    /// what that still held of a budget would be kept from the others until its lease ends.
    pub(super) async fn answer(
        &self,
        event: SqsEvent,
        name: &str,
        deadline: Deadline,
    ) -> SqsBatchResponse {
        let answer = self.see_to_all(event, name, deadline);
        let Some(models) = &self.models else { return answer.await };
        let keep = async |told| {
            let kept = timeout(deadline.leave.since(CLOCK()), models.keep(told)).await;
            if kept.is_err() {
                tracing::warn!(
                    "the ledger of budgets did not answer before the end; the next invocation tells it"
                );
            }
        };
        while_kept(answer, keep).await
    }

    /// Sees all to their ends, side by side, and names those that are to come back.
    async fn see_to_all(
        &self,
        event: SqsEvent,
        name: &str,
        deadline: Deadline,
    ) -> SqsBatchResponse {
        let messages =
            event.records.into_iter().map(|message| self.see_to(message, name, deadline));
        let failed = join_all(messages).await.into_iter().flatten();
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failed
            .map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            })
            .collect();
        response
    }

    /// The message's id if it is to come back.
    async fn see_to(&self, message: SqsMessage, name: &str, deadline: Deadline) -> Option<String> {
        let id = message.message_id.clone().unwrap_or_default();
        let receipt = message.receipt_handle.clone().unwrap_or_default();
        let fate = self.fate_of(message, name, deadline).boxed();
        // Whatever hangs: the others of the batch want their answers kept.
        let fate = timeout(deadline.answer.since(CLOCK()), fate);
        match fate.await.unwrap_or(Fate::Failed) {
            Fate::Done => return None,
            Fate::Again(at) => self.hide(&receipt, at).await,
            Fate::Failed => {}
        }
        Some(id)
    }

    async fn fate_of(&self, message: SqsMessage, name: &str, deadline: Deadline) -> Fate {
        let Some(bell) = bell(&message) else {
            tracing::error!(message_id = message.message_id, "a message holds no job");
            return Fate::Failed;
        };
        let claim = self.queue.claim(&bell, name, self.worker.lease, CLOCK()).boxed();
        match claim.await {
            Ok(Claim::Claimed(leased)) => self.run(leased, bell.receipt, deadline).await,
            Ok(Claim::Nothing) => Fate::Done,
            Ok(Claim::NotBefore(at)) => Fate::Again(at),
            Err(error) => {
                tracing::error!(
                    delivery = bell.job.delivery,
                    error = &error as &dyn std::error::Error,
                    "a job could not be claimed"
                );
                Fate::Failed
            }
        }
    }

    async fn run(&self, leased: Leased, receipt: String, deadline: Deadline) -> Fate {
        let queue: Arc<dyn Queue> = Arc::new(self.queue.with_message(receipt));
        let (abandon, abandoned) = watch::channel(None);
        let handler = handler(self.worker.clone(), queue.clone(), Some(deadline));
        let work = see_through(queue, leased, self.worker.lease, CLOCK, abandoned, &handler);
        tokio::pin!(work);
        let ended = tokio::select! {
            ended = &mut work => ended,
            () = sleep(deadline.abandon.since(CLOCK())) => {
                abandon.send_replace(Some(super::worker::out_of_time()));
                work.await
            }
        };
        match ended {
            // A job that is to run again has another message by now.
            Some(_) => Fate::Done,
            // Another worker has it, or the table could not be told: whoever comes next finds out.
            None => Fate::Again(CLOCK() + self.worker.lease),
        }
    }

    /// What cannot be hidden comes back at the queue's own time.
    async fn hide(&self, receipt: &str, until: Timestamp) {
        let now = CLOCK();
        let wait = until.since(now).min(LONGEST_HIDING);
        if let Err(error) = self.queue.hide(receipt, wait).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a message could not be hidden"
            );
        }
    }
}

fn bell(message: &SqsMessage) -> Option<Bell> {
    let failed = message.message_attributes.get(FAILED);
    Bell::read(
        message.message_id.as_ref()?,
        message.receipt_handle.as_ref()?,
        message.body.as_ref()?,
        failed.and_then(|failed| failed.string_value.as_deref()),
    )
}
