//! The tools of one run by name, and how a failed call is told to the model.

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::{Tool, ToolError, ToolSpec};
use futures::FutureExt;
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::run::POST;
use crate::telemetry::ErrorType;
use model::{ToolResult, ToolUse};

/// The tools on offer in a run.
#[derive(Clone)]
pub struct Toolbox {
    tools: Vec<(ToolSpec, Arc<dyn Tool>)>,
    /// No call takes longer; the slowest tool polls a service for 5 minutes.
    call_deadline: Duration,
}

/// A failure that ends the run: nothing the model says will help.
#[derive(Debug, thiserror::Error)]
#[error("the tool `{tool}` cannot go on")]
pub struct ToolFailure {
    pub tool: String,
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// A call that came to its end.
pub struct Called {
    /// As the toolbox knows it, not as the model wrote it.
    pub tool: String,
    pub result: Result<ToolResult, ToolFailure>,
    pub error: Option<ErrorType>,
    pub took: Duration,
}

type Outcome = (Result<ToolResult, ToolFailure>, Option<ErrorType>);

/// Stands for every name that no tool has.
const UNKNOWN: &str = "unknown";

impl Toolbox {
    pub fn new(tools: Vec<Arc<dyn Tool>>, call_deadline: Duration) -> Self {
        let tools = tools.into_iter().map(|tool| (tool.spec(), tool)).collect();
        Self { tools, call_deadline }
    }

    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.iter().map(|(spec, _)| spec.clone()).collect()
    }

    /// Calls one tool. A panic or a missed deadline in it is an error like any other.
    pub async fn call(&self, tool_use: &ToolUse) -> Called {
        let called = Instant::now();
        let tool = self.tools.iter().find(|(spec, _)| spec.name == tool_use.name);
        let Some((spec, tool)) = tool else {
            let result = Ok(told(tool_use, self.unknown(&tool_use.name)));
            let error = Some(ErrorType::InvalidCall);
            return Called { tool: UNKNOWN.to_owned(), result, error, took: called.elapsed() };
        };
        let span = span(&spec.name);
        let (result, error) = self.outcome(tool.as_ref(), tool_use).instrument(span.clone()).await;
        if let Some(error) = error {
            span.record("error_type", error.name());
            span.record("otel.status_code", "ERROR");
        }
        Called { tool: spec.name.clone(), result, error, took: called.elapsed() }
    }

    async fn outcome(&self, tool: &dyn Tool, tool_use: &ToolUse) -> Outcome {
        let call = AssertUnwindSafe(tool.call(tool_use.input.clone())).catch_unwind();
        match tokio::time::timeout(self.call_deadline, call).await {
            Ok(Ok(Ok(content))) => {
                let result =
                    ToolResult { tool_use_id: tool_use.id.clone(), is_error: false, content };
                let error = not_posted(tool_use, &result).then_some(ErrorType::NotPosted);
                (Ok(result), error)
            }
            Ok(Ok(Err(ToolError::TellModel(message)))) => {
                (Ok(told(tool_use, message)), Some(ErrorType::InvalidCall))
            }
            Ok(Ok(Err(ToolError::EndRun(source)))) => (
                Err(ToolFailure { tool: tool_use.name.clone(), source }),
                Some(ErrorType::CannotGoOn),
            ),
            Ok(Err(_panic)) => {
                let message = format!("the tool `{}` failed inside", tool_use.name);
                (Ok(told(tool_use, message)), Some(ErrorType::Panic))
            }
            Err(_elapsed) => {
                let seconds = self.call_deadline.as_secs();
                let message =
                    format!("the tool `{}` did not answer within {seconds} seconds", tool_use.name);
                (Ok(told(tool_use, message)), Some(ErrorType::Timeout))
            }
        }
    }

    fn unknown(&self, name: &str) -> String {
        let names: Vec<_> = self.tools.iter().map(|(spec, _)| spec.name.as_str()).collect();
        format!("there is no tool {name:?}; the tools are {}", names.join(", "))
    }
}

fn span(name: &str) -> Span {
    tracing::info_span!(
        "tool",
        otel.name = name,
        otel.status_code = Empty,
        tool_name = name,
        error_type = Empty,
    )
}

/// The tool that posts answers rather than fails where GitHub does not take the report.
fn not_posted(tool_use: &ToolUse, result: &ToolResult) -> bool {
    tool_use.name == POST && !result.is_error && result.content["status"] == "failure"
}

fn told(tool_use: &ToolUse, message: String) -> ToolResult {
    ToolResult { tool_use_id: tool_use.id.clone(), is_error: true, content: Value::String(message) }
}
