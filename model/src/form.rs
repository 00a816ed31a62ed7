//! The form that an answer shall have: JSON, by a schema or without one, in the words of OpenAI's `response_format`:
//! <https://platform.openai.com/docs/guides/structured-outputs>.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Cause, ModelError};
use crate::plain_json;

/// Written as `response_format` is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Form {
    JsonObject,
    JsonSchema { json_schema: Schema },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

impl Form {
    /// A `response_format`; `None` where it asks for a text.
    pub fn read(format: Value) -> Result<Option<Self>, ModelError> {
        if format["type"] == "text" {
            return Ok(None);
        }
        let read = if format.is_object() {
            serde_json::from_value(format).map_err(|error| plain_json::told(&error).to_string())
        } else {
            Err("it is no object".to_owned())
        };
        read.map(Some).map_err(|error| {
            let message = format!(
                "`response_format` cannot be read: {error}; its `type` is text, json_object or json_schema"
            );
            ModelError::new(Cause::BadRequest, message)
        })
    }

    /// Of the schema, or of the form.
    pub fn name(&self) -> &str {
        match self {
            Self::JsonObject => "json_object",
            Self::JsonSchema { json_schema } => &json_schema.name,
        }
    }

    pub fn description(&self) -> Option<&str> {
        match self {
            Self::JsonObject => None,
            Self::JsonSchema { json_schema } => json_schema.description.as_deref(),
        }
    }

    pub fn schema(&self) -> Option<&Value> {
        match self {
            Self::JsonObject => None,
            Self::JsonSchema { json_schema } => json_schema.schema.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_forms_of_openai_are_read_and_others_named() {
        assert_eq!(Form::read(json!({"type": "text"})), Ok(None));
        assert_eq!(Form::read(json!({"type": "json_object"})), Ok(Some(Form::JsonObject)));
        let format = json!({"type": "json_schema", "json_schema": {"name": "weather", "description": "Of a town.", "schema": {"type": "object"}, "strict": true}});
        let weather = Form::read(format.clone()).unwrap().unwrap();
        assert_eq!((weather.name(), weather.description()), ("weather", Some("Of a town.")));
        assert_eq!(weather.schema(), Some(&json!({"type": "object"})));
        assert_eq!(serde_json::to_value(weather).unwrap(), format);
        for wrong in [
            json!({"type": "yaml"}),
            json!("json_object"),
            json!(["json_object"]),
            json!({"type": "json_schema"}),
        ] {
            let refused = Form::read(wrong).unwrap_err();
            assert_eq!(refused.cause, Cause::BadRequest);
            assert!(refused.message.contains("text, json_object or json_schema"), "{refused}");
        }
    }
}
