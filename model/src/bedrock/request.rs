//! From a conversation to a Converse request.

use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseFluentBuilder;
use aws_sdk_bedrockruntime::primitives::Blob;
use aws_sdk_bedrockruntime::types::{
    CachePointBlock, CachePointType, ContentBlock, ConversationRole, InferenceConfiguration,
    Message, ReasoningContentBlock, ReasoningTextBlock, SystemContentBlock, Tool,
    ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolResultStatus,
    ToolSpecification, ToolUseBlock,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::Settings;
use super::document::document;
use super::refusal::Refusal;
use crate::catalog::{Model, Takes};
use crate::{Block, Cause, Conversation, ModelError, Role, ToolResult};

/// Converse refuses empty texts.
const NOTHING: &str = "(nothing)";

pub(super) fn build(
    client: &Client,
    conversation: &Conversation,
    model: &Model,
    takes: Takes,
    settings: &Settings,
) -> Result<ConverseFluentBuilder, Refusal> {
    let messages = messages(conversation, model).map_err(|error| unfit(&error))?;
    let tools = tools(conversation, model).map_err(|error| unfit(&error))?;
    Ok(client
        .converse()
        .model_id(&model.id)
        .set_system(system(conversation, model))
        .set_messages(Some(messages))
        .set_tool_config(tools)
        .inference_config(inference(model, takes, settings)))
}

fn unfit(error: &BuildError) -> Refusal {
    Refusal::last(ModelError::new(
        Cause::BadRequest,
        format!("the conversation cannot be sent: {error}"),
    ))
}

fn inference(model: &Model, takes: Takes, settings: &Settings) -> InferenceConfiguration {
    let max_tokens = settings.max_tokens.min(model.max_output_tokens.unwrap_or(u32::MAX));
    InferenceConfiguration::builder()
        .max_tokens(i32::try_from(max_tokens).unwrap_or(i32::MAX))
        .set_temperature(takes.temperature.then_some(settings.temperature))
        .set_top_p((takes.top_p && (takes.both || !takes.temperature)).then_some(settings.top_p))
        .build()
}

fn system(conversation: &Conversation, model: &Model) -> Option<Vec<SystemContentBlock>> {
    if conversation.system.trim().is_empty() {
        return None;
    }
    let mut blocks = vec![SystemContentBlock::Text(conversation.system.clone())];
    blocks.extend(model.caches.then(cache_point).flatten().map(SystemContentBlock::CachePoint));
    Some(blocks)
}

fn tools(
    conversation: &Conversation,
    model: &Model,
) -> Result<Option<ToolConfiguration>, BuildError> {
    if conversation.tools.is_empty() {
        return Ok(None);
    }
    let mut tools = Vec::with_capacity(conversation.tools.len() + 1);
    for tool in &conversation.tools {
        let specification = ToolSpecification::builder()
            .name(&tool.name)
            .set_description(
                Some(tool.description.clone()).filter(|description| !description.is_empty()),
            )
            .input_schema(ToolInputSchema::Json(document(&tool.input_schema)));
        tools.push(Tool::ToolSpec(specification.build()?));
    }
    tools.extend(model.caches_tools.then(cache_point).flatten().map(Tool::CachePoint));
    ToolConfiguration::builder().set_tools(Some(tools)).build().map(Some)
}

fn messages(conversation: &Conversation, model: &Model) -> Result<Vec<Message>, BuildError> {
    let last = conversation.messages.len().saturating_sub(1);
    let mut messages = Vec::new();
    for (index, message) in conversation.messages.iter().enumerate() {
        let mut content = content(&message.content, message.role, model)?;
        // Of the four points that a request may have this is the third: what was said so far is read again next turn.
        if index == last
            && message.role == Role::User
            && model.caches
            && !conversation.tools.is_empty()
        {
            content.extend(cache_point().map(ContentBlock::CachePoint));
        }
        messages
            .push(Message::builder().role(role(message.role)).set_content(Some(content)).build()?);
    }
    Ok(messages)
}

fn role(role: Role) -> ConversationRole {
    match role {
        Role::User => ConversationRole::User,
        Role::Assistant => ConversationRole::Assistant,
    }
}

fn content(blocks: &[Block], role: Role, model: &Model) -> Result<Vec<ContentBlock>, BuildError> {
    let mut content = Vec::new();
    for block in blocks {
        content.extend(content_block(block, model)?);
    }
    if content.is_empty() {
        content.push(ContentBlock::Text(NOTHING.to_owned()));
    }
    if role == Role::User {
        // Claude wants the results before anything else that the user says.
        content.sort_by_key(|block| !matches!(block, ContentBlock::ToolResult(_)));
    }
    Ok(content)
}

fn content_block(block: &Block, model: &Model) -> Result<Option<ContentBlock>, BuildError> {
    Ok(match block {
        Block::Text(text) if text.trim().is_empty() => None,
        Block::Text(text) => Some(ContentBlock::Text(text.clone())),
        Block::Reasoning { text, signature } => reasoning(text, signature.as_deref(), model)?,
        Block::RedactedReasoning(base64) => redacted(base64, model),
        Block::ToolUse(tool_use) => {
            let block = ToolUseBlock::builder()
                .tool_use_id(&tool_use.id)
                .name(&tool_use.name)
                .input(document(&tool_use.input));
            Some(ContentBlock::ToolUse(block.build()?))
        }
        Block::ToolResult(result) => Some(ContentBlock::ToolResult(tool_result(result, model)?)),
    })
}

/// Claude signs its reasoning and refuses what it did not sign; other vendors refuse what Claude signed. Either way a
/// fallback is told the words and not the thoughts of the model before it.
fn reasoning(
    text: &str,
    signature: Option<&str>,
    model: &Model,
) -> Result<Option<ContentBlock>, BuildError> {
    if signature.is_some() != (model.vendor == "anthropic") {
        return Ok(None);
    }
    let block = ReasoningTextBlock::builder()
        .text(text)
        .set_signature(signature.map(str::to_owned))
        .build()?;
    Ok(Some(ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(block))))
}

fn redacted(base64: &str, model: &Model) -> Option<ContentBlock> {
    let bytes = BASE64.decode(base64).ok().filter(|_| model.vendor == "anthropic")?;
    Some(ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(Blob::new(bytes))))
}

fn tool_result(result: &ToolResult, model: &Model) -> Result<ToolResultBlock, BuildError> {
    let status = if result.is_error { ToolResultStatus::Error } else { ToolResultStatus::Success };
    let content = match &result.content {
        Value::Object(_) if !result.is_error => {
            ToolResultContentBlock::Json(document(&result.content))
        }
        Value::String(text) if text.trim().is_empty() => {
            ToolResultContentBlock::Text(NOTHING.to_owned())
        }
        Value::String(text) => ToolResultContentBlock::Text(text.clone()),
        other => ToolResultContentBlock::Text(other.to_string()),
    };
    ToolResultBlock::builder()
        .tool_use_id(&result.tool_use_id)
        .content(content)
        .set_status(model.takes_tool_status.then_some(status))
        .build()
}

/// Up to here, the prompt may be kept for five minutes.
fn cache_point() -> Option<CachePointBlock> {
    CachePointBlock::builder().r#type(CachePointType::Default).build().ok()
}
