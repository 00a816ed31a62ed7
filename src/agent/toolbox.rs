//! The tools of one run by name, and how a failed call is told to the model.

use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use contract::{Tool, ToolError, ToolSpec};
use futures::FutureExt;
use serde_json::Value;

use crate::model::{ToolResult, ToolUse};

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

impl Toolbox {
    pub fn new(tools: Vec<Arc<dyn Tool>>, call_deadline: Duration) -> Self {
        let tools = tools.into_iter().map(|tool| (tool.spec(), tool)).collect();
        Self { tools, call_deadline }
    }

    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.iter().map(|(spec, _)| spec.clone()).collect()
    }

    /// Calls one tool. A panic or a missed deadline in it is an error like any other.
    pub async fn call(&self, tool_use: &ToolUse) -> Result<ToolResult, ToolFailure> {
        let Some((_, tool)) = self.tools.iter().find(|(spec, _)| spec.name == tool_use.name) else {
            return Ok(told(tool_use, self.unknown(&tool_use.name)));
        };
        let call = AssertUnwindSafe(tool.call(tool_use.input.clone())).catch_unwind();
        match tokio::time::timeout(self.call_deadline, call).await {
            Ok(Ok(Ok(content))) => {
                Ok(ToolResult { tool_use_id: tool_use.id.clone(), is_error: false, content })
            }
            Ok(Ok(Err(ToolError::TellModel(message)))) => Ok(told(tool_use, message)),
            Ok(Ok(Err(ToolError::EndRun(source)))) => {
                Err(ToolFailure { tool: tool_use.name.clone(), source })
            }
            Ok(Err(_panic)) => {
                Ok(told(tool_use, format!("the tool `{}` failed inside", tool_use.name)))
            }
            Err(_elapsed) => {
                let seconds = self.call_deadline.as_secs();
                Ok(told(
                    tool_use,
                    format!("the tool `{}` did not answer within {seconds} seconds", tool_use.name),
                ))
            }
        }
    }

    fn unknown(&self, name: &str) -> String {
        let names: Vec<_> = self.tools.iter().map(|(spec, _)| spec.name.as_str()).collect();
        format!("there is no tool {name:?}; the tools are {}", names.join(", "))
    }
}

fn told(tool_use: &ToolUse, message: String) -> ToolResult {
    ToolResult { tool_use_id: tool_use.id.clone(), is_error: true, content: Value::String(message) }
}
