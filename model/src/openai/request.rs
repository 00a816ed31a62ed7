//! A call as the body of a request for a chat completion: <https://platform.openai.com/docs/api-reference/chat/create>.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Settings;
use crate::call::{Call, Others, ToolChoice};
use crate::catalog::{Manner, Model};
use crate::conversation::{Block, Conversation, Message, Role, ToolResult, ToolUse};
use crate::error::{Cause, ModelError};
use crate::form::Form;
use crate::json::{self, Text};
use crate::pieces::Pieces;
use crate::words::Words;

/// Without long texts.
const USUAL_LENGTH: usize = 4096;

pub(super) fn body(
    call: &Call,
    model: &Model,
    settings: &Settings,
    stream: bool,
) -> Result<Pieces, ModelError> {
    let (conversation, parameters) = (&call.conversation, &call.parameters);
    let (max_tokens, max_completion_tokens) = match model.manner {
        Manner::MaxCompletionTokens => (None, parameters.max_tokens),
        _ => (parameters.max_tokens, None),
    };
    let tools: Vec<Tool> = conversation.tools.iter().map(Tool::of).collect();
    let body = Body {
        model: &model.id,
        messages: messages(conversation, model.manner),
        tool_choice: (!tools.is_empty()).then(|| Choice::of(&parameters.tool_choice)).flatten(),
        tools,
        max_tokens,
        max_completion_tokens,
        temperature: parameters.temperature,
        top_p: parameters.top_p,
        stop: &parameters.stop_sequences,
        response_format: call.form.as_deref(),
        others: call.others.as_deref(),
        stream,
        stream_options: (stream && settings.asks_usage)
            .then_some(StreamOptions { include_usage: true }),
    };
    json::to_pieces(&body, USUAL_LENGTH, conversation).map_err(|error| {
        ModelError::new(Cause::BadRequest, format!("the conversation cannot be sent: {error}"))
    })
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Told<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a Form>,
    #[serde(flatten)]
    others: Option<&'a Others>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// A message; each result of a tool is one of its own.
#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Told<'a> {
    System {
        content: &'a str,
    },
    User {
        content: Text<'a>,
    },
    Assistant {
        /// Null where it only calls tools.
        content: Option<Text<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: Cow<'a, str>,
    },
}

#[derive(Serialize)]
struct ToolCall<'a> {
    id: &'a str,
    r#type: Function,
    function: Called<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_content: Option<Extra>,
}

/// Google's.
#[derive(Serialize)]
struct Extra {
    google: Signed,
}

#[derive(Serialize)]
struct Signed {
    thought_signature: &'static str,
}

/// For calls whose thoughts Google did not sign, or whose signature nobody kept, as here.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
const UNSIGNED: &str = "skip_thought_signature_validator";

/// The one type of tool.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Function {
    Function,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    #[serde(serialize_with = "as_text")]
    arguments: &'a Value,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: Function,
    function: Declared<'a>,
}

#[derive(Serialize)]
struct Declared<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Tool { r#type: Function, function: Named<'a> },
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

impl<'a> Tool<'a> {
    fn of(tool: &'a contract::ToolSpec) -> Self {
        let function = Declared {
            name: &tool.name,
            description: &tool.description,
            parameters: &tool.input_schema,
        };
        Self { r#type: Function::Function, function }
    }
}

impl<'a> Choice<'a> {
    fn of(choice: &'a ToolChoice) -> Option<Self> {
        match choice {
            ToolChoice::Auto => None,
            ToolChoice::Any => Some(Self::Word("required")),
            ToolChoice::None => Some(Self::Word("none")),
            ToolChoice::Tool(name) => {
                Some(Self::Tool { r#type: Function::Function, function: Named { name } })
            }
        }
    }
}

/// JSON within JSON, as arguments of functions are sent.
fn as_text<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}

fn messages(conversation: &Conversation, manner: Manner) -> Vec<Told<'_>> {
    let mut told = Vec::with_capacity(conversation.messages.len() + 1);
    let content = conversation.system.as_str();
    if !content.trim().is_empty() {
        told.push(Told::System { content });
    }
    for message in &conversation.messages {
        match message.role {
            Role::User => user(message, &mut told),
            Role::Assistant => told.push(assistant(message, manner)),
        }
    }
    told
}

/// The results come right after the message that called the tools, before anything else that the user says.
fn user<'a>(message: &'a Message, told: &mut Vec<Told<'a>>) {
    let before = told.len();
    told.extend(message.content.iter().filter_map(|block| match block {
        Block::ToolResult(result) => {
            Some(Told::Tool { tool_call_id: &result.tool_use_id, content: result_text(result) })
        }
        _ => None,
    }));
    let says = message.content.iter().filter_map(Block::words).any(|words| !words.is_blank());
    if told.len() == before || says {
        told.push(Told::User { content: text(message).unwrap_or_else(|| "".into()) });
    }
}

fn assistant(message: &Message, manner: Manner) -> Told<'_> {
    let tool_calls: Vec<ToolCall> =
        message.tool_uses().enumerate().map(|(at, tool)| ToolCall::of(tool, at, manner)).collect();
    let content = match text(message) {
        None if tool_calls.is_empty() => Some("".into()),
        content => content,
    };
    // Beside calls of tools it may be empty, and has to be there.
    let thought = || reasoning(message).or_else(|| (!tool_calls.is_empty()).then(|| "".into()));
    let reasoning_content = (manner == Manner::ReasoningContent).then(thought).flatten();
    Told::Assistant { content, reasoning_content, tool_calls }
}

fn text(message: &Message) -> Option<Text<'_>> {
    let mut texts = message.content.iter().filter_map(Block::words);
    let first = texts.next()?;
    match texts.next() {
        None => Some(Text::of(first)),
        Some(second) => {
            let all = [first, second].into_iter().chain(texts);
            joined(all.map(Words::as_str)).map(Text::from)
        }
    }
}

impl<'a> ToolCall<'a> {
    fn of(tool: &'a ToolUse, at: usize, manner: Manner) -> Self {
        // Of calls side by side the first one is signed.
        let signed = manner == Manner::ThoughtSignature && at == 0;
        let extra = || Extra { google: Signed { thought_signature: UNSIGNED } };
        Self {
            id: &tool.id,
            r#type: Function::Function,
            function: Called { name: &tool.name, arguments: &tool.input },
            extra_content: signed.then(extra),
        }
    }
}

/// A signed thought is another vendor's.
fn reasoning(message: &Message) -> Option<Cow<'_, str>> {
    joined(message.content.iter().filter_map(|block| match block {
        Block::Reasoning { text, signature: None } => Some(text.as_str()),
        _ => None,
    }))
}

fn joined<'a>(mut texts: impl Iterator<Item = &'a str>) -> Option<Cow<'a, str>> {
    let mut all = Cow::Borrowed(texts.next()?);
    for text in texts {
        let all = all.to_mut();
        all.push('\n');
        all.push_str(text);
    }
    Some(all)
}

/// There is no field for failure, so the text says it.
fn result_text(result: &ToolResult) -> Cow<'_, str> {
    let text: Cow<'_, str> = match &result.content {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    };
    if result.is_error { format!("error: {text}").into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::assert_sent_alike;

    #[tokio::test]
    async fn a_text_that_is_held_as_json_is_sent_as_the_same_text() {
        assert_sent_alike(|call| {
            body(call, &call.known("m"), &Settings::new("http://localhost"), false).unwrap()
        });
    }
}
