//! The wiring of a server: ingress and workers in one process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use contract::Clock;
use futures::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::CLOCK;
use super::invocations::{Ends, invoke};
use super::kept::{File, Kept};
use super::models::Models;
use super::secrets::webhook_secrets;
use super::worker::{Worker, handler};
use crate::config::Config;
use crate::queue::Workers;
use crate::server::{AllowList, Progress, Server, router, run};
use crate::telemetry::Telemetry;

/// What a review may still take after the server was told to stop; a checkpoint keeps the rest.
const GRACE: Duration = Duration::from_secs(20);
/// The rest of it for those that callers wait for, once requests had theirs.
const GRACE_AFTER_REQUESTS: Duration = Duration::from_secs(10);
/// GitHub redelivers for 3 days, Enterprise Server for 7.
const KEPT: Duration = Duration::from_hours(14 * 24);
const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// A server that is wired up and bound to its address.
pub struct Service {
    pub listener: TcpListener,
    router: axum::Router,
    workers: Option<Workers>,
    invoked: Ends,
    models: Option<Models>,
    file: File,
}

impl Service {
    /// Opens what it keeps, builds the clients and binds the address.
    pub async fn start(config: &Config, telemetry: &Telemetry) -> anyhow::Result<Self> {
        let allow = AllowList::new(&config.allow)?;
        let Kept { queue, store, file } = Kept::open(config).await?;
        // One for reviews and for the API, so that limits, budgets and metrics are of both together.
        let models = match Models::of_reviews(config, file.database.clone()).await? {
            None if config.gateway.api => Some(Models::open(config, file.database.clone()).await?),
            models => models,
        };
        let leader = models.as_ref().and_then(|models| models.leader(config));
        let reviewer = super::reviewer(config, store.clone(), telemetry, leader).await?;
        let github = super::github(config).await?;
        let progress = Arc::new(Progress::new(CLOCK));
        let worker = Arc::new(Worker::new(config, reviewer, github, progress.clone()).await);
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listen on {}", config.listen))?;
        let open = config.agentcore || config.listen.ip().is_loopback();
        let invoked = Ends::default();
        let server = Server {
            webhook_secrets: webhook_secrets(config),
            queue: queue.clone(),
            allow,
            review_drafts: config.review_drafts,
            clock: CLOCK,
            started: CLOCK(),
            progress,
            counts_jobs: true,
            models: models.as_ref().map(Models::snapshot),
            invoke: open.then(|| invoke(worker.clone(), store, &invoked)),
        };
        // AgentCore starts a process for each session: it runs what it is asked to, and takes no jobs from others.
        let shares = config.aws.table.is_some() && config.aws.queue_url.is_some();
        let workers = (!(config.agentcore && shares)).then(|| Workers {
            queue: queue.clone(),
            name: format!("serve-{}", std::process::id()),
            concurrency: config.workers,
            lease: worker.lease,
            grace: GRACE,
            clock: CLOCK,
            handler: handler(worker.clone(), queue, None),
        });
        tracing::info!(address = %listener.local_addr()?, "listening");
        let router = match &models {
            Some(models) if config.gateway.api => router(server).merge(models.router(config)),
            _ => router(server),
        };
        Ok(Self { listener, router, workers, invoked, models, file })
    }

    /// Serves until `shutdown`, then lets requests and reviews come to a checkpoint. What they spent is written down until
    /// the last of them has ended: who stopped writing at once would lose the calls that are answered meanwhile.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (tell, mut told) = watch::channel(false);
        let stopped = async move {
            let _ = told.wait_for(|stop| *stop).await;
        };
        let workers = self.workers.map(|workers| tokio::spawn(workers.run(stopped)));
        let (all_ended, keeps) = oneshot::channel::<()>();
        let models = self
            .models
            .map(|models| tokio::spawn(async move { models.keep(keeps.map(drop)).await }));
        let pruning = tokio::spawn(prune(self.file, CLOCK));
        let served = run(self.listener, self.router, async {
            shutdown.await;
            tell.send_replace(true);
        });
        let served = served.await;
        pruning.abort();
        // Where it failed, nobody was told.
        drop(tell);
        self.invoked.after(GRACE_AFTER_REQUESTS).await;
        let worked = match workers {
            Some(workers) => workers.await,
            None => Ok(()),
        };
        drop(all_ended);
        if let Some(models) = models {
            models.await.context("the models' accounts could not be settled")?;
        }
        worked.context("the workers failed")?;
        served.context("serve HTTP")
    }
}

async fn prune(file: File, clock: Clock) {
    loop {
        let older_than = clock() - KEPT;
        if let Some(queue) = &file.queue
            && let Err(error) = queue.prune(older_than).await
        {
            tracing::warn!(%error, "old jobs could not be forgotten");
        }
        if let Some(store) = &file.store
            && let Err(error) = store.prune(older_than).await
        {
            tracing::warn!(%error, "old runs could not be forgotten");
        }
        tokio::time::sleep(PRUNE_EVERY).await;
    }
}
