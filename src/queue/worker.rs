//! Runs jobs: takes them, keeps their leases alive, and sees every one to an ending.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Timestamp};
use futures::future::BoxFuture;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::{Ending, Leased, Queue, Standing};

/// Runs one job to its ending. The receiver tells when the job is superseded or lost; the handler decides where it
/// stops then.
pub type Handler =
    Arc<dyn Fn(Leased, watch::Receiver<Standing>) -> BoxFuture<'static, Ending> + Send + Sync>;

/// How long to leave a queue alone that has just failed.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);
/// How often the ending of a job is offered to a queue that fails. After that the lease runs out, and the job is
/// taken again.
const TRIES_TO_FINISH: u32 = 5;
/// The first wait after a panic; it doubles with each attempt.
const BACKOFF: Duration = Duration::from_secs(5);

/// A pool of workers in this process.
pub struct Workers {
    pub queue: Arc<dyn Queue>,
    /// Names the process in the queue.
    pub name: String,
    /// Jobs at a time.
    pub concurrency: usize,
    /// How long a job stays ours without a sign of life; it is renewed three times within.
    pub lease: Duration,
    /// How long jobs may go on after shutdown.
    pub grace: Duration,
    pub clock: Clock,
    pub handler: Handler,
}

/// What one job needs of the pool.
struct Worker {
    queue: Arc<dyn Queue>,
    lease: Duration,
    clock: Clock,
    /// Turns true when the grace is over.
    abandon: watch::Receiver<bool>,
}

impl Workers {
    /// Takes and runs jobs until `shutdown`, then waits out the grace and releases what is left.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (abandon, abandoned) = watch::channel(false);
        let mut running = JoinSet::new();
        tokio::pin!(shutdown);
        self.take_until(shutdown, &mut running, &abandoned).await;
        let finished = timeout(self.grace, wait_for_all(&mut running)).await;
        if finished.is_err() {
            abandon.send_replace(true);
            wait_for_all(&mut running).await;
        }
    }

    async fn take_until(
        &self,
        mut shutdown: impl Future<Output = ()> + Unpin,
        running: &mut JoinSet<()>,
        abandoned: &watch::Receiver<bool>,
    ) {
        let places = Arc::new(Semaphore::new(self.concurrency.max(1)));
        loop {
            let place = tokio::select! {
                () = &mut shutdown => return,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            while running.try_join_next().is_some() {}
            // Never dropped halfway: that would leave a lease behind which nobody holds.
            match self.queue.take(&self.name, self.lease, (self.clock)()).await {
                Ok(Some(leased)) => {
                    let (worker, handler) = (self.worker(abandoned), Arc::clone(&self.handler));
                    running.spawn(async move {
                        worker.see_through(leased, &handler).await;
                        drop(place);
                    });
                    continue;
                }
                Ok(None) => drop(place),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "no job could be taken"
                    );
                    sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                }
            }
            tokio::select! {
                () = &mut shutdown => return,
                () = self.queue.waiting((self.clock)()) => {}
            }
        }
    }

    fn worker(&self, abandoned: &watch::Receiver<bool>) -> Worker {
        Worker {
            queue: Arc::clone(&self.queue),
            lease: self.lease,
            clock: self.clock,
            abandon: abandoned.clone(),
        }
    }
}

impl Worker {
    async fn see_through(self, leased: Leased, handler: &Handler) {
        let (tell, told) = watch::channel(Standing::Held);
        let (job, handler) = (leased.clone(), Arc::clone(handler));
        // A task of its own: a panic in there ends as an error here.
        let work = tokio::spawn(async move { handler(job, told).await });
        let ending = self.ending_of(work, &leased, &tell).await;
        self.finish(&leased, ending).await;
    }

    /// Renews the lease until the work ends, is abandoned, or belongs to somebody else.
    async fn ending_of(
        &self,
        mut work: JoinHandle<Ending>,
        leased: &Leased,
        tell: &watch::Sender<Standing>,
    ) -> Ending {
        let mut abandon = self.abandon.clone();
        let mut heartbeat = interval(self.lease / 3);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await; // the first tick is immediate
        let mut held_until = (self.clock)() + self.lease;
        loop {
            tokio::select! {
                ended = &mut work => return self.ending_from(ended, leased),
                _ = abandon.wait_for(|abandon| *abandon) => break,
                _ = heartbeat.tick() => {}
            }
            let standing = self.renew(leased, &mut held_until).await;
            tell.send_if_modified(|told| std::mem::replace(told, standing) != standing);
            if standing == Standing::Lost {
                // It is told, and may stop at a place of its own; but soon.
                drop(timeout(self.lease / 3, &mut work).await);
                break;
            }
        }
        work.abort();
        // Released only when it has really stopped, or two would run at once.
        drop(work.await);
        Ending::Released
    }

    /// A queue that fails for longer than the lease has lost it for us.
    async fn renew(&self, leased: &Leased, held_until: &mut Timestamp) -> Standing {
        let now = (self.clock)();
        match self.queue.renew(leased, self.lease, now).await {
            Ok(standing) => {
                *held_until = now + self.lease;
                standing
            }
            Err(_) if now < *held_until => Standing::Held,
            Err(error) => {
                tracing::error!(
                    delivery = leased.job.delivery,
                    error = &error as &dyn std::error::Error,
                    "the lease could not be renewed"
                );
                Standing::Lost
            }
        }
    }

    fn ending_from(&self, ended: Result<Ending, JoinError>, leased: &Leased) -> Ending {
        ended.unwrap_or_else(|error| {
            let reason = panic_message(error);
            tracing::error!(delivery = leased.job.delivery, reason, "the review panicked");
            let wait = BACKOFF * 2_u32.saturating_pow(leased.attempt.saturating_sub(1)).min(64);
            Ending::Retry {
                reason: format!("the review panicked: {reason}"),
                not_before: (self.clock)() + wait,
            }
        })
    }

    async fn finish(&self, leased: &Leased, ending: Ending) {
        for _ in 0..TRIES_TO_FINISH {
            let Err(error) = self.queue.finish(leased, ending.clone(), (self.clock)()).await else {
                return;
            };
            tracing::error!(
                delivery = leased.job.delivery,
                error = &error as &dyn std::error::Error,
                "the ending of a job could not be kept"
            );
            sleep(PAUSE_AFTER_ERROR).await;
        }
    }
}

async fn wait_for_all(running: &mut JoinSet<()>) {
    while running.join_next().await.is_some() {}
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
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::queue::contract_tests::job;
    use crate::queue::{Depth, SqliteQueue};
    use crate::store::Database;

    fn queue() -> Arc<SqliteQueue> {
        Arc::new(SqliteQueue::new(Database::in_memory().unwrap()))
    }

    fn handler<F: Future<Output = Ending> + Send + 'static>(
        run: impl Fn(Leased, watch::Receiver<Standing>) -> F + Send + Sync + 'static,
    ) -> Handler {
        Arc::new(move |leased, standing| Box::pin(run(leased, standing)))
    }

    fn workers(queue: &Arc<SqliteQueue>, handler: Handler) -> Workers {
        Workers {
            queue: Arc::<SqliteQueue>::clone(queue),
            name: "test".into(),
            concurrency: 2,
            lease: Duration::from_millis(90),
            grace: Duration::from_millis(20),
            clock: Timestamp::now,
            handler,
        }
    }

    async fn enqueue(queue: &SqliteQueue, delivery: &str, pull_request: u64) {
        queue.enqueue(&job(delivery, pull_request), Timestamp::now()).await.unwrap();
    }

    /// Runs the pool until the act is over.
    async fn while_running<T>(workers: Workers, act: impl Future<Output = T>) -> T {
        let (stop, stopped) = oneshot::channel::<()>();
        let pool = tokio::spawn(workers.run(async move { drop(stopped.await) }));
        let result = timeout(Duration::from_secs(10), act).await.expect("the act takes too long");
        drop(stop);
        pool.await.unwrap();
        result
    }

    async fn until(queue: &SqliteQueue, depth: Depth) {
        while queue.depth(Timestamp::now()).await.unwrap() != depth {
            sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn jobs_run_side_by_side_up_to_the_concurrency() {
        let queue = queue();
        for index in 0..6 {
            enqueue(&queue, &index.to_string(), index).await;
        }
        let most = Arc::new(AtomicUsize::new(0));
        let (running, seen) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&most));
        let count = handler(move |_, _| {
            let (running, seen) = (Arc::clone(&running), Arc::clone(&seen));
            async move {
                seen.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(Duration::from_millis(10)).await;
                running.fetch_sub(1, Ordering::SeqCst);
                Ending::Done
            }
        });
        while_running(workers(&queue, count), until(&queue, Depth::default())).await;
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_job_longer_than_its_lease_is_not_run_twice() {
        let queue = queue();
        enqueue(&queue, "long", 1).await;
        let runs = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&runs);
        let long = handler(move |_, _| {
            seen.fetch_add(1, Ordering::SeqCst);
            async {
                sleep(Duration::from_millis(300)).await;
                Ending::Done
            }
        });
        while_running(workers(&queue, long), until(&queue, Depth::default())).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_running_job_hears_of_a_newer_push_and_the_newer_one_runs_next() {
        let queue = queue();
        enqueue(&queue, "old", 1).await;
        let (tell, mut told) = mpsc::unbounded_channel();
        let stops_when_superseded = handler(move |leased, mut standing| {
            let tell = tell.clone();
            async move {
                tell.send(leased.job.delivery.clone()).unwrap();
                if leased.job.delivery == "old" {
                    let standing =
                        *standing.wait_for(|standing| *standing != Standing::Held).await.unwrap();
                    tell.send(format!("{standing:?}")).unwrap();
                }
                Ending::Done
            }
        });
        let story = while_running(workers(&queue, stops_when_superseded), async {
            let mut story = vec![told.recv().await.unwrap()];
            enqueue(&queue, "new", 1).await;
            story.push(told.recv().await.unwrap());
            story.push(told.recv().await.unwrap());
            story
        });
        assert_eq!(story.await, ["old", "Superseded", "new"]);
    }

    #[tokio::test]
    async fn a_panic_is_a_retry_and_the_pool_goes_on() {
        let queue = queue();
        enqueue(&queue, "panics", 1).await;
        enqueue(&queue, "fine", 2).await;
        let panics = handler(|leased, _| async move {
            assert!(leased.job.delivery != "panics", "out of luck");
            Ending::Done
        });
        while_running(
            workers(&queue, panics),
            until(&queue, Depth { waiting: 1, running: 0, failed: 0 }),
        )
        .await;
        let later = Timestamp::now() + BACKOFF;
        let again = queue.take("test", BACKOFF, later).await.unwrap().unwrap();
        assert_eq!((again.job.delivery.as_str(), again.attempt), ("panics", 2));
    }

    #[tokio::test]
    async fn at_shutdown_a_job_that_outlasts_the_grace_is_released() {
        let queue = queue();
        enqueue(&queue, "endless", 1).await;
        let endless = handler(|_, _| std::future::pending());
        while_running(
            workers(&queue, endless),
            until(&queue, Depth { running: 1, ..Depth::default() }),
        )
        .await;
        let again = queue.take("test", BACKOFF, Timestamp::now()).await.unwrap().unwrap();
        assert_eq!(again.attempt, 1, "being stopped is not its fault");
    }

    #[tokio::test]
    async fn at_shutdown_a_job_within_the_grace_comes_to_its_end() {
        let queue = queue();
        enqueue(&queue, "short", 1).await;
        let short = handler(|_, _| async {
            sleep(Duration::from_millis(100)).await;
            Ending::Done
        });
        let patient = Workers { grace: Duration::from_secs(10), ..workers(&queue, short) };
        while_running(patient, until(&queue, Depth { running: 1, ..Depth::default() })).await;
        assert_eq!(queue.depth(Timestamp::now()).await.unwrap(), Depth::default());
    }

    #[tokio::test]
    async fn a_job_whose_lease_was_lost_is_told_and_then_stopped() {
        let queue = queue();
        enqueue(&queue, "lost", 1).await;
        let (tell, mut told) = mpsc::unbounded_channel();
        let ignores = handler(move |leased, mut standing| {
            let tell = tell.clone();
            async move {
                if leased.attempt == 1 {
                    let standing =
                        *standing.wait_for(|standing| *standing != Standing::Held).await.unwrap();
                    tell.send(standing).unwrap();
                    return std::future::pending().await;
                }
                Ending::Done
            }
        });
        let standing = while_running(workers(&queue, ignores), async {
            until(&queue, Depth { running: 1, ..Depth::default() }).await;
            queue.reclaim(Timestamp::now()).await.unwrap();
            let standing = told.recv().await.unwrap();
            until(&queue, Depth::default()).await;
            standing
        });
        assert_eq!(standing.await, Standing::Lost);
    }
}
