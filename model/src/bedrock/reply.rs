//! From what Converse answers to a reply.

use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{self as sdk, ContentBlock, ReasoningContentBlock};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::document::value;
use crate::catalog::Model;
use crate::{Block, Cause, ModelError, Reply, StopReason, ToolUse, Usage};

pub(super) fn read(
    output: ConverseOutput,
    model: &Model,
    mut notes: Vec<String>,
) -> Result<Reply, ModelError> {
    let usage = output.usage().map(usage);
    let stop = stop(output.stop_reason());
    let Some(sdk::ConverseOutput::Message(message)) = output.output else {
        return Err(ModelError::new(
            Cause::Service,
            format!("{} answered without a message", model.id),
        ));
    };
    let blocks = message.content.len();
    let content: Vec<Block> = message.content.into_iter().filter_map(block).collect();
    if content.len() < blocks {
        notes.push(format!(
            "{} blocks of the reply are of a kind that this version does not know",
            blocks - content.len()
        ));
    }
    let mut reply = Reply::new(&model.id, content, stop);
    reply.usage = usage.unwrap_or_default();
    // Without a count of tokens there is no cost to state, and none is not the same as nothing.
    reply.cost_usd = usage.and_then(|usage| model.cost(usage));
    reply.notes = notes;
    Ok(reply)
}

fn block(block: ContentBlock) -> Option<Block> {
    match block {
        ContentBlock::Text(text) => Some(Block::Text(text)),
        ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(reasoning)) => {
            Some(Block::Reasoning { text: reasoning.text, signature: reasoning.signature })
        }
        ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(bytes)) => {
            Some(Block::RedactedReasoning(BASE64.encode(bytes)))
        }
        ContentBlock::ToolUse(tool_use) => Some(Block::ToolUse(ToolUse {
            input: value(&tool_use.input),
            id: tool_use.tool_use_id,
            name: tool_use.name,
        })),
        _ => None,
    }
}

fn stop(reason: &sdk::StopReason) -> StopReason {
    match reason {
        sdk::StopReason::EndTurn => StopReason::EndTurn,
        sdk::StopReason::ToolUse => StopReason::ToolUse,
        sdk::StopReason::MaxTokens => StopReason::MaxTokens,
        sdk::StopReason::StopSequence => StopReason::StopSequence,
        sdk::StopReason::GuardrailIntervened => StopReason::GuardrailIntervened,
        sdk::StopReason::ContentFiltered => StopReason::ContentFiltered,
        sdk::StopReason::MalformedModelOutput => StopReason::MalformedModelOutput,
        sdk::StopReason::MalformedToolUse => StopReason::MalformedToolUse,
        sdk::StopReason::ModelContextWindowExceeded => StopReason::ContextWindowExceeded,
        _ => StopReason::Unknown,
    }
}

/// `inputTokens` does not include what the cache read or wrote.
fn usage(usage: &sdk::TokenUsage) -> Usage {
    let count = |tokens: i32| u64::try_from(tokens).unwrap_or(0);
    Usage {
        input_tokens: count(usage.input_tokens),
        output_tokens: count(usage.output_tokens),
        cache_read_tokens: count(usage.cache_read_input_tokens.unwrap_or(0)),
        cache_write_tokens: count(usage.cache_write_input_tokens.unwrap_or(0)),
    }
}
