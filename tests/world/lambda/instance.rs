//! One execution environment of Lambda: its Runtime API on loopback, and the function's process behind it.
//!
//! Unlike the emulators of others it hands out real deadlines, ends what exceeds them, and survives a function that is
//! killed. <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use contract::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use super::{LambdaWorld, Process};

pub struct Instance {
    process: Option<Process>,
    command: Command,
    log: std::path::PathBuf,
    timeout: Duration,
    invocations: mpsc::UnboundedSender<Invocation>,
    number: u64,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum Outcome {
    Answered(Value),
    /// What the function said of its failure.
    Failed(Value),
    /// Ended by Lambda at the deadline.
    TimedOut,
    /// The process ended by itself, or was killed.
    Died,
}

struct Invocation {
    id: String,
    event: String,
    deadline: Timestamp,
    outcome: oneshot::Sender<Outcome>,
}

struct Api {
    next: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    running: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
}

impl Instance {
    /// The function starts with its first invocation.
    pub async fn new(world: &LambdaWorld, timeout: Duration) -> Self {
        let (invocations, next) = mpsc::unbounded_channel();
        let api = Arc::new(Api { next: next.into(), running: Mutex::default() });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(hand_over))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .with_state(api);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut command = world.world.command(&[]);
        command.env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        let log = world.world.folder.path().join(format!("lambda-{}.log", address.port()));
        Self { process: None, command, log, timeout, invocations, number: 0 }
    }

    /// Hands an event over, and waits for what becomes of it.
    pub async fn invoke(&mut self, event: &Value) -> Outcome {
        self.begin(event).end().await
    }

    /// Hands an event over. Nothing limits the invocation until its end is waited for.
    pub fn begin(&mut self, event: &Value) -> Running<'_> {
        if self.process.as_mut().is_none_or(Process::has_ended) {
            self.process = Some(Process::start(&mut self.command, &self.log));
        }
        self.number += 1;
        let (outcome, ended) = oneshot::channel();
        let invocation = Invocation {
            id: format!("invocation-{}", self.number),
            event: event.to_string(),
            deadline: Timestamp::now() + self.timeout,
            outcome,
        };
        self.invocations.send(invocation).expect("the API runs");
        let deadline = Instant::now() + self.timeout;
        Running { instance: self, deadline, ended }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// What the function has logged so far, a JSON object a line.
    pub fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into()))
            .collect()
    }
}

/// An invocation under way.
pub struct Running<'instance> {
    instance: &'instance mut Instance,
    deadline: Instant,
    ended: oneshot::Receiver<Outcome>,
}

impl Running<'_> {
    pub async fn end(mut self) -> Outcome {
        loop {
            tokio::select! {
                outcome = &mut self.ended => return outcome.unwrap_or(Outcome::Died),
                () = tokio::time::sleep_until(self.deadline) => {
                    self.instance.kill();
                    return Outcome::TimedOut;
                }
                () = sleep(Duration::from_millis(20)) => {}
            }
            if self.instance.process.as_mut().is_none_or(Process::has_ended) {
                return Outcome::Died;
            }
        }
    }

    /// Waits until the function has logged this.
    pub async fn wait_for_log(&self, message: &str) {
        let begun = Instant::now();
        let logged = || self.instance.log().iter().any(|line| line.to_string().contains(message));
        while !logged() {
            assert!(begun.elapsed() < Duration::from_mins(1), "{:#?}", self.instance.log());
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL in the middle of it.
    pub fn kill(self) {
        self.instance.kill();
    }
}

async fn hand_over(State(api): State<Arc<Api>>) -> Response {
    let Some(invocation) = api.next.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id.clone()),
        ("lambda-runtime-deadline-ms", invocation.deadline.0.to_string()),
        ("lambda-runtime-invoked-function-arn", ARN.to_owned()),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0".to_owned(),
        ),
        ("content-type", "application/json".to_owned()),
    ];
    api.running.lock().expect("running").insert(invocation.id, invocation.outcome);
    (headers, invocation.event).into_response()
}

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:eco-coder";

async fn answered(State(api): State<Arc<Api>>, Path(id): Path<String>, body: String) -> StatusCode {
    end(&api, &id, Outcome::Answered(serde_json::from_str(&body).expect("JSON")))
}

async fn failed(State(api): State<Arc<Api>>, Path(id): Path<String>, body: String) -> StatusCode {
    end(&api, &id, Outcome::Failed(serde_json::from_str(&body).expect("JSON")))
}

fn end(api: &Api, id: &str, outcome: Outcome) -> StatusCode {
    let Some(waiting) = api.running.lock().expect("running").remove(id) else {
        return StatusCode::BAD_REQUEST;
    };
    let _ = waiting.send(outcome);
    StatusCode::ACCEPTED
}

impl Outcome {
    /// The answer of an invocation that must have one.
    pub fn answer(self) -> Value {
        match self {
            Self::Answered(answer) => answer,
            other => panic!("no answer: {other:?}"),
        }
    }
}
