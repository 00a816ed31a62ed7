//! From the body of a Converse answer to a reply.

use serde::Deserialize;
use serde_json::Value;

use crate::catalog::Model;
use crate::service::lossy;
use crate::{Block, Cause, ModelError, Reply, StopReason, ToolUse, Usage};

pub(super) const LONGEST_RAW: usize = 2048;
/// Converse counts in integers of 32 bits.
const MOST_TOKENS: u64 = i32::MAX as u64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    output: Option<Output>,
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Output {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Vec<ContentBlock>,
}

/// A union: one of these, or a kind that this version does not know.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentBlock {
    text: Option<String>,
    reasoning_content: Option<ReasoningContent>,
    tool_use: Option<ToolUseBlock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningContent {
    reasoning_text: Option<ReasoningText>,
    redacted_content: Option<String>,
}

#[derive(Deserialize)]
struct ReasoningText {
    text: String,
    signature: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUseBlock {
    tool_use_id: String,
    name: String,
    #[serde(default)]
    input: Value,
}

/// What the service counted; `None` where it did not, or not by numbers that it may send. A wild count must neither
/// end a reply that is there nor spend a budget, and a missing one must not make it free.
///
/// `inputTokens` does not include what the cache read or wrote.
pub(super) fn usage(told: &Value) -> Option<Usage> {
    let count = |name: &str| told.get(name)?.as_u64().filter(|count| *count <= MOST_TOKENS);
    let cached = |name: &str| match told.get(name) {
        None | Some(Value::Null) => Some(0),
        Some(_) => count(name),
    };
    Some(Usage {
        input_tokens: count("inputTokens")?,
        output_tokens: count("outputTokens")?,
        cache_read_tokens: cached("cacheReadInputTokens")?,
        cache_write_tokens: cached("cacheWriteInputTokens")?,
    })
}

pub(super) fn read(body: &[u8], model: &Model) -> Result<Reply, ModelError> {
    let unreadable = |text: String| ModelError::new(Cause::Unreadable, text);
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| unreadable(format!("Converse's answer: {error}")))?;
    let Some(message) = answer.output.and_then(|output| output.message) else {
        return Err(unreadable(format!("{} answered without a message", model.id)));
    };
    let stop = answer.stop_reason.as_deref().map_or(StopReason::Unknown, stop);
    let mut content = Vec::with_capacity(message.content.len());
    let mut unknown = 0;
    for block in message.content {
        match known(block, stop)? {
            Known::Block(block) => content.push(block),
            Known::Cut => {}
            Known::Not => unknown += 1,
        }
    }
    let mut reply = Reply::new(&model.id, content, stop);
    let usage = usage(&answer.usage);
    reply.usage_is_estimated = usage.is_none();
    // Without a count of tokens there is no cost to state, and none is not the same as nothing.
    if let Some(usage) = usage {
        reply.usage = usage;
        reply.cost_usd = model.cost(usage);
    }
    reply.notes.extend(unknown_blocks(unknown));
    reply.raw = Some(raw(body));
    Ok(reply)
}

enum Known {
    Block(Block),
    /// A tool use that the model had no tokens left for.
    Cut,
    Not,
}

fn known(block: ContentBlock, stop: StopReason) -> Result<Known, ModelError> {
    if let Some(text) = block.text {
        return Ok(Known::Block(Block::Text(text.into())));
    }
    if let Some(reasoning) = block.reasoning_content {
        let readable = reasoning.reasoning_text.map(|reasoning| Block::Reasoning {
            text: reasoning.text,
            signature: reasoning.signature,
        });
        let block = readable.or_else(|| reasoning.redacted_content.map(Block::RedactedReasoning));
        return Ok(block.map_or(Known::Not, Known::Block));
    }
    let Some(ToolUseBlock { tool_use_id: id, name, input }) = block.tool_use else {
        return Ok(Known::Not);
    };
    match input {
        Value::Object(_) => Ok(Known::Block(Block::ToolUse(ToolUse { id, name, input }))),
        Value::Null => {
            let input = Value::Object(serde_json::Map::new());
            Ok(Known::Block(Block::ToolUse(ToolUse { id, name, input })))
        }
        _ if stop == StopReason::MaxTokens => Ok(Known::Cut),
        _ => Err(ModelError::new(
            Cause::MalformedToolUse,
            format!("the input of {name} is no JSON object"),
        )),
    }
}

pub(super) fn stop(reason: &str) -> StopReason {
    match reason {
        "end_turn" => StopReason::EndTurn,
        "tool_use" => StopReason::ToolUse,
        "max_tokens" => StopReason::MaxTokens,
        "stop_sequence" => StopReason::StopSequence,
        "guardrail_intervened" => StopReason::GuardrailIntervened,
        "content_filtered" => StopReason::ContentFiltered,
        "malformed_model_output" => StopReason::MalformedModelOutput,
        "malformed_tool_use" => StopReason::MalformedToolUse,
        "model_context_window_exceeded" => StopReason::ContextWindowExceeded,
        _ => StopReason::Unknown,
    }
}

pub(super) fn unknown_blocks(number: usize) -> Option<String> {
    let text = "blocks of the reply are of a kind that this version does not know";
    (number > 0).then(|| format!("{number} {text}"))
}

/// The beginning of an answer.
pub(super) fn raw(body: &[u8]) -> String {
    let beginning = &body[..body.len().min(LONGEST_RAW)];
    let mut text = lossy(beginning);
    // A character that the limit cuts grows by its replacement.
    while text.len() > LONGEST_RAW {
        text.pop();
    }
    text
}
