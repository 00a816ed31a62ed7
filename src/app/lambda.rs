//! The wiring of a Lambda function. One function does everything; what a role needs is built when its first event
//! comes, so that the webhook never waits for what only reviews need.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use aws_lambda_events::sqs::SqsEvent;
use axum::Router;
use contract::Timestamp;
use futures::FutureExt;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::Instrument;

use super::batch::Crew;
use super::deadline::Deadline;
use super::event::Event;
use super::models::Models;
use super::secrets::webhook_secrets;
use super::worker::{Worker, lease};
use super::{CLOCK, aws, http_event, schedule};
use crate::config::Config;
use crate::queue::sqs::SqsQueue;
use crate::server::{AllowList, Progress, Server, router};
use crate::telemetry::Telemetry;

/// A job that nobody has taken for so many leases has lost its message.
const LEASES_UNTIL_OVERDUE: u32 = 5;

/// Answers events until Lambda has no more for this process.
pub async fn run(config: Config, telemetry: Telemetry) -> anyhow::Result<()> {
    let function = Arc::new(Function::new(config, telemetry));
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = function.clone();
        let span = tracing::info_span!("invocation", request_id = event.context.request_id);
        async move {
            let answer = function.answer(&event.payload, event.context).instrument(span).await;
            // Once it is answered, Lambda freezes this process.
            function.telemetry.flush().await;
            answer
        }
        .boxed()
    });
    Runtime::new(service).run().boxed().await.map_err(|error| anyhow!(error))
}

struct Function {
    config: Config,
    telemetry: Telemetry,
    started: Timestamp,
    progress: Arc<Progress>,
    queue: OnceCell<Arc<SqsQueue>>,
    router: OnceCell<Router>,
    crew: OnceCell<Crew>,
}

impl Function {
    fn new(config: Config, telemetry: Telemetry) -> Self {
        Self {
            config,
            telemetry,
            started: CLOCK(),
            progress: Arc::new(Progress::new(CLOCK)),
            queue: OnceCell::new(),
            router: OnceCell::new(),
            crew: OnceCell::new(),
        }
    }

    /// An error is the invocation's: Lambda counts it, and whoever sent the event sends it again or reads it.
    async fn answer(&self, event: &RawValue, context: Context) -> Result<Value, Diagnostic> {
        let event = Event::read(event).map_err(|error| failure("UnknownEvent", &error))?;
        let answer = match event {
            Event::Http(request) => self.http(*request, context).boxed(),
            Event::Messages(event) => self.messages(event, context).boxed(),
            Event::Tick => self.tick().boxed(),
        };
        answer.await.map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "the event could not be answered");
            failure("Failed", &format_args!("{error:#}"))
        })
    }
}

impl Function {
    async fn http(&self, request: LambdaRequest, context: Context) -> anyhow::Result<Value> {
        let router = self.router.get_or_try_init(|| self.build_router()).await?;
        let deadline = deadline(&context);
        let answer = http_event::answer(router.clone(), request, context);
        timeout(deadline.answer.since(CLOCK()), answer).await.context("the answer took too long")
    }

    async fn messages(&self, event: SqsEvent, context: Context) -> anyhow::Result<Value> {
        let crew = self.crew.get_or_try_init(|| self.build_crew()).await?;
        let answer = crew.answer(event, &context.request_id, deadline(&context)).await;
        Ok(serde_json::to_value(answer)?)
    }

    async fn tick(&self) -> anyhow::Result<Value> {
        let github = super::github(&self.config).await?;
        let overdue_by = lease(&self.config) * LEASES_UNTIL_OVERDUE;
        schedule::tick(&github, self.queue().await?, overdue_by, CLOCK()).await
    }

    async fn build_router(&self) -> anyhow::Result<Router> {
        self.config.check_ingress_function()?;
        Ok(router(Server {
            webhook_secrets: webhook_secrets(&self.config),
            queue: self.queue().await?.clone(),
            allow: AllowList::new(&self.config.allow)?,
            review_drafts: self.config.review_drafts,
            clock: CLOCK,
            started: self.started,
            progress: self.progress.clone(),
            counts_jobs: false,
            models: None,
            invoke: None,
        }))
    }

    async fn build_crew(&self) -> anyhow::Result<Crew> {
        self.config.check_worker_function()?;
        let store = Arc::new(aws::store(&self.config).await?);
        let models = Models::of_reviews(&self.config, None).await?;
        let leader = models.as_ref().and_then(|models| models.leader(&self.config));
        let reviewer = super::reviewer(&self.config, store, &self.telemetry, leader).await?;
        let github = super::github(&self.config).await?;
        let worker = Worker::new(&self.config, reviewer, github, self.progress.clone()).await;
        Ok(Crew { worker: Arc::new(worker), queue: self.queue().await?.clone(), models })
    }

    async fn queue(&self) -> anyhow::Result<&Arc<SqsQueue>> {
        let build = async || Ok(Arc::new(aws::queue(&self.config).await?));
        self.queue.get_or_try_init(build).await
    }
}

fn deadline(context: &Context) -> Deadline {
    Deadline::told(CLOCK(), context.deadline)
}

fn failure(kind: &str, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: error.to_string() }
}
