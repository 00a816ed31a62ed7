//! A call as the body of a request to the Messages API: <https://docs.claude.com/en/api/messages>.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::Settings;
use crate::call::{Call, ToolChoice};
use crate::conversation::{Block, Conversation, Role, ToolResult};
use crate::error::{Cause, ModelError};
use crate::json::{self, Text};
use crate::pieces::Pieces;

/// The service refuses empty texts.
const NOTHING: &str = "(nothing)";
/// Without long texts.
const USUAL_LENGTH: usize = 4096;

pub(super) fn body(
    call: &Call,
    model: &str,
    settings: &Settings,
    stream: bool,
) -> Result<Pieces, ModelError> {
    let (conversation, parameters) = (&call.conversation, &call.parameters);
    let caches = settings.caches;
    let body = Body {
        model,
        max_tokens: parameters.max_tokens.unwrap_or(settings.max_tokens),
        system: system(conversation, caches),
        tools: tools(conversation, caches),
        tool_choice: (!conversation.tools.is_empty())
            .then(|| tool_choice(&parameters.tool_choice))
            .flatten(),
        messages: messages(conversation, caches),
        temperature: parameters.temperature,
        top_p: parameters.top_p,
        stop_sequences: &parameters.stop_sequences,
        stream,
    };
    json::to_pieces(&body, USUAL_LENGTH, conversation).map_err(|error| {
        ModelError::new(Cause::BadRequest, format!("the conversation cannot be sent: {error}"))
    })
}

/// In the order in which the cache reads: tools, system, messages.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[Content<'a>; 1]>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: Role,
    content: Vec<Content<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'a> {
    Text {
        text: Text<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a Value,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: Cow<'a, str>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choice<'a> {
    Any,
    Tool { name: &'a str },
    None,
}

/// Up to here, the prompt may be kept for five minutes.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum CacheControl {
    Ephemeral,
}

fn system(conversation: &Conversation, caches: bool) -> Option<[Content<'_>; 1]> {
    let text = conversation.system.as_str();
    let cache_control = caches.then_some(CacheControl::Ephemeral);
    (!text.trim().is_empty()).then(|| [Content::Text { text: text.into(), cache_control }])
}

fn tools(conversation: &Conversation, caches: bool) -> Vec<Tool<'_>> {
    let last = conversation.tools.len().saturating_sub(1);
    let tools = conversation.tools.iter().enumerate().map(|(index, tool)| Tool {
        name: &tool.name,
        description: &tool.description,
        input_schema: &tool.input_schema,
        cache_control: (caches && index == last).then_some(CacheControl::Ephemeral),
    });
    tools.collect()
}

fn tool_choice(choice: &ToolChoice) -> Option<Choice<'_>> {
    match choice {
        ToolChoice::Auto => None,
        ToolChoice::Any => Some(Choice::Any),
        ToolChoice::Tool(name) => Some(Choice::Tool { name }),
        ToolChoice::None => Some(Choice::None),
    }
}

fn messages(conversation: &Conversation, caches: bool) -> Vec<Message<'_>> {
    let mut messages: Vec<Message> = conversation
        .messages
        .iter()
        .map(|message| Message {
            role: message.role,
            content: content(&message.content, message.role),
        })
        .collect();
    if let Some(last) = messages.last_mut() {
        match last.role {
            // Of the four points that a request may have this is the third: what was said so far is read again next turn.
            Role::User if caches && !conversation.tools.is_empty() => {
                if let Some(block) = last.content.last_mut() {
                    keep(block);
                }
            }
            Role::User => {}
            // A reply that was begun is refused if it ends in white space.
            Role::Assistant => {
                if let Some(Content::Text { text, .. }) = last.content.last_mut() {
                    text.trim_end();
                }
            }
        }
    }
    messages
}

fn keep(block: &mut Content<'_>) {
    if let Content::Text { cache_control, .. } | Content::ToolResult { cache_control, .. } = block {
        *cache_control = Some(CacheControl::Ephemeral);
    }
}

fn content(blocks: &[Block], role: Role) -> Vec<Content<'_>> {
    let mut content: Vec<Content> = blocks.iter().filter_map(block).collect();
    if content.is_empty() {
        content.push(Content::Text { text: NOTHING.into(), cache_control: None });
    }
    if role == Role::User {
        // The results come before anything else that the user says.
        content.sort_by_key(|block| !matches!(block, Content::ToolResult { .. }));
    }
    content
}

fn block(block: &Block) -> Option<Content<'_>> {
    Some(match block {
        Block::Text(words) if words.is_blank() => return None,
        Block::Text(words) => Content::Text { text: Text::of(words), cache_control: None },
        // A thought that is not signed is another model's, and would be refused.
        Block::Reasoning { text, signature } => {
            Content::Thinking { thinking: text, signature: signature.as_deref()? }
        }
        Block::RedactedReasoning(data) => Content::RedactedThinking { data },
        Block::ToolUse(tool) => {
            Content::ToolUse { id: &tool.id, name: &tool.name, input: &tool.input }
        }
        Block::ToolResult(result) => Content::ToolResult {
            tool_use_id: &result.tool_use_id,
            content: result_text(result),
            is_error: result.is_error,
            cache_control: None,
        },
    })
}

fn result_text(result: &ToolResult) -> Cow<'_, str> {
    match &result.content {
        Value::String(text) if text.trim().is_empty() => NOTHING.into(),
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::assert_sent_alike;

    #[tokio::test]
    async fn a_text_that_is_held_as_json_is_sent_as_the_same_text() {
        assert_sent_alike(|call| {
            body(call, "m", &Settings::new("key".to_owned().into()), false).unwrap()
        });
    }
}
