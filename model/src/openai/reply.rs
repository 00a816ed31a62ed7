//! What servers answer to a request for a chat completion, in every form that they give it.

use serde::Deserialize;
use serde_json::Value;

use super::identity::Identity;
use crate::conversation::{Block, ToolUse};
use crate::error::{Cause, ModelError};
use crate::reply::{Reply, StopReason, Usage};

/// A whole answer.
#[derive(Deserialize)]
pub(super) struct Completion {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
    /// vLLM: which of the stop sequences it was; a number where it was a token.
    #[serde(default)]
    stop_reason: Value,
}

/// A message, whole or, in a stream, what a chunk adds to it.
#[derive(Default, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) content: Option<Text>,
    #[serde(default)]
    pub(super) refusal: Option<String>,
    /// Newer versions of `vLLM`, and Ollama, call it `reasoning`.
    #[serde(default)]
    pub(super) reasoning_content: Option<String>,
    #[serde(default)]
    pub(super) reasoning: Option<String>,
    #[serde(default)]
    pub(super) tool_calls: Option<Vec<ToolCall>>,
    #[serde(default)]
    pub(super) function_call: Option<Function>,
}

/// A text, or parts of one.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Text {
    Whole(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    text: String,
}

/// A call, or in a stream a piece of one.
#[derive(Deserialize)]
pub(super) struct ToolCall {
    #[serde(default)]
    pub(super) index: Option<u32>,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) function: Option<Function>,
}

#[derive(Deserialize)]
pub(super) struct Function {
    #[serde(default)]
    pub(super) name: Option<String>,
    /// JSON within JSON; some servers send the object itself.
    #[serde(default)]
    arguments: Value,
}

#[derive(Deserialize)]
pub(super) struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    #[serde(default)]
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Completion {
    pub(super) fn reply(self, model: &str, identity: &Identity) -> Result<Reply, ModelError> {
        let usage = self.usage.as_ref().and_then(Counts::usage);
        let Some(choice) = self.choices.into_iter().next() else {
            return Err(ModelError::new(Cause::Unreadable, "the answer has no choice"));
        };
        let reason = choice.finish_reason.as_deref();
        let stop = stop(reason, &choice.stop_reason);
        let refuses = choice.message.refusal.as_ref().is_some_and(|text| !text.is_empty());
        let content = choice.message.blocks(stop, identity)?;
        let calls = content.iter().any(|block| matches!(block, Block::ToolUse(_)));
        let mut reply = Reply::new(model, content, settled(stop, calls, refuses));
        reply.usage_is_estimated = usage.is_none();
        reply.usage = usage.unwrap_or_default();
        Ok(reply)
    }
}

impl Message {
    fn blocks(self, stop: StopReason, identity: &Identity) -> Result<Vec<Block>, ModelError> {
        let mut blocks = Vec::new();
        let thought = self.reasoning_content.or(self.reasoning).filter(|text| !text.is_empty());
        blocks.extend(thought.map(|text| Block::Reasoning { text, signature: None }));
        let texts = [self.content.map(Text::joined), self.refusal];
        let said = texts.into_iter().flatten().filter(|text| !text.is_empty());
        blocks.extend(said.map(|text| Block::Text(text.into())));
        let legacy = self.function_call.map(|function| ToolCall {
            index: None,
            id: None,
            function: Some(function),
        });
        let calls = self.tool_calls.unwrap_or_default().into_iter().chain(legacy);
        for (position, call) in calls.enumerate() {
            let function = call.function.unwrap_or(Function { name: None, arguments: Value::Null });
            let name = function.name.clone().unwrap_or_default();
            let id = call.id.filter(|id| !id.is_empty());
            let id = id.unwrap_or_else(|| identity.of_tool(position));
            match object(&function.fragment()) {
                Some(input) => blocks.push(Block::ToolUse(ToolUse { id, name, input })),
                // The model ran out of tokens over it, and half a call must not be carried out.
                None if stop == StopReason::MaxTokens => {}
                None => {
                    let message = format!("the arguments of {name} are no JSON object");
                    return Err(ModelError::new(Cause::MalformedToolUse, message));
                }
            }
        }
        Ok(blocks)
    }
}

impl Text {
    pub(super) fn joined(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::Parts(parts) => parts.into_iter().map(|part| part.text).collect(),
        }
    }
}

impl Function {
    pub(super) fn fragment(&self) -> String {
        match &self.arguments {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

impl Counts {
    /// `None`: it does not count.
    pub(super) fn usage(&self) -> Option<Usage> {
        let told = self.prompt_tokens?;
        let cached = self.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens);
        // What the cache read is part of the prompt here.
        let cache_read_tokens = cached.unwrap_or(0).min(told);
        Some(Usage {
            input_tokens: told - cache_read_tokens,
            output_tokens: self.completion_tokens.unwrap_or(0),
            cache_read_tokens,
            cache_write_tokens: 0,
        })
    }
}

pub(super) fn stop(reason: Option<&str>, stopped_by: &Value) -> StopReason {
    match reason {
        Some("stop") if stopped_by.is_string() => StopReason::StopSequence,
        Some("stop") => StopReason::EndTurn,
        Some("length") => StopReason::MaxTokens,
        Some("tool_calls" | "function_call") => StopReason::ToolUse,
        Some("content_filter") => StopReason::ContentFiltered,
        _ => StopReason::Unknown,
    }
}

/// Many servers say `stop`, or nothing, where tools were called.
pub(super) fn settled(stop: StopReason, calls_tools: bool, refuses: bool) -> StopReason {
    match stop {
        StopReason::EndTurn | StopReason::Unknown if calls_tools => StopReason::ToolUse,
        StopReason::EndTurn | StopReason::Unknown if refuses => StopReason::ContentFiltered,
        stop => stop,
    }
}

/// No arguments at all are an empty object.
fn object(text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        return Some(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(text).ok().filter(Value::is_object)
}
