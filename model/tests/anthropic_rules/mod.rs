//! What the Messages API takes: <https://docs.claude.com/en/api/messages>, and what it is known to refuse.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::fake_service::Seen;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    model: String,
    max_tokens: u32,
    messages: Vec<Message>,
    #[serde(default)]
    system: Vec<Content>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Choice>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    #[serde(default, rename = "stream")]
    _stream: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: String,
    content: Vec<Content>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Content {
    Text {
        text: String,
        cache_control: Option<Cache>,
    },
    Thinking {
        thinking: String,
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        content: String,
        #[serde(default)]
        is_error: bool,
        cache_control: Option<Cache>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    #[serde(default, rename = "description")]
    _description: String,
    input_schema: Value,
    cache_control: Option<Cache>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Choice {
    Auto {},
    Any {},
    None {},
    Tool { name: String },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Cache {
    Ephemeral {},
}

/// Why the service would refuse a request.
pub(crate) fn check(seen: &Seen) -> Result<(), String> {
    let header = |name: &str| seen.headers.get(name).map(String::as_str);
    if header("x-api-key").is_none() || header("anthropic-version") != Some("2023-06-01") {
        return Err("x-api-key or anthropic-version: header is required".to_owned());
    }
    if seen.line != "POST /v1/messages" || header("content-type") != Some("application/json") {
        return Err(format!("{}: no such thing", seen.line));
    }
    let body: Body =
        serde_json::from_value(seen.body.clone()).map_err(|error| error.to_string())?;
    let wrong = [
        (body.model.is_empty(), "model"),
        (body.max_tokens == 0, "max_tokens"),
        (body.messages.first().is_none_or(|message| message.role != "user"), "messages.0.role"),
        (body.temperature.is_some_and(|value| !(0.0..=1.0).contains(&value)), "temperature"),
        (body.top_p.is_some_and(|value| !(0.0..=1.0).contains(&value)), "top_p"),
        (body.stop_sequences.iter().any(|stop| stop.trim().is_empty()), "stop_sequences"),
        (body.tools.iter().any(|tool| tool.input_schema["type"] != "object"), "input_schema"),
        (caches(&body) > 4, "cache_control: at most 4"),
        (!chosen(&body), "tool_choice"),
    ];
    if let Some((_, what)) = wrong.iter().find(|(wrong, _)| *wrong) {
        return Err((*what).to_owned());
    }
    let mut asked = BTreeSet::new();
    for message in &body.messages {
        asked = turn(message, &asked)?;
    }
    let last = body.messages.last().filter(|message| message.role == "assistant");
    let last = last.and_then(|message| message.content.last());
    match last {
        Some(Content::Text { text, .. }) if text.ends_with(char::is_whitespace) => {
            Err("final content cannot end with trailing whitespace".to_owned())
        }
        _ if !asked.is_empty() => Err("`tool_use` without `tool_result`".to_owned()),
        _ => Ok(()),
    }
}

/// The tool uses that the next message has to answer.
fn turn(message: &Message, asked: &BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    if message.content.is_empty() {
        return Err("content: must not be empty".to_owned());
    }
    let (mut answered, mut asks, mut said_else) = (BTreeSet::new(), BTreeSet::new(), false);
    for block in &message.content {
        match block {
            Content::Text { text, .. } if text.trim().is_empty() => {
                return Err("text content blocks must contain non-whitespace text".to_owned());
            }
            Content::Thinking { thinking, signature } if signature.is_empty() => {
                return Err(format!("Invalid `signature` in `thinking` block: {thinking}"));
            }
            Content::RedactedThinking { data } if data.is_empty() => {
                return Err("data".to_owned());
            }
            Content::ToolResult { tool_use_id, content, is_error, .. } => {
                if said_else || (*is_error && content.is_empty()) {
                    return Err(
                        "tool_result blocks come first, and errors say something".to_owned()
                    );
                }
                answered.insert(tool_use_id.clone());
            }
            Content::ToolUse { id, name, input } => {
                if message.role != "assistant" || name.is_empty() || !input.is_object() {
                    return Err("tool_use".to_owned());
                }
                asks.insert(id.clone());
            }
            _ => said_else = true,
        }
    }
    if answered != *asked {
        return Err("every `tool_use` has its `tool_result` in the next message".to_owned());
    }
    Ok(asks)
}

fn caches(body: &Body) -> usize {
    let blocks = body.messages.iter().flat_map(|message| &message.content).chain(&body.system);
    let kept = blocks.filter(|block| {
        matches!(
            block,
            Content::Text { cache_control: Some(Cache::Ephemeral {}), .. }
                | Content::ToolResult { cache_control: Some(Cache::Ephemeral {}), .. }
        )
    });
    kept.count() + body.tools.iter().filter(|tool| tool.cache_control.is_some()).count()
}

fn chosen(body: &Body) -> bool {
    match &body.tool_choice {
        Some(Choice::Tool { name }) => body.tools.iter().any(|tool| tool.name == *name),
        Some(Choice::Auto {} | Choice::Any {} | Choice::None {}) => !body.tools.is_empty(),
        None => true,
    }
}
