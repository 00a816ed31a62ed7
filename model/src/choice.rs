//! The choice of tools as callers write it: in our words, and in those of the services that they know.

use serde_json::Value;

use crate::call::ToolChoice;
use crate::error::{Cause, ModelError};

/// Of what cannot be read, so much is shown.
const SHOWN: usize = 80;

/// A `tool_choice`. None is `auto`.
pub fn read(choice: Option<&Value>) -> Result<ToolChoice, ModelError> {
    match choice {
        None | Some(Value::Null) => Ok(ToolChoice::Auto),
        Some(choice) => known(choice).ok_or_else(|| refuse(choice)),
    }
}

fn known(choice: &Value) -> Option<ToolChoice> {
    let fields = match choice {
        Value::String(word) => return of_word(word),
        Value::Object(fields) => fields,
        _ => return None,
    };
    let name = |name: &Value| name.as_str().map(|name| ToolChoice::Tool(name.to_owned()));
    match fields.get("type").map(Value::as_str) {
        // Anthropic's.
        Some(Some("tool")) => name(&choice["name"]),
        // OpenAI's, in chat completions and in responses.
        Some(Some("function")) => {
            name(&choice["function"]["name"]).or_else(|| name(&choice["name"]))
        }
        Some(Some(word)) => of_word(word),
        Some(None) => None,
        None => match fields.iter().next().filter(|_| fields.len() == 1)? {
            // Ours, and Converse's.
            (word, tool) if word == "tool" => name(tool).or_else(|| name(&tool["name"])),
            (word, function) if word == "function" => name(&function["name"]),
            (word, _) => of_word(word),
        },
    }
}

fn of_word(word: &str) -> Option<ToolChoice> {
    match word {
        "auto" => Some(ToolChoice::Auto),
        "any" | "required" => Some(ToolChoice::Any),
        "none" => Some(ToolChoice::None),
        _ => None,
    }
}

fn refuse(choice: &Value) -> ModelError {
    let message = if choice["type"] == "allowed_tools" {
        "`tool_choice` cannot allow some of the tools: leave the others out of `tools`".to_owned()
    } else {
        let shown = choice.to_string();
        let shown = &shown[..shown.floor_char_boundary(SHOWN)];
        format!(
            "`tool_choice` is {shown}: auto, required, none or a tool, as {{\"type\": \"function\", \"function\": {{\"name\": \"…\"}}}}"
        )
    };
    ModelError::new(Cause::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_protocols_words_for_a_choice_are_taken() {
        let look = || ToolChoice::Tool("look".to_owned());
        for (choice, meant) in [
            (json!(null), ToolChoice::Auto),
            (json!("auto"), ToolChoice::Auto),
            (json!({"type": "auto"}), ToolChoice::Auto),
            (json!({"auto": {}}), ToolChoice::Auto),
            (json!("any"), ToolChoice::Any),
            (json!("required"), ToolChoice::Any),
            (json!({"type": "any"}), ToolChoice::Any),
            (json!({"type": "required"}), ToolChoice::Any),
            (json!({"any": {}}), ToolChoice::Any),
            (json!("none"), ToolChoice::None),
            (json!({"type": "none"}), ToolChoice::None),
            (json!({"tool": "look"}), look()),
            (json!({"tool": {"name": "look"}}), look()),
            (json!({"type": "tool", "name": "look"}), look()),
            (json!({"type": "function", "name": "look"}), look()),
            (json!({"type": "function", "function": {"name": "look"}}), look()),
            (json!({"function": {"name": "look"}}), look()),
        ] {
            assert_eq!(read(Some(&choice)), Ok(meant), "{choice}");
        }
        assert_eq!(read(None), Ok(ToolChoice::Auto));
    }

    #[test]
    fn a_choice_that_nobody_knows_is_refused_with_those_that_are_known() {
        let told = [
            json!("maybe"),
            json!(7),
            json!({"type": 7}),
            json!({"type": "function", "function": {"name": 7}}),
            json!({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}),
        ]
        .map(|choice| read(Some(&choice)).unwrap_err().message);
        insta::assert_snapshot!(told.join("\n"), @r#"
`tool_choice` is "maybe": auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
`tool_choice` is 7: auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
`tool_choice` is {"type":7}: auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
`tool_choice` is {"function":{"name":7},"type":"function"}: auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
`tool_choice` cannot allow some of the tools: leave the others out of `tools`
"#);
        assert!(read(Some(&json!("é".repeat(900)))).unwrap_err().message.len() < 300);
    }
}
