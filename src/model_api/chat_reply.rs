//! A reply in OpenAI's form.

use contract::Timestamp;
use model::invoke::Tokens;
use model::json::{self, Text};
use model::{Block, Change, Message, Reply, StopReason, ToolUse};
use serde::Serialize;

/// What there is around the text of an answer, and its escapes; growing beyond copies it.
const USUAL_LENGTH: usize = 1024;

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

/// A whole answer as JSON.
pub(super) fn completion(reply: &Reply, about: &About) -> Vec<u8> {
    let text = reply.message.text();
    let capacity = USUAL_LENGTH + text.len();
    let completion = Completion {
        id: &about.id,
        object: "chat.completion",
        created: about.created,
        model: &reply.model_id,
        choices: [Choice {
            index: 0,
            message: Said::of(&reply.message, text),
            finish_reason: finish_reason(reply.stop),
            logprobs: None,
        }],
        usage: usage(reply),
        eco_coder: extra(reply),
    };
    // It cannot fail: no map in it has a key that is no text.
    json::to_vec(&completion, capacity).unwrap_or_default()
}

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: Usage,
    eco_coder: Extra<'a>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u8,
    message: Said<'a>,
    finish_reason: &'static str,
    /// Not known here.
    logprobs: Option<()>,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    /// Null where only tools are called.
    content: Option<Text<'a>>,
    /// Not `OpenAI`'s; as its streams are told here.
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning_content: String,
    /// Part of the text here.
    refusal: Option<()>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'a>>,
}

impl<'a> Said<'a> {
    fn of(message: &'a Message, text: String) -> Self {
        let tool_calls: Vec<ToolCall> = message.tool_uses().map(ToolCall::of).collect();
        let says = !text.is_empty() || tool_calls.is_empty();
        let content = says.then(|| text.into());
        let reasoning_content = message.content.iter().filter_map(thought).collect();
        Self { role: "assistant", content, reasoning_content, refusal: None, tool_calls }
    }
}

fn thought(block: &Block) -> Option<&str> {
    match block {
        Block::Reasoning { text, .. } => Some(text),
        _ => None,
    }
}

#[derive(Serialize)]
struct ToolCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: Text<'a>,
}

impl<'a> ToolCall<'a> {
    fn of(tool_use: &'a ToolUse) -> Self {
        let arguments = tool_use.input.to_string().into();
        let function = Called { name: &tool_use.name, arguments };
        Self { id: &tool_use.id, r#type: "function", function }
    }
}

/// What OpenAI's form has no place for. Clients keep or ignore what they do not know.
#[derive(Serialize)]
pub(super) struct Extra<'a> {
    cost_usd: Option<f64>,
    normalized: &'a [Change],
    notes: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    routing: &'a [String],
}

pub(super) fn extra(reply: &Reply) -> Extra<'_> {
    let Reply { cost_usd, normalized, notes, routing, .. } = reply;
    Extra { cost_usd: *cost_usd, normalized, notes, routing }
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

#[derive(Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: Details,
}

#[derive(Serialize)]
struct Details {
    cached_tokens: u64,
}

pub(super) fn usage(reply: &Reply) -> Usage {
    let tokens = Tokens::of(reply);
    Usage {
        prompt_tokens: tokens.input,
        completion_tokens: tokens.output,
        total_tokens: tokens.total,
        prompt_tokens_details: Details { cached_tokens: tokens.cache_read },
    }
}

#[cfg(test)]
mod tests {
    use model::{Block, StopReason};
    use serde_json::{Value, json};

    use super::*;

    fn answered(content: Vec<Block>, stop: StopReason) -> String {
        let mut reply = Reply::new("m", content, stop);
        reply.cost_usd = Some(0.5);
        reply.notes = vec!["b".to_owned()];
        let about = About { id: "chatcmpl-1".to_owned(), created: 9 };
        String::from_utf8(completion(&reply, &about)).unwrap()
    }

    #[test]
    fn a_text_is_answered_in_openais_form() {
        let answer = answered(vec![Block::Text("Say \"hi\".\n".into())], StopReason::EndTurn);
        insta::assert_snapshot!(answer, @r#"{"id":"chatcmpl-1","object":"chat.completion","created":9,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Say \"hi\".\n","refusal":null},"finish_reason":"stop","logprobs":null}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0}},"eco_coder":{"cost_usd":0.5,"normalized":[],"notes":["b"]}}"#);
    }

    #[test]
    fn a_call_of_a_tool_alone_has_no_text() {
        let input = json!({"at": "a \"b\""});
        let tool_use =
            ToolUse { id: "1".to_owned(), name: "look".to_owned(), input: input.clone() };
        let thought = Block::Reasoning { text: "Where?".to_owned(), signature: None };
        let answer = answered(vec![thought, Block::ToolUse(tool_use)], StopReason::ToolUse);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let message = &answer["choices"][0]["message"];
        assert_eq!(message["content"], Value::Null);
        assert_eq!(message["reasoning_content"], "Where?");
        let function = &message["tool_calls"][0]["function"];
        assert_eq!(function["name"], "look");
        let arguments = function["arguments"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(arguments).unwrap(), input);
    }
}
