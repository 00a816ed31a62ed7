//! An answer in JSON, which OpenAI's `response_format` asks for: <https://platform.openai.com/docs/guides/structured-outputs>.
//!
//! No form of asking for it is known to all services, but tools are. So the model is told to call a tool whose input is the
//! answer, and what it calls it with is told as its text.

use contract::ToolSpec;
use model::{Block, Cause, Message, ModelError, Reply, StopReason};
use serde::Deserialize;
use serde_json::{Value, json};

const DESCRIPTION: &str = "Takes the whole answer, in the form that was asked for.";

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format {
    Text,
    JsonObject,
    JsonSchema { json_schema: Stated },
}

#[derive(Deserialize)]
struct Stated {
    name: String,
    description: Option<String>,
    schema: Option<Value>,
}

/// The tool that takes the answer, where it shall be more than a text.
pub(super) fn tool(format: Option<Value>) -> Result<Option<ToolSpec>, ModelError> {
    let Some(format) = format else { return Ok(None) };
    let format = serde_json::from_value(format).map_err(|error| {
        let message = format!(
            "`response_format` cannot be read: {error}; its `type` is text, json_object or json_schema"
        );
        ModelError::new(Cause::BadRequest, message)
    })?;
    let (name, description, schema) = match format {
        Format::Text => return Ok(None),
        Format::JsonObject => ("json_object".to_owned(), None, None),
        Format::JsonSchema { json_schema: Stated { name, description, schema } } => {
            (name, description, schema)
        }
    };
    Ok(Some(ToolSpec {
        name,
        description: description
            .map_or_else(|| DESCRIPTION.to_owned(), |own| format!("{DESCRIPTION} {own}")),
        input_schema: schema.unwrap_or_else(|| json!({"type": "object"})),
    }))
}

/// Tells what the tool of this name was called with as the text of the answer, and says so where it was not called.
pub(super) fn tell(reply: &mut Reply, name: &str) {
    let input = reply.message.tool_uses().find(|call| call.name == name).map(|call| &call.input);
    let Some(text) = input.map(ToString::to_string) else {
        if serde_json::from_str::<Value>(&reply.message.text()).is_err() {
            let note = "the model did not answer in the form that `response_format` asks for";
            reply.notes.push(note.to_owned());
        }
        return;
    };
    let said = |block: &Block| matches!(block, Block::Text(_) | Block::ToolUse(_));
    let Message { content, .. } = &mut reply.message;
    content.retain(|block| !said(block));
    content.push(Block::Text(text.into()));
    if reply.stop == StopReason::ToolUse {
        reply.stop = StopReason::EndTurn;
    }
}

#[cfg(test)]
mod tests {
    use model::ToolUse;

    use super::*;

    fn reply(content: Vec<Block>, stop: StopReason) -> Reply {
        let mut reply = Reply::new("m", content, stop);
        tell(&mut reply, "weather");
        reply
    }

    #[test]
    fn the_forms_of_openai_become_a_tool_and_others_are_named() {
        let tool = |format: Value| tool(Some(format)).map_err(|error| error.message);
        assert_eq!(tool(json!({"type": "text"})), Ok(None));
        let object = tool(json!({"type": "json_object"})).unwrap().unwrap();
        assert_eq!(
            (object.name.as_str(), object.input_schema),
            ("json_object", json!({"type": "object"}))
        );
        let schema = json!({"type": "object", "properties": {"town": {"type": "string"}}});
        let format = json!({"name": "weather", "description": "Of a town.", "strict": true, "schema": schema});
        let weather = tool(json!({"type": "json_schema", "json_schema": format})).unwrap().unwrap();
        assert_eq!((weather.name.as_str(), weather.input_schema), ("weather", schema));
        assert_eq!(weather.description, format!("{DESCRIPTION} Of a town."));
        let wrong = tool(json!({"type": "yaml"})).unwrap_err();
        assert!(wrong.contains("`yaml`") && wrong.contains("json_schema"), "{wrong}");
    }

    #[test]
    fn what_the_tool_was_called_with_is_the_answer() {
        let input = json!({"town": "Oslo"});
        let call = ToolUse { id: "1".to_owned(), name: "weather".to_owned(), input };
        let content = vec![Block::Text("I call it.".into()), Block::ToolUse(call)];
        let told = reply(content, StopReason::ToolUse);
        assert_eq!(told.message.text(), r#"{"town":"Oslo"}"#);
        assert_eq!((told.message.tool_uses().count(), told.stop), (0, StopReason::EndTurn));
        assert!(told.notes.is_empty());
    }

    #[test]
    fn an_answer_of_another_form_stands_with_a_note_unless_it_is_json_anyway() {
        let cold = reply(vec![Block::Text("Cold.".into())], StopReason::EndTurn);
        assert_eq!((cold.message.text(), cold.notes.len()), ("Cold.".to_owned(), 1));
        let json = reply(vec![Block::Text("{\"town\": 1}".into())], StopReason::EndTurn);
        assert!(json.notes.is_empty());
    }
}
