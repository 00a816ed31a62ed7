//! From the body of a Converse answer to a reply.

use serde::Deserialize;
use serde_json::Value;

use crate::catalog::Model;
use crate::{Block, Cause, ModelError, Reply, StopReason, ToolUse, Usage};

pub(super) const LONGEST_RAW: usize = 2048;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    output: Option<Output>,
    stop_reason: Option<String>,
    usage: Option<TokenUsage>,
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

/// `inputTokens` does not include what the cache read or wrote.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenUsage {
    #[serde(rename = "inputTokens")]
    input: u64,
    #[serde(rename = "outputTokens")]
    output: u64,
    #[serde(rename = "cacheReadInputTokens")]
    cache_read: Option<u64>,
    #[serde(rename = "cacheWriteInputTokens")]
    cache_write: Option<u64>,
}

impl From<TokenUsage> for Usage {
    fn from(usage: TokenUsage) -> Self {
        Self {
            input_tokens: usage.input,
            output_tokens: usage.output,
            cache_read_tokens: usage.cache_read.unwrap_or(0),
            cache_write_tokens: usage.cache_write.unwrap_or(0),
        }
    }
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
    reply.usage_is_estimated = answer.usage.is_none();
    // Without a count of tokens there is no cost to state, and none is not the same as nothing.
    if let Some(usage) = answer.usage.map(Usage::from) {
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
        return Ok(Known::Block(Block::Text(text)));
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
    let mut text = String::from_utf8_lossy(beginning).into_owned();
    // A character that the limit cuts grows by its replacement.
    while text.len() > LONGEST_RAW {
        text.pop();
    }
    text
}
