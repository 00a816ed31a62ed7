//! What the Messages API answers, and its parts that streams share.

use serde::Deserialize;
use serde_json::Value;

use crate::conversation::{Block, ToolUse};
use crate::error::{Cause, ModelError};
use crate::reply::{Reply, StopReason, Usage};

/// A whole answer.
#[derive(Deserialize)]
pub(super) struct Message {
    content: Vec<Content>,
    stop_reason: Option<String>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Content {
    Text {
        text: String,
    },
    Thinking {
        thinking: String,
        #[serde(default)]
        signature: Option<String>,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Value,
    },
    #[serde(other)]
    Unknown,
}

/// Tokens. `input_tokens` does not include what the cache read or wrote.
#[derive(Default, Deserialize)]
pub(crate) struct Counts {
    #[serde(rename = "input_tokens")]
    input: Option<u64>,
    #[serde(rename = "output_tokens")]
    output: Option<u64>,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_write: Option<u64>,
}

impl Message {
    pub(super) fn reply(self, model: &str) -> Result<Reply, ModelError> {
        let blocks = self.content.len();
        let content: Vec<Block> = self.content.into_iter().filter_map(Content::block).collect();
        let unknown = blocks - content.len();
        if let Some(tool) = content.iter().find_map(not_an_object) {
            let message = format!("the input of {tool} is no JSON object");
            return Err(ModelError::new(Cause::MalformedToolUse, message));
        }
        let mut reply = Reply::new(model, content, stop(self.stop_reason.as_deref()));
        reply.usage_is_estimated = self.usage.is_none();
        self.usage.unwrap_or_default().add_to(&mut reply.usage);
        reply.notes.extend(unknown_blocks(unknown));
        Ok(reply)
    }
}

impl Content {
    fn block(self) -> Option<Block> {
        Some(match self {
            Self::Text { text } => Block::Text(text.into()),
            Self::Thinking { thinking, signature } => {
                Block::Reasoning { text: thinking, signature }
            }
            Self::RedactedThinking { data } => Block::RedactedReasoning(data),
            Self::ToolUse { id, name, input } => Block::ToolUse(ToolUse { id, name, input }),
            Self::Unknown => return None,
        })
    }
}

impl Counts {
    /// Later counts of a stream replace earlier ones.
    pub(crate) fn add_to(&self, usage: &mut Usage) {
        let fields = [
            (self.input, &mut usage.input_tokens),
            (self.output, &mut usage.output_tokens),
            (self.cache_read, &mut usage.cache_read_tokens),
            (self.cache_write, &mut usage.cache_write_tokens),
        ];
        for (counted, field) in fields {
            *field = counted.unwrap_or(*field);
        }
    }
}

fn not_an_object(block: &Block) -> Option<&str> {
    match block {
        Block::ToolUse(tool) if !tool.input.is_object() => Some(&tool.name),
        _ => None,
    }
}

pub(super) fn unknown_blocks(count: usize) -> Option<String> {
    let said = "blocks of the reply are of a kind that this version does not know";
    (count > 0).then(|| format!("{count} {said}"))
}

/// <https://docs.claude.com/en/build-with-claude/handling-stop-reasons>
pub(crate) fn stop(reason: Option<&str>) -> StopReason {
    match reason {
        Some("end_turn") => StopReason::EndTurn,
        Some("max_tokens") => StopReason::MaxTokens,
        Some("stop_sequence") => StopReason::StopSequence,
        Some("tool_use") => StopReason::ToolUse,
        Some("refusal") => StopReason::ContentFiltered,
        Some("model_context_window_exceeded") => StopReason::ContextWindowExceeded,
        // `pause_turn` comes only with tools that run at the service, and none is asked for.
        _ => StopReason::Unknown,
    }
}
