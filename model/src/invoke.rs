//! The gateway's own contract: what a caller sends, and what it gets.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::{Call, Metadata, Parameters, ToolChoice};
use crate::conversation::{Block, Conversation, Message, Role, ToolUse};
use crate::error::{Cause, ErrorKind, ModelError};
use crate::form::Form;
use crate::json::{self, Text};
use crate::reply::{Change, Reply, StopReason};
use crate::text_or::TextOr;
use crate::words;

/// What there is around the texts of an answer, and their escapes; growing beyond copies it.
const USUAL_LENGTH: usize = 1024;

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
        if self.params.timeout_ms == Some(0) {
            return Err(bad(
                "`timeout_ms` is 0, which is no time to answer in; leave it out, or give at least 1",
            ));
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

/// An answer. Its long texts are `Words`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Envelope<Words = String> {
    pub model_id: String,
    pub output_text: Words,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_uses: Vec<ToolUse>,
    pub tokens: Tokens,
    pub finish_reason: FinishReason,
    pub latency_ms: u64,
    /// US dollars; null where the price is not known.
    pub cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Raw<Words>>,
    /// What of the request was changed so that the model takes it.
    pub normalized: Vec<Change>,
    /// Why this model was asked, where the choice was the gateway's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routing: Vec<String>,
    /// A fallback, a retry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Tokens; `input` includes what a cache read or wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    pub input: u64,
    pub output: u64,
    pub total: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_read: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    Stop,
    Length,
    ContentFilter,
    Unknown,
}

/// The beginning of the service's own answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Raw<Words = String> {
    pub bedrock_response_snippet: Words,
}

impl Envelope {
    pub fn of(reply: Reply, latency: Duration) -> Self {
        Self {
            output_text: reply.message.text(),
            tool_uses: reply.message.tool_uses().cloned().collect(),
            tokens: Tokens::of(&reply),
            finish_reason: FinishReason::of(reply.stop),
            latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            cost_usd: reply.cost_usd,
            raw: reply.raw.map(|bedrock_response_snippet| Raw { bedrock_response_snippet }),
            normalized: reply.normalized,
            routing: reply.routing,
            notes: reply.notes,
            model_id: reply.model_id,
        }
    }

    /// As JSON, with texts written as [`json::to_vec`] writes them.
    pub fn into_json(self) -> Vec<u8> {
        let raw = self.raw.as_ref().map(|raw| &raw.bedrock_response_snippet);
        let length = USUAL_LENGTH + self.output_text.len() + raw.map_or(0, String::len);
        let written = Envelope {
            model_id: self.model_id,
            output_text: Text::from(&self.output_text),
            tool_uses: self.tool_uses,
            tokens: self.tokens,
            finish_reason: self.finish_reason,
            latency_ms: self.latency_ms,
            cost_usd: self.cost_usd,
            raw: raw.map(|snippet| Raw { bedrock_response_snippet: Text::from(snippet) }),
            normalized: self.normalized,
            routing: self.routing,
            notes: self.notes,
        };
        // It cannot fail: no map in it has a key that is no text.
        json::to_vec(&written, length).unwrap_or_default()
    }
}

impl Tokens {
    pub fn of(reply: &Reply) -> Self {
        let usage = reply.usage;
        let input = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
        Self {
            input,
            output: usage.output_tokens,
            total: input + usage.output_tokens,
            cache_read: usage.cache_read_tokens,
            cache_write: usage.cache_write_tokens,
            estimated: reply.usage_is_estimated,
        }
    }
}

impl FinishReason {
    pub fn of(stop: StopReason) -> Self {
        match stop {
            StopReason::EndTurn | StopReason::ToolUse | StopReason::StopSequence => Self::Stop,
            StopReason::MaxTokens | StopReason::ContextWindowExceeded => Self::Length,
            StopReason::GuardrailIntervened | StopReason::ContentFiltered => Self::ContentFilter,
            StopReason::MalformedModelOutput
            | StopReason::MalformedToolUse
            | StopReason::Unknown => Self::Unknown,
        }
    }
}

/// The body of a failure: `{"error": {...}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub error: Told,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    #[serde(rename = "type")]
    pub kind: ErrorKind,
    pub message: String,
    pub provider_code: Option<String>,
    pub retry_after_ms: Option<u64>,
}

impl Failure {
    pub fn of(error: &ModelError) -> Self {
        let wait =
            error.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        Self {
            error: Told {
                kind: error.kind(),
                message: error.to_string(),
                provider_code: error.provider_code.clone(),
                retry_after_ms: wait,
            },
        }
    }

    /// For whoever sends it on as JSON.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reply::Usage;

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
            json!({"prompt": "a", "params": {"timeout_ms": 0}}),
        ]
        .map(|request| call(request).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @r"
        neither `prompt` nor `messages` is given
        give `prompt` or `messages`, not both
        `messages` holds no message of a user
        a system message is a text
        unknown field `temprature`, expected one of `model_id`, `system`, `prompt`, `messages`, `tools`, `params`, `metadata`
        invalid value: integer `-1`, expected u32
        `timeout_ms` is 0, which is no time to answer in; leave it out, or give at least 1
        ");
    }

    #[test]
    fn an_answer_adds_up_its_tokens_and_says_what_was_estimated() {
        let mut reply = Reply::new("m", vec![Block::Text("Hi".into())], StopReason::MaxTokens);
        reply.usage = Usage {
            input_tokens: 3,
            output_tokens: 2,
            cache_read_tokens: 5,
            cache_write_tokens: 0,
        };
        reply.usage_is_estimated = true;
        reply.raw = Some("{\"a\":\n1}".to_owned());
        let envelope = Envelope::of(reply, Duration::from_millis(12));
        let written = String::from_utf8(envelope.clone().into_json()).unwrap();
        assert_eq!(written, serde_json::to_string(&envelope).unwrap());
        insta::assert_snapshot!(written, @r#"{"model_id":"m","output_text":"Hi","tokens":{"input":8,"output":2,"total":10,"cache_read":5,"estimated":true},"finish_reason":"length","latency_ms":12,"cost_usd":null,"raw":{"bedrock_response_snippet":"{\"a\":\n1}"},"normalized":[]}"#);
    }
}
