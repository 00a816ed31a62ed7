//! What a request for a chat completion may hold: <https://platform.openai.com/docs/api-reference/chat/create>.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use crate::fake_service::Seen;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Value>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f64>,
    #[serde(rename = "top_p")]
    _top_p: Option<f64>,
    #[serde(default)]
    stop: Vec<String>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
    #[serde(rename = "response_format")]
    _response_format: Option<Value>,
    #[serde(rename = "seed")]
    _seed: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    #[serde(rename = "include_usage")]
    _include_usage: bool,
}

#[derive(Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
enum Message {
    System {
        content: String,
    },
    User {
        content: String,
    },
    Assistant {
        content: Option<String>,
        reasoning_content: Option<String>,
        #[serde(default)]
        tool_calls: Vec<ToolCall>,
    },
    Tool {
        tool_call_id: String,
        #[serde(rename = "content")]
        _content: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolCall {
    id: String,
    r#type: String,
    function: Called,
    extra_content: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    r#type: String,
    function: Function,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Function {
    name: String,
    #[serde(default, rename = "description")]
    _description: String,
    parameters: Value,
}

/// Why a server would refuse a request.
pub(crate) fn check(seen: &Seen) -> Result<(), String> {
    if seen.line != "POST /v1/chat/completions" {
        return Err(format!("{}: no such thing", seen.line));
    }
    let body: Body =
        serde_json::from_value(seen.body.clone()).map_err(|error| error.to_string())?;
    let schema =
        |tool: &Tool| tool.r#type == "function" && tool.function.parameters["type"] == "object";
    let wrong = [
        (body.model.is_empty(), "model"),
        (body.messages.is_empty(), "messages"),
        (body.max_tokens.is_some() && body.max_completion_tokens.is_some(), "max_tokens"),
        (body.max_tokens.is_some() && is_of(&body, &["gpt-5", "o3"]), "max_tokens"),
        (is_unsigned(&body) && is_of(&body, &["gemini-3"]), "thought_signature"),
        (forgets_thoughts(&body) && is_of(&body, &["deepseek-", "kimi-"]), "reasoning_content"),
        (body.temperature.is_some_and(|value| !(0.0..=2.0).contains(&value)), "temperature"),
        (body.stop.len() > 4, "stop"),
        (body.stream_options.is_some() && !body.stream, "stream_options"),
        (!body.tools.iter().all(schema), "tools"),
        (!chosen(&body), "tool_choice"),
    ];
    if let Some((_, what)) = wrong.iter().find(|(wrong, _)| *wrong) {
        return Err((*what).to_owned());
    }
    let mut asked = BTreeSet::new();
    for message in &body.messages {
        follow(message, &mut asked)?;
    }
    if asked.is_empty() { Ok(()) } else { Err("tool_calls without their messages".to_owned()) }
}

/// Whether the model is one of these families; some services put their name before a slash.
fn is_of(body: &Body, families: &[&str]) -> bool {
    let name = body.model.rsplit('/').next().unwrap_or_default();
    families.iter().any(|family| name.starts_with(family))
}

fn forgets_thoughts(body: &Body) -> bool {
    body.messages.iter().any(|message| {
        matches!(message, Message::Assistant { tool_calls, reasoning_content: None, .. } if !tool_calls.is_empty())
    })
}

fn is_unsigned(body: &Body) -> bool {
    let signature = |call: &ToolCall| {
        call.extra_content.as_ref()?["google"]["thought_signature"].as_str().map(str::len)
    };
    body.messages.iter().any(|message| {
        matches!(message, Message::Assistant { tool_calls, .. } if tool_calls.first().is_some_and(|call| signature(call).is_none()))
    })
}

/// Each call of a tool is answered before anything else is said.
fn follow(message: &Message, asked: &mut BTreeSet<String>) -> Result<(), String> {
    match message {
        Message::Tool { tool_call_id, .. } if asked.remove(tool_call_id) => Ok(()),
        Message::Tool { .. } => Err("a tool message answers a call that was made".to_owned()),
        _ if !asked.is_empty() => Err("tool_calls must be followed by tool messages".to_owned()),
        Message::System { content } | Message::User { content } => {
            if content.is_empty() {
                Err("content".to_owned())
            } else {
                Ok(())
            }
        }
        Message::Assistant { content, tool_calls, .. } => {
            for call in tool_calls {
                let arguments: Result<Value, _> = serde_json::from_str(&call.function.arguments);
                let object = arguments.is_ok_and(|arguments| arguments.is_object());
                if call.r#type != "function" || call.function.name.is_empty() || !object {
                    return Err("tool_calls".to_owned());
                }
                asked.insert(call.id.clone());
            }
            if content.is_none() && tool_calls.is_empty() {
                Err("content".to_owned())
            } else {
                Ok(())
            }
        }
    }
}

fn chosen(body: &Body) -> bool {
    match &body.tool_choice {
        None => true,
        Some(Value::String(word)) => {
            !body.tools.is_empty() && ["auto", "none", "required"].contains(&word.as_str())
        }
        Some(named) => {
            body.tools.iter().any(|tool| named["function"]["name"] == tool.function.name.as_str())
        }
    }
}
