//! A reply in OpenAI's form.

use contract::Timestamp;
use model::invoke::Tokens;
use model::{Change, Message, Reply, StopReason, ToolUse};
use serde_json::{Value, json};

/// What all pieces of one answer share.
#[derive(Debug, Clone)]
pub(super) struct About {
    pub(super) id: String,
    /// Seconds since 1970.
    pub(super) created: i64,
}

impl About {
    pub(super) fn new(now: Timestamp) -> Self {
        let id = format!("chatcmpl-{:016x}{:08x}", fastrand::u64(..), fastrand::u32(..));
        Self { id, created: now.seconds() }
    }
}

pub(super) fn completion(reply: Reply, about: &About, mut notes: Vec<String>) -> Value {
    let usage = usage(&reply);
    notes.extend(reply.notes);
    json!({
        "id": about.id,
        "object": "chat.completion",
        "created": about.created,
        "model": reply.model_id,
        "choices": [{
            "index": 0,
            "message": message(&reply.message),
            "finish_reason": finish_reason(reply.stop),
            "logprobs": null,
        }],
        "usage": usage,
        "eco_coder": extra(reply.cost_usd, &reply.normalized, &reply.routing, &notes),
    })
}

/// What OpenAI's form has no place for. Clients keep or ignore what they do not know.
pub(super) fn extra(
    cost_usd: Option<f64>,
    normalized: &[Change],
    routing: &[String],
    notes: &[String],
) -> Value {
    let mut extra = json!({"cost_usd": cost_usd, "normalized": normalized, "notes": notes});
    if !routing.is_empty() {
        extra["routing"] = json!(routing);
    }
    extra
}

fn message(message: &Message) -> Value {
    let text = message.text();
    let calls: Vec<Value> = message.tool_uses().map(tool_call).collect();
    let content = if text.is_empty() && !calls.is_empty() { Value::Null } else { text.into() };
    let mut said = json!({"role": "assistant", "content": content, "refusal": null});
    if !calls.is_empty() {
        said["tool_calls"] = Value::Array(calls);
    }
    said
}

fn tool_call(tool_use: &ToolUse) -> Value {
    let arguments = tool_use.input.to_string();
    json!({"id": tool_use.id, "type": "function", "function": {"name": tool_use.name, "arguments": arguments}})
}

pub(super) fn finish_reason(stop: StopReason) -> &'static str {
    match stop {
        StopReason::ToolUse => "tool_calls",
        StopReason::MaxTokens | StopReason::ContextWindowExceeded => "length",
        StopReason::GuardrailIntervened | StopReason::ContentFiltered => "content_filter",
        // OpenAI's form knows no other.
        StopReason::EndTurn
        | StopReason::StopSequence
        | StopReason::MalformedModelOutput
        | StopReason::MalformedToolUse
        | StopReason::Unknown => "stop",
    }
}

pub(super) fn usage(reply: &Reply) -> Value {
    let tokens = Tokens::of(reply);
    json!({
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.total,
        "prompt_tokens_details": {"cached_tokens": tokens.cache_read},
    })
}
