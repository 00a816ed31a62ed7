//! Amazon Bedrock: one Converse call per reply, with retries, and other models for when the first is not to be had.

pub mod document;
mod refusal;
mod reply;
mod request;
mod stable;
pub mod wire;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use tokio::time::{Instant, timeout_at};

use self::refusal::{Refusal, Verdict};
use self::stable::SortedKeys;
use crate::catalog::{self, Model};
use crate::{Call, Cause, Conversation, ModelDriver, ModelError, Reply};

/// How to wait. The service waits for real; tests pass a function that does not.
pub type Wait = fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

const CONNECT: Duration = Duration::from_secs(5);
/// For what the SDK does not repeat itself: a model that timed out or failed.
const ATTEMPTS: u32 = 3;

/// What the driver is set up with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Model ids, inference profiles or ARNs of either. The first answers; the others only when it cannot.
    pub models: Vec<String>,
    pub max_tokens: u32,
    /// Sent where the model takes it.
    pub temperature: f32,
    /// Sent where the model takes it together with `temperature`.
    pub top_p: f32,
    pub attempt_timeout: Duration,
    /// How the SDK repeats throttled and failed calls; `None` leaves that to the SDK's configuration, three attempts unless told.
    pub retry: Option<RetryConfig>,
    pub wait: Wait,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            models: catalog::default_models().iter().map(|&id| id.to_owned()).collect(),
            max_tokens: 4096,
            temperature: 0.1,
            top_p: 0.9,
            attempt_timeout: Duration::from_mins(1),
            retry: None,
            wait: |duration| Box::pin(tokio::time::sleep(duration)),
        }
    }
}

/// Models on Amazon Bedrock.
pub struct Bedrock {
    client: Client,
    settings: Settings,
}

impl Bedrock {
    pub fn new(config: &SdkConfig, settings: Settings) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .read_timeout(settings.attempt_timeout)
            .operation_attempt_timeout(settings.attempt_timeout)
            .build();
        let mut builder = Builder::from(config)
            .timeout_config(timeouts)
            // A model that thinks sends nothing for a while; the attempt's timeout bounds that.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(SortedKeys);
        if let Some(retry) = settings.retry.clone() {
            builder = builder.retry_config(retry);
        }
        Self { client: Client::from_conf(builder.build()), settings }
    }
}

#[async_trait]
impl ModelDriver for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let (conversation, ends) = (&call.conversation, call.deadline);
        let mut refusals: Vec<(&str, ModelError)> = Vec::new();
        for id in &self.settings.models {
            let model = catalog::lookup(id);
            let mut notes = Vec::new();
            match self.ask(&model, conversation, ends, &mut notes).await {
                Ok(output) => {
                    notes.splice(
                        0..0,
                        refusals.iter().map(|(refused, error)| {
                            format!("{id} answered instead of {refused}: {error}")
                        }),
                    );
                    return reply::read(output, &model, notes);
                }
                Err(refusal) => {
                    tracing::warn!(model = id, error = %refusal.error, "the model gave no reply");
                    refusals.push((id, refusal.error));
                    if !refusal.another_may_answer || Instant::now() >= ends {
                        break;
                    }
                }
            }
        }
        Err(told(refusals))
    }
}

impl Bedrock {
    /// One model, until it answers, refuses for good or has failed three times.
    async fn ask(
        &self,
        model: &Model,
        conversation: &Conversation,
        ends: Instant,
        notes: &mut Vec<String>,
    ) -> Result<ConverseOutput, Refusal> {
        let mut takes = model.takes;
        let mut attempt = 1;
        loop {
            let request = request::build(&self.client, conversation, model, takes, &self.settings)?;
            let Ok(outcome) = timeout_at(ends, request.send()).await else {
                return Err(Refusal::last(ModelError::new(
                    Cause::Timeout,
                    "the time for this reply is over".to_owned(),
                )));
            };
            let error = match outcome {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            match refusal::verdict(&error) {
                // The catalog may lag behind a model; without the parameters, every model answers.
                Verdict::Sampling(_) if takes.temperature || takes.top_p => {
                    takes = catalog::Takes { temperature: false, top_p: false, both: false };
                    notes.push(format!(
                        "{} refused temperature and top_p, and was asked without them",
                        model.id
                    ));
                }
                Verdict::Sampling(refusal) | Verdict::Refused(refusal) => return Err(refusal),
                Verdict::Again(refusal) => {
                    let pause = backoff(attempt);
                    if attempt == ATTEMPTS || Instant::now() + pause >= ends {
                        return Err(refusal);
                    }
                    (self.settings.wait)(pause).await;
                    attempt += 1;
                }
            }
        }
    }
}

/// About 1 and 2 seconds, spread so that many reviews do not come back at once.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << (attempt - 1)).mul_f64(0.5 + fastrand::f64())
}

/// What the first model failed with, which is the one that was wanted, and what became of the others.
fn told(refusals: Vec<(&str, ModelError)>) -> ModelError {
    let texts: Vec<String> =
        refusals.iter().map(|(id, error)| format!("{id}: {}", error.message)).collect();
    let texts = texts.join("; ");
    match refusals.into_iter().next() {
        Some((_, first)) => ModelError { message: texts, ..first },
        None => ModelError::new(Cause::NotServed, "no model is configured".to_owned()),
    }
}
