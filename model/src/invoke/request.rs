//! What a caller sends: a call in the gateway's own words.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::ToolSpec;
use serde::Deserialize;
use serde_json::Value;

use crate::call::{Call, Metadata, Parameters, ToolChoice};
use crate::conversation::{Block, Conversation, Message, Role};
use crate::error::{Cause, ModelError};
use crate::form::Form;
use crate::text_or::TextOr;
use crate::words;

/// A request. Either `prompt` or `messages` is given.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Request<'a> {
    /// A model id, an inference profile or an ARN; none leaves the choice to the gateway.
    pub model_id: Option<String>,
    pub system: Option<String>,
    #[serde(borrow)]
    pub prompt: Option<words::Said<'a>>,
    #[serde(borrow)]
    pub messages: Option<Vec<Said<'a>>>,
    pub tools: Vec<ToolSpec>,
    pub params: Params,
    pub metadata: Metadata,
}

/// One message of a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said<'a> {
    pub role: Speaker,
    #[serde(borrow)]
    pub content: TextOr<'a, Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    System,
    User,
    Assistant,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Params {
    pub max_tokens: Option<u32>,
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    pub stop_sequences: Vec<String>,
    pub tool_choice: ToolChoice,
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
        let mut system: Vec<String> = self.system.into_iter().collect();
        let mut messages = Vec::new();
        match (self.prompt, self.messages) {
            (Some(prompt), None) => messages.push(Message::user(prompt.words(body))),
            (None, Some(said)) => {
                for Said { role, content } in said {
                    let role = match (role, content) {
                        (Speaker::System, TextOr::Text(text)) => {
                            system.push(text.words(body).into_string());
                            continue;
                        }
                        (Speaker::System, TextOr::Parts(_)) => {
                            return Err(bad("a system message is a text"));
                        }
                        (Speaker::User, content) => (Role::User, content),
                        (Speaker::Assistant, content) => (Role::Assistant, content),
                    };
                    messages.push(message(role.0, role.1, body));
                }
            }
            (None, None) => return Err(bad("neither `prompt` nor `messages` is given")),
            (Some(_), Some(_)) => return Err(bad("give `prompt` or `messages`, not both")),
        }
        if messages.is_empty() {
            return Err(bad("`messages` holds no message of a user"));
        }
        let within = self.params.timeout_ms.map_or(otherwise, Duration::from_millis).min(most);
        let conversation =
            Conversation { system: system.join("\n\n"), messages, tools: self.tools };
        let mut call = Call::new(conversation, within);
        call.form =
            self.params.response_format.map(Form::read).transpose()?.flatten().map(Arc::new);
        call.model = self.model_id;
        call.metadata = self.metadata;
        call.parameters = Parameters {
            max_tokens: self.params.max_tokens,
            temperature: self.params.temperature,
            top_p: self.params.top_p,
            stop_sequences: self.params.stop_sequences,
            tool_choice: self.params.tool_choice,
        };
        Ok(call)
    }
}

fn message(role: Role, content: TextOr<Block>, body: &Bytes) -> Message {
    let content = match content {
        TextOr::Text(text) => vec![Block::Text(text.words(body))],
        TextOr::Parts(blocks) => blocks,
    };
    Message { role, content }
}

fn bad(message: &str) -> ModelError {
    ModelError::new(Cause::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(request: Value) -> Result<Call, String> {
        let request = Request::deserialize(request).map_err(|error| error.to_string())?;
        request
            .into_call(&Bytes::new(), Duration::from_secs(30), Duration::from_mins(5))
            .map_err(|error| error.message)
    }

    #[tokio::test]
    async fn a_prompt_and_messages_are_two_ways_to_ask() {
        let asked = call(json!({"prompt": "Hello"})).unwrap();
        assert_eq!(asked.conversation.messages, vec![Message::user("Hello")]);
        let asked = call(json!({"model_id": "m", "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"text": "Hello"}]},
            {"role": "assistant", "content": "Yes?"},
            {"role": "user", "content": "Bye"},
        ], "params": {"max_tokens": 5, "stop_sequences": ["x"]}}))
        .unwrap();
        assert_eq!(
            (asked.conversation.system.as_str(), asked.model.as_deref()),
            ("Be brief.", Some("m"))
        );
        assert_eq!(asked.conversation.messages.len(), 3);
        assert_eq!(asked.parameters.max_tokens, Some(5));
    }

    #[tokio::test]
    async fn a_request_that_says_nothing_or_too_much_is_refused_with_the_reason() {
        let told = [
            json!({}),
            json!({"prompt": "a", "messages": []}),
            json!({"messages": []}),
            json!({"messages": [{"role": "system", "content": [{"text": "a"}]}]}),
            json!({"prompt": "a", "temprature": 1}),
            json!({"prompt": "a", "params": {"max_tokens": -1}}),
        ]
        .map(|request| call(request).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @r"
        neither `prompt` nor `messages` is given
        give `prompt` or `messages`, not both
        `messages` holds no message of a user
        a system message is a text
        unknown field `temprature`, expected one of `model_id`, `system`, `prompt`, `messages`, `tools`, `params`, `metadata`
        invalid value: integer `-1`, expected u32
        ");
    }
}
