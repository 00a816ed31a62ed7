//! One attempt at a job: keeps its lease alive while it runs, and sees it to an ending.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Timestamp};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{Ending, Leased, Queue, Standing};

/// Runs one job to its ending. The receiver tells when the job is superseded or lost; the handler decides where it
/// stops then.
pub type Handler =
    Arc<dyn Fn(Leased, watch::Receiver<Standing>) -> BoxFuture<'static, Ending> + Send + Sync>;

/// How long to leave a queue alone that has just failed.
pub(super) const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);
/// How often the ending of a job is offered to a queue that fails. After that the lease runs out, and the job is
/// taken again.
const TRIES_TO_FINISH: u32 = 5;
/// The first wait after a panic; it doubles with each attempt.
pub(super) const BACKOFF: Duration = Duration::from_secs(5);

/// Runs a leased job, and returns the ending that the queue has kept: `None` where the lease was lost or the queue
/// could not be reached, so that the job is somebody else's or will be taken again.
///
/// `abandon` stops the job: its value becomes the ending.
pub async fn see_through(
    queue: Arc<dyn Queue>,
    leased: Leased,
    lease: Duration,
    clock: Clock,
    abandon: watch::Receiver<Option<Ending>>,
    handler: &Handler,
) -> Option<Ending> {
    let attempt = Attempt { queue, leased, lease, clock };
    let (tell, told) = watch::channel(Standing::Held);
    let (job, handler) = (attempt.leased.clone(), Arc::clone(handler));
    // A task of its own: a panic in there ends as an error here.
    let work = tokio::spawn(async move { handler(job, told).await });
    let ending = attempt.ending_of(work, abandon, &tell).await?;
    attempt.finish(&ending).await.then_some(ending)
}

struct Attempt {
    queue: Arc<dyn Queue>,
    leased: Leased,
    lease: Duration,
    clock: Clock,
}

impl Attempt {
    /// Renews the lease until the work ends, is abandoned, or belongs to somebody else.
    async fn ending_of(
        &self,
        mut work: JoinHandle<Ending>,
        mut abandon: watch::Receiver<Option<Ending>>,
        tell: &watch::Sender<Standing>,
    ) -> Option<Ending> {
        let mut heartbeat = interval(self.lease / 3);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await; // the first tick is immediate
        let mut held_until = (self.clock)() + self.lease;
        let ending = loop {
            tokio::select! {
                ended = &mut work => return Some(self.ending_from(ended)),
                ending = abandoned(&mut abandon) => break Some(ending),
                _ = heartbeat.tick() => {}
            }
            let standing = self.renew(&mut held_until).await;
            tell.send_if_modified(|told| std::mem::replace(told, standing) != standing);
            if standing == Standing::Lost {
                // It is told, and may stop at a place of its own; but soon.
                drop(timeout(self.lease / 3, &mut work).await);
                break None;
            }
        };
        work.abort();
        // Ended only when it has really stopped, or two would run at once. What was seen to stop may not be asked again.
        if !work.is_finished() {
            drop(work.await);
        }
        if ending.is_none() {
            // A queue that was only out of reach takes it back without counting the attempt.
            self.finish(&Ending::Released).await;
        }
        ending
    }

    /// A queue that fails for longer than the lease has lost it for us.
    async fn renew(&self, held_until: &mut Timestamp) -> Standing {
        let now = (self.clock)();
        match self.queue.renew(&self.leased, self.lease, now).await {
            Ok(standing) => {
                *held_until = now + self.lease;
                standing
            }
            Err(_) if now < *held_until => Standing::Held,
            Err(error) => {
                tracing::error!(
                    delivery = self.leased.job.delivery,
                    error = &error as &dyn std::error::Error,
                    "the lease could not be renewed"
                );
                Standing::Lost
            }
        }
    }

    fn ending_from(&self, ended: Result<Ending, JoinError>) -> Ending {
        ended.unwrap_or_else(|error| {
            let reason = panic_message(error);
            tracing::error!(delivery = self.leased.job.delivery, reason, "the review panicked");
            let doublings = self.leased.attempt.saturating_sub(1);
            let wait = BACKOFF * 2_u32.saturating_pow(doublings).min(64);
            Ending::Retry {
                reason: format!("the review panicked: {reason}"),
                not_before: (self.clock)() + wait,
            }
        })
    }

    /// Whether the queue has kept it.
    async fn finish(&self, ending: &Ending) -> bool {
        for _ in 0..TRIES_TO_FINISH {
            let kept = self.queue.finish(&self.leased, ending.clone(), (self.clock)()).await;
            let Err(error) = kept else { return true };
            tracing::error!(
                delivery = self.leased.job.delivery,
                error = &error as &dyn std::error::Error,
                "the ending of a job could not be kept"
            );
            sleep(PAUSE_AFTER_ERROR).await;
        }
        false
    }
}

/// The ending that is to be recorded, as soon as somebody wants it so.
async fn abandoned(abandon: &mut watch::Receiver<Option<Ending>>) -> Ending {
    if let Ok(ending) = abandon.wait_for(Option::is_some).await
        && let Some(ending) = ending.clone()
    {
        return ending;
    }
    // Nobody is left who could.
    std::future::pending().await
}

fn panic_message(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "it was cancelled".to_owned() };
    text_of(panic.as_ref()).unwrap_or("no message").to_owned()
}

fn text_of(panic: &(dyn Any + Send)) -> Option<&str> {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::SqliteQueue;
    use crate::queue::contract_tests::{LEASE, job};
    use crate::store::Database;

    async fn leased() -> (Arc<SqliteQueue>, Leased) {
        let queue = SqliteQueue::new(Database::in_memory().unwrap());
        let now = Timestamp::now();
        queue.enqueue(&job("one", 1), now).await.unwrap();
        let leased = queue.take("worker", LEASE, now).await.unwrap().unwrap();
        (Arc::new(queue), leased)
    }

    /// Sees a job through that never ends by itself.
    async fn endless(
        queue: &Arc<SqliteQueue>,
        leased: Leased,
        lease: Duration,
        abandon: Option<Ending>,
    ) -> Option<Ending> {
        let handler: Handler = Arc::new(|_, _| Box::pin(std::future::pending()));
        let abandon = watch::Sender::new(abandon);
        see_through(queue.clone(), leased, lease, Timestamp::now, abandon.subscribe(), &handler)
            .await
    }

    #[tokio::test]
    async fn an_abandoned_job_ends_as_the_caller_says() {
        let (queue, leased) = leased().await;
        let retry = Ending::Retry { reason: "the time is up".into(), not_before: Timestamp::now() };
        let ending = endless(&queue, leased, LEASE, Some(retry.clone())).await;
        assert_eq!(ending, Some(retry));
        let again = queue.take("worker", LEASE, Timestamp::now()).await.unwrap().unwrap();
        assert_eq!(again.attempt, 2, "it counts");
    }

    #[tokio::test]
    async fn a_job_that_stops_once_its_lease_is_lost_has_no_ending_either() {
        let (queue, leased) = leased().await;
        queue.reclaim(Timestamp::now()).await.unwrap();
        queue.take("another", LEASE, Timestamp::now()).await.unwrap().unwrap();
        let stops: Handler = Arc::new(|_, mut standing| {
            Box::pin(async move {
                drop(standing.wait_for(|standing| *standing == Standing::Lost).await);
                Ending::Done
            })
        });
        let abandon = watch::Sender::new(None);
        let lease = Duration::from_millis(30);
        let ending = see_through(queue, leased, lease, Timestamp::now, abandon.subscribe(), &stops);
        assert_eq!(ending.await, None);
    }

    #[tokio::test]
    async fn a_job_whose_lease_was_lost_has_no_ending_of_ours() {
        let (queue, leased) = leased().await;
        queue.reclaim(Timestamp::now()).await.unwrap();
        let taken = queue.take("another", LEASE, Timestamp::now()).await.unwrap().unwrap();
        assert_eq!(endless(&queue, leased, Duration::from_millis(30), None).await, None);
        let standing = queue.renew(&taken, LEASE, Timestamp::now()).await.unwrap();
        assert_eq!(standing, Standing::Held);
    }
}
