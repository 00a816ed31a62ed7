//! A tool as a model sees it: a name, a description, an input schema, a call.

use std::error::Error;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something the agent can use during a run.
#[async_trait]
pub trait Tool: Send + Sync {
    fn spec(&self) -> ToolSpec;

    /// Calls the tool. Safe to repeat: a run that was killed may call it again.
    async fn call(&self, input: Value) -> Result<Value, ToolError>;
}

/// What a model is told of a tool.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON Schema of the input object.
    pub input_schema: Value,
}

/// Who acts on a tool's failure.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// The model can correct its call, or go on without.
    #[error("{0}")]
    TellModel(String),
    /// Nothing the model says will help; the run ends here and may be resumed later.
    #[error("the tool cannot go on")]
    EndRun(#[source] Box<dyn Error + Send + Sync>),
}

impl ToolError {
    pub fn tell(message: impl Into<String>) -> Self {
        Self::TellModel(message.into())
    }
}

/// Reads a tool's typed input; what is wrong with it is told to the model.
pub fn parse_input<T: DeserializeOwned>(input: Value) -> Result<T, ToolError> {
    serde_json::from_value(input)
        .map_err(|error| ToolError::tell(format!("the input does not fit the schema: {error}")))
}

/// The JSON Schema of a tool's input, without the keywords that model providers refuse.
pub fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    strip(&mut schema);
    schema
}

/// Removes `$schema`, `title` and numeric `format`s, and folds `["integer", "null"]` to its type.
fn strip(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("$schema");
            // `title` is also a legal property name, which is an object rather than a text.
            if object.get("title").is_some_and(Value::is_string) {
                object.remove("title");
            }
            if object.get("format").is_some_and(Value::is_string) {
                object.remove("format");
            }
            if let Some(Value::Array(types)) = object.get("type") {
                let stated = types.iter().find(|kind| *kind != "null").cloned();
                object.insert("type".to_owned(), stated.unwrap_or(Value::Null));
            }
            object.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Input {
        /// A name.
        name: String,
        count: Option<u32>,
    }

    #[test]
    fn a_schema_has_no_keyword_that_a_provider_refuses() {
        assert_eq!(
            schema_of::<Input>(),
            json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string", "description": "A name."},
                    "count": {"type": "integer", "minimum": 0},
                },
                "required": ["name"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn a_wrong_input_is_told_to_the_model() {
        let error = parse_input::<Input>(json!({"nam": "x"})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the input does not fit the schema: unknown field `nam`, expected `name` or `count`"
        );
        let input: Input = parse_input(json!({"name": "x", "count": 3})).unwrap();
        assert_eq!((input.name.as_str(), input.count), ("x", Some(3)));
    }
}
