//! A pool of workers that take the jobs of a queue and see every one to an ending.

use std::sync::Arc;
use std::time::Duration;

use contract::Clock;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub use super::attempt::Handler;
use super::attempt::{PAUSE_AFTER_ERROR, see_through};
use super::{Ending, Queue};

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

impl Workers {
    /// Takes and runs jobs until `shutdown`, then waits out the grace and releases what is left.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let (abandon, abandoned) = watch::channel(None);
        let mut running = JoinSet::new();
        tokio::pin!(shutdown);
        self.take_until(shutdown, &mut running, &abandoned).await;
        let finished = timeout(self.grace, wait_for_all(&mut running)).await;
        if finished.is_err() {
            abandon.send_replace(Some(Ending::Released));
            wait_for_all(&mut running).await;
        }
    }

    async fn take_until(
        &self,
        mut shutdown: impl Future<Output = ()> + Unpin,
        running: &mut JoinSet<()>,
        abandoned: &watch::Receiver<Option<Ending>>,
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
                    let (queue, handler) = (Arc::clone(&self.queue), Arc::clone(&self.handler));
                    let (lease, clock, abandoned) = (self.lease, self.clock, abandoned.clone());
                    running.spawn(async move {
                        see_through(queue, leased, lease, clock, abandoned, &handler).await;
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
}

async fn wait_for_all(running: &mut JoinSet<()>) {
    while running.join_next().await.is_some() {}
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::{mpsc, oneshot};

    use contract::Timestamp;

    use super::*;
    use crate::queue::attempt::BACKOFF;
    use crate::queue::contract_tests::job;
    use crate::queue::{Depth, Leased, SqliteQueue, Standing};
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
