//! From a call to the body of a Converse request.
//!
//! Keys come in one order always: a prompt whose bytes differ is not found in the provider's cache.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::parameters::{self, InferenceConfig};
use super::sorted::Sorted;
use crate::catalog::Model;
use crate::json::{self, Text};
use crate::pieces::Pieces;
use crate::{
    Block, Call, Cause, Change, Conversation, ModelError, Role, ToolChoice, ToolResult, ToolUse,
};

/// Converse refuses empty texts.
const NOTHING: &str = "(nothing)";

/// A body, and what of the call it does not hold as it was told.
pub(super) struct Written {
    pub(super) body: Pieces,
    pub(super) changes: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Content<'a>>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    inference_config: InferenceConfig<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: Role,
    content: Vec<Content<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Content<'a> {
    Text(Text<'a>),
    #[serde(rename = "reasoningContent")]
    Thought(Reasoning<'a>),
    #[serde(rename_all = "camelCase")]
    ToolUse {
        tool_use_id: &'a str,
        name: &'a str,
        input: Sorted<'a>,
    },
    #[serde(rename_all = "camelCase")]
    ToolResult {
        tool_use_id: &'a str,
        content: [ResultContent<'a>; 1],
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    CachePoint(CachePoint),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Reasoning<'a> {
    ReasoningText { text: &'a str, signature: &'a str },
    RedactedContent(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum ResultContent<'a> {
    Json(Sorted<'a>),
    Text(Cow<'a, str>),
}

/// Up to here, the prompt may be kept for five minutes.
#[derive(Serialize)]
struct CachePoint {
    r#type: &'static str,
}

const CACHE_POINT: CachePoint = CachePoint { r#type: "default" };

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Tool<'a> {
    #[serde(rename_all = "camelCase")]
    ToolSpec {
        name: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        description: &'a str,
        input_schema: Schema<'a>,
    },
    CachePoint(CachePoint),
}

#[derive(Serialize)]
struct Schema<'a> {
    json: Sorted<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Choice<'a> {
    Any {},
    Tool { name: &'a str },
}

pub(super) fn write(call: &Call, model: &Model) -> Result<Written, ModelError> {
    let conversation = &*call.conversation;
    let mut changes = Vec::new();
    let body = Body {
        tool_config: tools(conversation, &call.parameters.tool_choice, model, &mut changes),
        system: system(conversation, model),
        messages: messages(conversation, model),
        inference_config: parameters::inference(&call.parameters, model, &mut changes),
    };
    // Growing a buffer of 200 KB from nothing copies it twice.
    let length = 4096 + text_length(conversation);
    let body = json::to_pieces(&body, length, conversation).map_err(|error| {
        ModelError::new(Cause::BadRequest, format!("the conversation cannot be sent: {error}"))
    })?;
    Ok(Written { body, changes })
}

/// About; escapes and tool uses come on top.
fn text_length(conversation: &Conversation) -> usize {
    let blocks = conversation.messages.iter().flat_map(|message| &message.content);
    let written = |text: &str| text.len() + text.len() / 16 + 64;
    let length = |block: &Block| match block {
        // It goes as it came.
        Block::Text(words) if words.literal().is_some() => 64,
        Block::Text(words) => written(words),
        Block::Reasoning { text, .. } | Block::RedactedReasoning(text) => written(text),
        Block::ToolUse(_) | Block::ToolResult(_) => 1024,
    };
    conversation.system.len() + 512 * conversation.tools.len() + blocks.map(length).sum::<usize>()
}

fn system<'a>(conversation: &'a Conversation, model: &Model) -> Vec<Content<'a>> {
    if conversation.system.trim().is_empty() {
        return Vec::new();
    }
    let cached = model.caches.then_some(Content::CachePoint(CACHE_POINT));
    [Content::Text(conversation.system.as_str().into())].into_iter().chain(cached).collect()
}

fn tools<'a>(
    conversation: &'a Conversation,
    choice: &'a ToolChoice,
    model: &Model,
    changes: &mut Vec<Change>,
) -> Option<ToolConfig<'a>> {
    if conversation.tools.is_empty() {
        return None;
    }
    let tool_choice = match choice {
        ToolChoice::Auto => None,
        ToolChoice::Any => Some(Choice::Any {}),
        ToolChoice::Tool(name) => Some(Choice::Tool { name }),
        // Converse has no word for it. Without tools nothing can be called, but uses in the past need their tools.
        ToolChoice::None if !conversation.speaks_of_tools() => return None,
        ToolChoice::None => {
            let reason = "Converse cannot forbid tools that the conversation has used";
            let (none, auto) = ("none".into(), "auto".into());
            changes.push(parameters::change("tool_choice", none, auto, reason));
            None
        }
    };
    let tool = |tool: &'a contract::ToolSpec| Tool::ToolSpec {
        name: &tool.name,
        description: &tool.description,
        input_schema: Schema { json: Sorted(&tool.input_schema) },
    };
    let cached = model.caches_tools.then_some(Tool::CachePoint(CACHE_POINT));
    let tools = conversation.tools.iter().map(tool).chain(cached).collect();
    Some(ToolConfig { tools, tool_choice })
}

fn messages<'a>(conversation: &'a Conversation, model: &Model) -> Vec<Message<'a>> {
    let mut messages: Vec<Message<'a>> = conversation
        .messages
        .iter()
        .map(|message| Message {
            role: message.role,
            content: content(&message.content, message.role, model),
        })
        .collect();
    // Of the four points that a request may have this is the third: what was said so far is read again next turn.
    let goes_on = model.caches && !conversation.tools.is_empty();
    if let Some(last) = messages.last_mut().filter(|last| goes_on && last.role == Role::User) {
        last.content.push(Content::CachePoint(CACHE_POINT));
    }
    messages
}

fn content<'a>(blocks: &'a [Block], role: Role, model: &Model) -> Vec<Content<'a>> {
    let mut content: Vec<Content<'a>> =
        blocks.iter().filter_map(|block| content_block(block, model)).collect();
    if content.is_empty() {
        content.push(Content::Text(NOTHING.into()));
    }
    if role == Role::User {
        // Claude wants the results before anything else that the user says.
        content.sort_by_key(|block| !matches!(block, Content::ToolResult { .. }));
    }
    content
}

/// Claude signs its reasoning and refuses what it did not sign; other vendors refuse what Claude signed. A fallback is
/// told the words and not the thoughts of the model before it.
fn content_block<'a>(block: &'a Block, model: &Model) -> Option<Content<'a>> {
    let signs = model.vendor == "anthropic";
    match block {
        Block::Text(words) if words.is_blank() => None,
        Block::Text(words) => Some(Content::Text(Text::of(words))),
        Block::Reasoning { text, signature: Some(signature) } if signs => {
            Some(Content::Thought(Reasoning::ReasoningText { text, signature }))
        }
        Block::RedactedReasoning(base64) if signs => {
            Some(Content::Thought(Reasoning::RedactedContent(base64)))
        }
        Block::Reasoning { .. } | Block::RedactedReasoning(_) => None,
        Block::ToolUse(ToolUse { id, name, input }) => {
            Some(Content::ToolUse { tool_use_id: id, name, input: Sorted(input) })
        }
        Block::ToolResult(result) => Some(tool_result(result, model)),
    }
}

fn tool_result<'a>(result: &'a ToolResult, model: &Model) -> Content<'a> {
    let content = match &result.content {
        Value::Object(_) if !result.is_error => ResultContent::Json(Sorted(&result.content)),
        Value::String(text) if text.trim().is_empty() => ResultContent::Text(NOTHING.into()),
        Value::String(text) => ResultContent::Text(text.as_str().into()),
        other => ResultContent::Text(other.to_string().into()),
    };
    let status = if result.is_error { "error" } else { "success" };
    Content::ToolResult {
        tool_use_id: &result.tool_use_id,
        content: [content],
        status: model.takes_tool_status.then_some(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::assert_sent_alike;

    #[tokio::test]
    async fn a_text_that_is_held_as_json_is_sent_as_the_same_text() {
        assert_sent_alike(|call| {
            write(call, &call.known("us.amazon.nova-2-lite-v1:0")).unwrap().body
        });
    }
}
