//! What a caller gets: an answer, or a failure.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::conversation::ToolUse;
use crate::error::{ErrorKind, ModelError};
use crate::json::{self, Text};
use crate::reply::{Change, Reply, StopReason};

/// What there is around the texts of an answer, and their escapes; growing beyond copies it.
const USUAL_LENGTH: usize = 1024;

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
    use super::*;
    use crate::Block;
    use crate::reply::Usage;

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
