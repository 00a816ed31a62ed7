//! Hands jobs to a runtime on Bedrock AgentCore, which runs the same program, and waits for their endings.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_bedrockagentcore::Client;
use aws_sdk_bedrockagentcore::config::retry::RetryConfig;
use aws_sdk_bedrockagentcore::config::timeout::TimeoutConfig;
use aws_sdk_bedrockagentcore::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_bedrockagentcore::error::DisplayErrorContext;
use aws_sdk_bedrockagentcore::primitives::Blob;
use contract::Clock;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::handover::Answer;
use crate::agent::Stop;
use crate::review::job::Job;
use crate::review::work::JobEnd;

/// AgentCore answers a request without a stream within 15 minutes or not at all.
const INVOCATION: Duration = Duration::from_secs(15 * 60 - 15);
/// How often a worker that waits looks whether its job is still wanted.
const LOOK_UP: Duration = Duration::from_secs(2);
const STOPPING: Duration = Duration::from_secs(5);
/// An answer names an ending and its reason.
const LARGEST_ANSWER: usize = 1024 * 1024;
const BACKOFF: Duration = Duration::from_secs(30);
/// AgentCore refuses session ids that are shorter.
const SHORTEST_SESSION: usize = 33;

pub(super) struct AgentRuntime {
    client: Client,
    arn: String,
    clock: Clock,
}

impl AgentRuntime {
    pub(super) fn new(sdk: &SdkConfig, arn: impl Into<String>, clock: Clock) -> Self {
        let timeouts = TimeoutConfig::builder()
            .read_timeout(INVOCATION)
            .operation_attempt_timeout(INVOCATION)
            .operation_timeout(INVOCATION)
            .build();
        let config = Builder::from(sdk)
            .timeout_config(timeouts)
            // Nothing arrives while the review runs.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .build();
        Self { client: Client::from_conf(config), arn: arn.into(), clock }
    }

    /// The job's ending. One session per head: a second attempt reaches the machine on which the first may still run.
    pub(super) async fn work(&self, job: &Job, attempt: u32, stop: &Stop) -> JobEnd {
        let session = session_of(job);
        let end = tokio::select! {
            answered = self.invoke(job, attempt, &session) => {
                answered.map_or_else(|reason| self.retry(reason, attempt), Answer::end)
            }
            () = told_to(stop) => JobEnd::Stopped,
        };
        self.stop(&session).await;
        end
    }

    async fn invoke(&self, job: &Job, attempt: u32, session: &str) -> Result<Answer, String> {
        let payload = json!({"job": job, "attempt": attempt}).to_string();
        let sent = self
            .client
            .invoke_agent_runtime()
            .agent_runtime_arn(&self.arn)
            .runtime_session_id(session)
            .content_type("application/json")
            .accept("application/json")
            .set_trace_parent(job.traceparent.clone())
            .payload(Blob::new(payload))
            .send();
        let answer = sent.await.map_err(|error| {
            format!(
                "the AgentCore runtime {} did not take the job (the role needs bedrock-agentcore:InvokeAgentRuntime): {}",
                self.arn,
                DisplayErrorContext(&error)
            )
        })?;
        let mut body = answer.response;
        let mut bytes = Vec::new();
        while let Some(chunk) = timeout(INVOCATION, body.next())
            .await
            .map_err(|_| "the AgentCore runtime stopped in the middle of its answer".to_owned())?
        {
            let chunk =
                chunk.map_err(|error| format!("the AgentCore runtime's answer: {error}"))?;
            if bytes.len() + chunk.len() > LARGEST_ANSWER {
                return Err("the AgentCore runtime's answer is too large".to_owned());
            }
            bytes.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&bytes).map_err(|error| {
            format!("the AgentCore runtime's answer is not one of Eco-Coder's: {error}")
        })
    }

    /// An idle session is billed until its timeout. Where it cannot be stopped, that timeout does it.
    async fn stop(&self, session: &str) {
        let stop = self
            .client
            .stop_runtime_session()
            .agent_runtime_arn(&self.arn)
            .runtime_session_id(session)
            .send();
        match timeout(STOPPING, stop).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(
                session,
                error = %DisplayErrorContext(&error),
                "the session was not stopped"
            ),
            Err(_elapsed) => tracing::debug!(session, "the session was not stopped in time"),
        }
    }

    fn retry(&self, reason: String, attempt: u32) -> JobEnd {
        let wait = BACKOFF * 2_u32.saturating_pow(attempt.saturating_sub(1).min(5));
        JobEnd::Retry { reason, not_before: (self.clock)() + wait }
    }
}

async fn told_to(stop: &Stop) {
    while !stop() {
        sleep(LOOK_UP).await;
    }
}

/// 33 to 100 characters, of letters, digits, `-` and `_`.
fn session_of(job: &Job) -> String {
    let id = format!("eco-coder-{}-{}-{}", job.repo_id, job.pull_request, job.head_sha);
    format!("{id:0<SHORTEST_SESSION$}").chars().take(100).collect()
}
