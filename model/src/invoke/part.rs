//! The parts of a message as a caller of the gateway writes them: Converse's, with shorter names for what may be shorter.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::conversation::{Block, ToolResult, ToolUse};
use crate::{null, words};

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "an object with one of `text`, `toolUse` and `toolResult`"
)]
pub enum Part<'a> {
    #[serde(borrow)]
    Text(words::Said<'a>),
    Reasoning {
        text: String,
        signature: Option<String>,
    },
    /// Encrypted by the provider; base64.
    RedactedReasoning(String),
    ToolUse(Used),
    ToolResult(Answered),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(expecting = "a tool use with `id`, `name` and `input`")]
pub struct Used {
    #[serde(alias = "toolUseId", alias = "tool_use_id")]
    id: String,
    name: String,
    #[serde(default, deserialize_with = "null::or_default")]
    input: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(expecting = "a tool result with `tool_use_id` and `content`")]
pub struct Answered {
    #[serde(alias = "toolUseId", alias = "id")]
    tool_use_id: String,
    #[serde(default, deserialize_with = "null::or_default")]
    is_error: bool,
    status: Option<Status>,
    content: Value,
}

/// Converse's word for `is_error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Success,
    Error,
}

impl Part<'_> {
    /// `body` is what it was read from.
    pub(super) fn into_block(self, body: &Bytes) -> Block {
        match self {
            Self::Text(text) => Block::Text(text.words(body)),
            Self::Reasoning { text, signature } => Block::Reasoning { text, signature },
            Self::RedactedReasoning(base64) => Block::RedactedReasoning(base64),
            Self::ToolUse(Used { id, name, input }) => {
                Block::ToolUse(ToolUse { id, name, input: input.into() })
            }
            Self::ToolResult(Answered { tool_use_id, is_error, status, content }) => {
                Block::ToolResult(ToolResult {
                    tool_use_id,
                    is_error: is_error || status == Some(Status::Error),
                    content: unpacked(content),
                })
            }
        }
    }
}

/// Converse packs a result into a list: `[{"json": {…}}]`, `[{"text": "…"}]`. Any other value is what a tool answered.
fn unpacked(content: Value) -> Value {
    let Value::Array(parts) = &content else { return content };
    if let [part] = parts.as_slice()
        && let Some(json) = alone(part, "json")
    {
        return json.clone();
    }
    let texts: Option<Vec<&str>> = parts.iter().map(|part| alone(part, "text")?.as_str()).collect();
    texts.filter(|texts| !texts.is_empty()).map_or(content.clone(), |texts| texts.join("\n").into())
}

fn alone<'a>(part: &'a Value, name: &str) -> Option<&'a Value> {
    part.as_object().filter(|fields| fields.len() == 1)?.get(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(part: &Value) -> Result<Block, String> {
        let part = part.to_string();
        let read = serde_json::from_str::<Part>(&part).map_err(|error| error.to_string())?;
        Ok(read.into_block(&Bytes::new()))
    }

    #[test]
    fn ours_and_those_of_converse_mean_the_same() {
        let input = json!({"town": "Oslo"});
        let used = Block::ToolUse(ToolUse { id: "1".into(), name: "look".into(), input });
        for part in [
            json!({"toolUse": {"id": "1", "name": "look", "input": {"town": "Oslo"}}}),
            json!({"toolUse": {"toolUseId": "1", "name": "look", "input": {"town": "Oslo"}}}),
            json!({"toolUse": {"tool_use_id": "1", "name": "look", "input": {"town": "Oslo"}}}),
        ] {
            assert_eq!(read(&part).unwrap(), used);
        }
        let answered = |content: Value, is_error| {
            Block::ToolResult(ToolResult { tool_use_id: "1".into(), is_error, content })
        };
        for (part, block) in [
            (json!({"tool_use_id": "1", "content": "Snow."}), answered(json!("Snow."), false)),
            (
                json!({"toolUseId": "1", "content": [{"text": "Snow."}]}),
                answered(json!("Snow."), false),
            ),
            (
                json!({"id": "1", "content": [{"text": "a"}, {"text": "b"}], "status": "success"}),
                answered(json!("a\nb"), false),
            ),
            (
                json!({"tool_use_id": "1", "content": [{"json": {"at": 1}}]}),
                answered(json!({"at": 1}), false),
            ),
            (json!({"tool_use_id": "1", "content": {"at": 1}}), answered(json!({"at": 1}), false)),
            (json!({"tool_use_id": "1", "content": []}), answered(json!([]), false)),
            (json!({"tool_use_id": "1", "content": [1, 2]}), answered(json!([1, 2]), false)),
            (
                json!({"tool_use_id": "1", "content": "no", "is_error": true}),
                answered(json!("no"), true),
            ),
            (
                json!({"toolUseId": "1", "content": [{"text": "no"}], "status": "error"}),
                answered(json!("no"), true),
            ),
        ] {
            assert_eq!(read(&json!({"toolResult": part})).unwrap(), block);
        }
    }
}
