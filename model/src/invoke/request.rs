//! What a caller sends: a call in the gateway's own words.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::part::Part;
use crate::call::{Call, Metadata, Parameters};
use crate::conversation::{Block, Role};
use crate::error::{Cause, ModelError};
use crate::form::Form;
use crate::text_or::TextOr;
use crate::turns::{self, Turns};
use crate::{choice, null, words};

/// A request. Either `prompt` or `messages` is given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an object with `prompt` or `messages`")]
pub struct Request<'a> {
    /// A model id, an inference profile or an ARN; none leaves the choice to the gateway.
    pub model_id: Option<String>,
    pub system: Option<String>,
    #[serde(borrow)]
    pub prompt: Option<words::Said<'a>>,
    #[serde(borrow)]
    pub messages: Option<Vec<Said<'a>>>,
    #[serde(deserialize_with = "null::or_default")]
    pub tools: Vec<Tool>,
    #[serde(deserialize_with = "null::or_default")]
    pub params: Params,
    #[serde(deserialize_with = "null::or_default")]
    pub metadata: Metadata,
}

/// One message of a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a message with `role` and `content`")]
pub struct Said<'a> {
    pub role: Speaker,
    #[serde(borrow)]
    pub content: TextOr<'a, Part<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    System,
    User,
    Assistant,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(expecting = "a tool with `name`, `description` and `input_schema`")]
pub struct Tool {
    pub name: String,
    #[serde(default, deserialize_with = "null::or_default")]
    pub description: String,
    #[serde(alias = "inputSchema")]
    pub input_schema: Option<Value>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an object with `max_tokens` and the like")]
pub struct Params {
    pub max_tokens: Option<u32>,
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    #[serde(deserialize_with = "null::or_default")]
    pub stop_sequences: Vec<String>,
    /// As [`choice::read`] reads it.
    pub tool_choice: Option<Value>,
    /// JSON, as OpenAI's `response_format` asks for it.
    pub response_format: Option<Value>,
    /// Milliseconds for everything, retries and fallbacks included.
    pub timeout_ms: Option<u64>,
}

impl Request<'_> {
    /// The call it asks for; `body` is what it was read from. `otherwise` is how long it may take where it does not say, `most` the longest that it may say.
    pub fn into_call(
        self,
        body: &Bytes,
        otherwise: Duration,
        most: Duration,
    ) -> Result<Call, ModelError> {
        let mut turns = Turns::default();
        if let Some(system) = self.system {
            turns.instruct(system);
        }
        match (self.prompt, self.messages) {
            (Some(prompt), None) => turns.say(Role::User, vec![Block::Text(prompt.words(body))]),
            (None, Some(all)) => {
                for said in all {
                    say(&mut turns, said, body)?;
                }
            }
            (None, None) => return Err(bad("neither `prompt` nor `messages` is given")),
            (Some(_), Some(_)) => return Err(bad("give `prompt` or `messages`, not both")),
        }
        if self.params.timeout_ms == Some(0) {
            return Err(bad(
                "`timeout_ms` is 0, which is no time to answer in; leave it out, or give at least 1",
            ));
        }
        let within = self.params.timeout_ms.map_or(otherwise, Duration::from_millis).min(most);
        let tools = self.tools.into_iter();
        let tools = tools.map(|tool| turns::tool(tool.name, tool.description, tool.input_schema));
        let mut call = Call::new(turns.with_tools(tools.collect())?, within);
        call.form =
            self.params.response_format.map(Form::read).transpose()?.flatten().map(Arc::new);
        call.model = self.model_id;
        call.metadata = self.metadata;
        call.parameters = Parameters {
            max_tokens: self.params.max_tokens,
            temperature: self.params.temperature,
            top_p: self.params.top_p,
            stop_sequences: self.params.stop_sequences,
            tool_choice: choice::read(self.params.tool_choice.as_ref())?,
        };
        Ok(call)
    }
}

fn say(turns: &mut Turns, Said { role, content }: Said, body: &Bytes) -> Result<(), ModelError> {
    let blocks = match content {
        TextOr::Text(text) => vec![Block::Text(text.words(body))],
        TextOr::Parts(parts) => parts.into_iter().map(|part| part.into_block(body)).collect(),
    };
    match role {
        Speaker::User => turns.say(Role::User, blocks),
        Speaker::Assistant => turns.say(Role::Assistant, blocks),
        Speaker::System => {
            for block in blocks {
                let Block::Text(text) = block else {
                    return Err(bad("a system message is a text"));
                };
                turns.instruct(text.into_string());
            }
        }
    }
    Ok(())
}

fn bad(message: &str) -> ModelError {
    ModelError::new(Cause::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Message, ToolChoice, read_json};

    fn call(request: &Value) -> Result<Call, String> {
        let body = Bytes::from(request.to_string());
        let request = read_json::from_slice::<Request>(&body).map_err(|error| error.to_string())?;
        request
            .into_call(&body, Duration::from_secs(30), Duration::from_mins(5))
            .map_err(|error| error.message)
    }

    #[tokio::test]
    async fn a_prompt_and_messages_are_two_ways_to_ask() {
        let asked = call(&json!({"prompt": "Hello"})).unwrap();
        assert_eq!(asked.conversation.messages, vec![Message::user("Hello")]);
        let asked = call(&json!({"model_id": "m", "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "system", "content": [{"text": "Be kind."}]},
            {"role": "user", "content": [{"text": "Hello"}]},
            {"role": "user", "content": "Are you there?"},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "Bye"},
        ], "params": {"max_tokens": 5, "stop_sequences": ["x"]}}))
        .unwrap();
        assert_eq!(
            (asked.conversation.system.as_str(), asked.model.as_deref()),
            ("Be brief.\n\nBe kind.", Some("m"))
        );
        let said: Vec<String> = asked.conversation.messages.iter().map(Message::text).collect();
        assert_eq!(said, ["Hello\nAre you there?", "Yes?", "Bye"]);
        assert_eq!(asked.parameters.max_tokens, Some(5));
        let instructed = call(&json!({"system": "Greet the reader.", "messages": []})).unwrap();
        assert_eq!(instructed.conversation.system, "Greet the reader.");
    }

    #[tokio::test]
    async fn null_is_what_is_left_out() {
        let plain = call(&json!({"prompt": "Hello"})).unwrap();
        let mut nulls = call(&json!({
            "prompt": "Hello", "model_id": null, "system": null, "messages": null, "tools": null,
            "params": null, "metadata": null,
        }))
        .unwrap();
        nulls.deadline = plain.deadline;
        assert_eq!(nulls, plain);
        let mut nulls = call(&json!({
            "prompt": "Hello",
            "params": {"max_tokens": null, "temperature": null, "top_p": null, "stop_sequences": null,
                "tool_choice": null, "response_format": null, "timeout_ms": null},
            "metadata": {"agent_id": null},
        }))
        .unwrap();
        nulls.deadline = plain.deadline;
        assert_eq!(nulls, plain);
        let tools = json!([{"name": "look", "description": null, "input_schema": null}]);
        let call = call(&json!({"prompt": "Hello", "tools": tools})).unwrap();
        assert_eq!(call.conversation.tools[0].description, "");
        assert_eq!(call.conversation.tools[0].input_schema["type"], "object");
    }

    #[tokio::test]
    async fn a_request_that_says_nothing_or_too_much_is_refused_with_the_reason() {
        let told = [
            json!({}),
            json!({"prompt": "a", "messages": []}),
            json!({"messages": []}),
            json!({"messages": [{"role": "system", "content": [{"toolUse": {"id": "1", "name": "n"}}]}]}),
            json!({"prompt": "a", "temprature": 1}),
            json!({"prompt": "a", "params": {"timeout_ms": 0}}),
            json!({"prompt": "a", "params": {"max_tokens": -1}}),
            json!({"prompt": "a", "params": {"max_tokens": "5"}}),
            json!({"prompt": "a", "params": {"tool_choice": "maybe"}}),
            json!({"prompt": "a", "params": 5}),
            json!({"prompt": "a", "tools": [{}]}),
            json!("a"),
            json!([null, null, "a"]),
            json!({"messages": [["user", "a"]]}),
            json!({"messages": [{"role": "tool", "content": "a"}]}),
            json!({"messages": [{"role": "user", "content": [{"image": {}}]}]}),
            json!({"messages": [{"role": "user", "content": [{"text": null}]}]}),
            json!({"messages": [{"role": "user", "content": ["a"]}]}),
        ]
        .map(|request| call(&request).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @r#"
neither `prompt` nor `messages` is given
give `prompt` or `messages`, not both
nothing is said in it: give a `prompt` or `messages` with a text
a system message is a text
unknown field `temprature`, expected one of `model_id`, `system`, `prompt`, `messages`, `tools`, `params`, `metadata` at line 1 column 26
`timeout_ms` is 0, which is no time to answer in; leave it out, or give at least 1
invalid value: integer `-1`, expected a whole number from 0 to 4294967295 at line 1 column 26
invalid type: string "5", expected a whole number from 0 to 4294967295 at line 1 column 27
`tool_choice` is "maybe": auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
invalid type: integer `5`, expected an object with `max_tokens` and the like at line 1 column 11
missing field `name` at line 1 column 25
invalid type: string "a", expected an object with `prompt` or `messages` at line 1 column 3
invalid type: a list, expected an object with `prompt` or `messages` at line 1 column 1
invalid type: a list, expected a message with `role` and `content` at line 1 column 14
unknown `tool`, expected one of `system`, `user`, `assistant` at line 1 column 41
unknown `image`, expected one of `text`, `reasoning`, `redactedReasoning`, `toolUse`, `toolResult` at line 1 column 33
invalid type: null, expected a string at line 1 column 37
unknown `a`, expected one of `text`, `reasoning`, `redactedReasoning`, `toolUse`, `toolResult` at line 1 column 28
"#);
        assert_eq!(
            call(&json!({"prompt": "a", "tools": [{"name": "look"}], "params": {"tool_choice": {"type": "any"}}}))
                .unwrap()
                .parameters
                .tool_choice,
            ToolChoice::Any
        );
    }
}
