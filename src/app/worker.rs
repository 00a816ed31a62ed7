//! What becomes of a job that was taken, wherever it was taken from.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use github::{GitHub, StillOurs};
use tokio::sync::watch;

use super::CLOCK;
use super::deadline::Deadline;
use crate::agent::{OnStep, Run, Stop};
use crate::config::Config;
use crate::queue::worker::Handler;
use crate::queue::{Ending, Leased, Queue, Standing};
use crate::review::Reviewer;
use crate::review::job::Job;
use crate::review::work::JobEnd;
use crate::server::Progress;

/// A worker that gives no sign of life for so long has lost its job.
const LEASE: Duration = Duration::from_mins(1);

/// Runs jobs, and tells the world that it gets on.
pub(super) struct Worker {
    reviewer: Reviewer,
    pub(super) github: GitHub,
    progress: Arc<Progress>,
    /// How long a job stays ours without a sign of life.
    pub(super) lease: Duration,
    /// Where jobs are handed to, if not run here.
    #[cfg(feature = "aws")]
    runtime: Option<super::runtime::AgentRuntime>,
    pause_after: Option<u64>,
}

impl Worker {
    #[cfg_attr(
        not(feature = "aws"),
        expect(clippy::unused_async, reason = "waits for AWS, where that is built in")
    )]
    pub(super) async fn new(
        config: &Config,
        reviewer: Reviewer,
        github: GitHub,
        progress: Arc<Progress>,
    ) -> Self {
        let lease = lease(config);
        Self {
            reviewer,
            github,
            progress,
            lease,
            #[cfg(feature = "aws")]
            runtime: super::aws::runtime(config).await,
            pause_after: config.pause_after_checkpoint,
        }
    }

    /// Runs a job, here or on the AgentCore runtime that the settings name.
    async fn work(&self, github: &GitHub, job: &Job, attempt: u32, stop: Stop) -> JobEnd {
        #[cfg(feature = "aws")]
        if let Some(runtime) = &self.runtime {
            return runtime.work(job, attempt, &stop).await;
        }
        self.review(github, job, attempt, stop, |_run| ()).await
    }

    /// Runs a job here, and tells each of its steps.
    pub(super) async fn review(
        &self,
        github: &GitHub,
        job: &Job,
        attempt: u32,
        stop: Stop,
        tell: impl Fn(&Run) + Send + Sync + 'static,
    ) -> JobEnd {
        let _busy = self.progress.begin();
        let progress = self.progress.clone();
        let pause = pause_after(self.pause_after);
        let on_step: OnStep = Arc::new(move |run| {
            progress.moved(CLOCK());
            tell(run);
            pause();
        });
        self.reviewer.work(github, job, attempt, stop, on_step).await
    }
}

pub(super) fn lease(config: &Config) -> Duration {
    config.lease.unwrap_or(LEASE)
}

/// Sees a leased job to its ending, within the time that there is.
pub(super) fn handler(
    worker: Arc<Worker>,
    queue: Arc<dyn Queue>,
    deadline: Option<Deadline>,
) -> Handler {
    Arc::new(move |leased: Leased, standing: watch::Receiver<Standing>| {
        let (worker, queue) = (worker.clone(), queue.clone());
        async move {
            let github = worker.github.while_ours(still_ours(queue, leased.clone(), worker.lease));
            let stop = stop_when(standing.clone(), deadline);
            let end = worker.work(&github, &leased.job, leased.attempt, stop).await;
            ending(&leased, end, *standing.borrow())
        }
        .boxed()
    })
}

fn ending(leased: &Leased, end: JobEnd, standing: Standing) -> Ending {
    let (reason, not_before) = match end {
        JobEnd::Done => return Ending::Done,
        // A newer job of the pull request takes over, or another worker has it already.
        JobEnd::Stopped if standing != Standing::Held => return Ending::Done,
        JobEnd::Stopped => return out_of_time(),
        JobEnd::Retry { reason, not_before } => (reason, not_before),
        JobEnd::Failed { reason } => return Ending::Failed { reason },
    };
    if leased.is_last_attempt() {
        let (repository, pull_request) = (leased.job.repository(), leased.job.pull_request);
        tracing::error!(
            repository,
            pull_request,
            reason,
            "the review is given up; redeliver it once the cause is mended"
        );
    }
    Ending::Retry { reason, not_before }
}

/// It counts as an attempt, so that a step which never fits into the time ends some day.
pub(super) fn out_of_time() -> Ending {
    let reason = "the time was over before the review was".to_owned();
    Ending::Retry { reason, not_before: CLOCK() }
}

fn stop_when(standing: watch::Receiver<Standing>, deadline: Option<Deadline>) -> Stop {
    Arc::new(move || {
        *standing.borrow() != Standing::Held
            || deadline.is_some_and(|deadline| CLOCK() >= deadline.stop)
    })
}

/// Asked before every write: without proof that the lease still holds, nothing is written.
pub fn still_ours(queue: Arc<dyn Queue>, leased: Leased, lease: Duration) -> StillOurs {
    Arc::new(move || {
        let (queue, leased) = (queue.clone(), leased.clone());
        async move {
            match queue.renew(&leased, lease, CLOCK()).await {
                // Where a newer job waits, it follows at once and writes over this.
                Ok(standing) => standing != Standing::Lost,
                Err(error) => {
                    tracing::warn!(
                        delivery = leased.job.delivery,
                        error = &error as &dyn std::error::Error,
                        "nothing is written, because the lease could not be checked"
                    );
                    false
                }
            }
        }
        .boxed()
    })
}

/// Stands still after the given number of checkpoints, so that a test can kill the process exactly there.
#[cfg(debug_assertions)]
fn pause_after(checkpoints: Option<u64>) -> impl Fn() + Send + Sync {
    let passed = std::sync::atomic::AtomicU64::new(0);
    move || {
        let number = passed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        if Some(number) == checkpoints {
            tracing::warn!(checkpoint = number, "paused after checkpoint");
            loop {
                std::thread::park();
            }
        }
    }
}

#[cfg(not(debug_assertions))]
fn pause_after(_checkpoints: Option<u64>) -> impl Fn() + Send + Sync {
    || ()
}
