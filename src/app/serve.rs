//! The wiring of a server: ingress, queue and workers in one process, on one file.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use contract::Clock;
use futures::FutureExt;
use github::GitHub;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::CLOCK;
use crate::agent::{OnStep, Stop};
use crate::config::Config;
use crate::queue::worker::Handler;
use crate::queue::{Ending, Leased, SqliteQueue, Standing, Workers};
use crate::review::Reviewer;
use crate::review::job::Job;
use crate::review::work::JobEnd;
use crate::server::{AllowList, Invocation, Invoke, Progress, Server, Target, router, run};
use crate::store::{Database, SqliteStore, Store};

/// A worker that gives no sign of life for so long has lost its job.
const LEASE: Duration = Duration::from_mins(1);
/// What a review may still take after the server was told to stop; a checkpoint keeps the rest.
const GRACE: Duration = Duration::from_secs(20);
/// GitHub redelivers for 3 days, Enterprise Server for 7.
const KEPT: Duration = Duration::from_hours(14 * 24);
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// A server that is wired up and bound to its address.
pub struct Service {
    pub listener: TcpListener,
    router: axum::Router,
    workers: Workers,
    queue: Arc<SqliteQueue>,
    store: Arc<dyn Store>,
}

impl Service {
    /// Opens the file, builds the clients and binds the address.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let allow = AllowList::new(&config.allow)?;
        let database = Database::open_exclusive(&config.database)?;
        let queue = Arc::new(SqliteQueue::new(database.clone()));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::new(database));
        // This process owns the file, so whoever held a lease is gone.
        let reclaimed = queue.reclaim(CLOCK()).await?;
        let reviewer = super::reviewer(config, store.clone()).await?;
        let github = super::github(config).await?;
        let progress = Arc::new(Progress::new(CLOCK));
        let worker = Arc::new(Worker {
            reviewer,
            github,
            progress: progress.clone(),
            pause_after: config.pause_after_checkpoint,
        });
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listen on {}", config.listen))?;
        let open = config.agentcore || config.listen.ip().is_loopback();
        let server = Server {
            webhook_secrets: config.webhook_secrets.clone(),
            queue: queue.clone(),
            allow,
            review_drafts: config.review_drafts,
            clock: CLOCK,
            started: CLOCK(),
            progress,
            invoke: open.then(|| invoke(worker.clone())),
        };
        let workers = Workers {
            queue: queue.clone(),
            name: format!("serve-{}", std::process::id()),
            concurrency: config.workers,
            lease: LEASE,
            grace: GRACE,
            clock: CLOCK,
            handler: handler(worker),
        };
        tracing::info!(address = %listener.local_addr()?, reclaimed, "listening");
        Ok(Self { listener, router: router(server), workers, queue, store })
    }

    /// Serves until `shutdown`, then lets requests and reviews come to a checkpoint.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (tell, told) = watch::channel(false);
        let stopped = |mut told: watch::Receiver<bool>| async move {
            let _ = told.wait_for(|stop| *stop).await;
        };
        let workers = tokio::spawn(self.workers.run(stopped(told.clone())));
        let pruning = tokio::spawn(prune(self.queue, self.store, CLOCK));
        let served = run(self.listener, self.router, async {
            shutdown.await;
            tell.send_replace(true);
        });
        let served = served.await;
        pruning.abort();
        workers.await.context("the workers failed")?;
        served.context("serve HTTP")
    }
}

async fn prune(queue: Arc<SqliteQueue>, store: Arc<dyn Store>, clock: Clock) {
    loop {
        let older_than = clock() - KEPT;
        if let Err(error) = queue.prune(older_than).await {
            tracing::warn!(%error, "old jobs could not be forgotten");
        }
        if let Err(error) = store.prune(older_than).await {
            tracing::warn!(%error, "old runs could not be forgotten");
        }
        tokio::time::sleep(PRUNE_EVERY).await;
    }
}

/// Runs jobs, and tells the world that it gets on.
struct Worker {
    reviewer: Reviewer,
    github: GitHub,
    progress: Arc<Progress>,
    pause_after: Option<u64>,
}

impl Worker {
    async fn work(&self, job: &Job, attempt: u32, stop: Stop) -> JobEnd {
        let _busy = self.progress.begin();
        self.reviewer.work(&self.github, job, attempt, stop, self.on_step()).await
    }

    fn on_step(&self) -> OnStep {
        let progress = self.progress.clone();
        let pause = pause_after(self.pause_after);
        Arc::new(move |_run| {
            progress.moved(CLOCK());
            pause();
        })
    }
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

fn handler(worker: Arc<Worker>) -> Handler {
    Arc::new(move |leased: Leased, standing: watch::Receiver<Standing>| {
        let worker = worker.clone();
        async move {
            let watched = standing.clone();
            let stop: Stop = Arc::new(move || *watched.borrow() != Standing::Held);
            match worker.work(&leased.job, leased.attempt, stop).await {
                // Stopped: a newer job of the pull request takes over, or another worker has it already.
                JobEnd::Done | JobEnd::Stopped => Ending::Done,
                JobEnd::Retry { reason, not_before } => {
                    if leased.is_last_attempt() {
                        let (repository, pull_request) =
                            (leased.job.repository(), leased.job.pull_request);
                        tracing::error!(
                            repository,
                            pull_request,
                            reason,
                            "the review is given up; redeliver it once the cause is mended"
                        );
                    }
                    Ending::Retry { reason, not_before }
                }
                JobEnd::Failed { reason } => Ending::Failed { reason },
            }
        }
        .boxed()
    })
}

fn invoke(worker: Arc<Worker>) -> Invoke {
    Arc::new(move |invocation: Invocation| {
        let worker = worker.clone();
        async move { answer(&worker, invocation).await }.boxed()
    })
}

async fn answer(worker: &Worker, invocation: Invocation) -> Result<Value, String> {
    let job = match invocation.target {
        Target::Job(job) => *job,
        Target::PullRequest { owner, repo, number } => requested(owner, repo, number),
    };
    let name = format!("{}#{}", job.repository(), job.pull_request);
    match worker.work(&job, 1, Arc::new(|| false)).await {
        JobEnd::Done => Ok(json!({"status": "done", "pull_request": name})),
        JobEnd::Stopped => Err(format!("the review of {name} was stopped")),
        JobEnd::Retry { reason, .. } | JobEnd::Failed { reason } => {
            Err(format!("the review of {name} failed: {reason}"))
        }
    }
}

/// A job that no delivery brought. Its commits are asked of GitHub, as those of every job are.
fn requested(owner: String, repo: String, pull_request: u64) -> Job {
    Job {
        v: Job::VERSION,
        delivery: String::new(),
        event: "invocation".into(),
        action: "requested".into(),
        installation_id: None,
        owner,
        repo,
        repo_id: 0,
        pull_request,
        base_sha: String::new(),
        head_sha: String::new(),
        fork: false,
        draft: false,
        sender: String::new(),
        traceparent: None,
    }
}
