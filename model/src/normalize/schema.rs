//! Schemas of tools: what a tool takes is an object, in every protocol, and some services want it said.

use std::sync::Arc;

use contract::ToolSpec;
use serde_json::{Map, Value, json};

use super::change;
use crate::{Change, Conversation};

/// Of a tool's name, so much is shown.
const SHOWN: usize = 80;
const REASON: &str = "what a tool takes is an object, and a schema that does not say so is refused (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolInputSchema.html)";

/// Whether it changed the conversation.
pub(super) fn fit(conversation: &mut Arc<Conversation>, changes: &mut Vec<Change>) -> bool {
    let is_untyped = |tool: &ToolSpec| tool.input_schema.as_object().is_some_and(lacks_type);
    if !conversation.tools.iter().any(is_untyped) {
        return false;
    }
    for tool in &mut Arc::make_mut(conversation).tools {
        if let Value::Object(schema) = &mut tool.input_schema
            && lacks_type(schema)
        {
            let name = &tool.name[..tool.name.floor_char_boundary(SHOWN)];
            let parameter = format!("tools.{name}.input_schema.type");
            changes.push(change(&parameter, Value::Null, json!("object"), REASON.to_owned()));
            schema.insert("type".to_owned(), json!("object"));
        }
    }
    true
}

fn lacks_type(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_none_or(Value::is_null)
}
