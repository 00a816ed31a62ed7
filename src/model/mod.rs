//! Models that can lead a review: what they are told, what they answer, and how they fail.
//!
//! The words are Converse's: a conversation of messages, tool uses and tool results.

use std::time::Duration;

use async_trait::async_trait;
use contract::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[cfg(feature = "aws")]
pub mod bedrock;
#[cfg(feature = "aws")]
mod bedrock_request;
#[cfg(feature = "aws")]
mod bedrock_reply;
#[cfg(feature = "aws")]
mod bedrock_refusal;
#[cfg(feature = "aws")]
pub(crate) mod bedrock_document;
#[cfg(feature = "aws")]
mod bedrock_stable;
pub mod catalog;

/// Leads a conversation one reply further.
#[async_trait]
pub trait ModelDriver: Send + Sync {
    /// For the reader: `embedded`, `bedrock`.
    fn name(&self) -> &'static str;

    /// One reply within `deadline`, retries and fallbacks included.
    async fn converse(
        &self,
        conversation: &Conversation,
        deadline: Duration,
    ) -> Result<Reply, ModelError>;
}

/// All that a model is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub system: String,
    pub messages: Vec<Message>,
    pub tools: Vec<ToolSpec>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

/// One block of a message. Reasoning is kept because a model refuses its own turn without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    Text(String),
    Reasoning {
        text: String,
        signature: Option<String>,
    },
    /// Encrypted by the provider; base64.
    RedactedReasoning(String),
    ToolUse(ToolUse),
    ToolResult(ToolResult),
}

/// A model's wish to call a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolUse {
    pub id: String,
    pub name: String,
    pub input: Value,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    pub tool_use_id: String,
    pub is_error: bool,
    /// An object for a success, a text for an error.
    pub content: Value,
}

/// One reply of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Which model answered; another than asked for where a fallback did.
    pub model_id: String,
    pub message: Message,
    pub stop: StopReason,
    pub usage: Usage,
    /// US dollars; `None` where the catalog has no price for the model.
    pub cost_usd: Option<f64>,
    /// What the reader should know: a fallback, a retry.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopReason {
    EndTurn,
    ToolUse,
    MaxTokens,
    StopSequence,
    GuardrailIntervened,
    ContentFiltered,
    MalformedModelOutput,
    MalformedToolUse,
    ContextWindowExceeded,
    /// A reason that this version does not know.
    Unknown,
}

/// Tokens of one reply, as the provider reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
}

/// Why a driver has no reply. None of these ends a review: the embedded planner goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("the model throttled every attempt: {0}")]
    Throttled(String),
    #[error("the conversation does not fit the model: {0}")]
    ConversationTooLong(String),
    #[error("the model is not to be had: {0}")]
    NotAvailable(String),
    #[error("the model's service refused the credentials: {0}")]
    Auth(String),
    #[error("the model's service refused the request: {0}")]
    BadRequest(String),
    #[error("the model's service failed: {0}")]
    Service(String),
    #[error("the model did not answer in time: {0}")]
    Timeout(String),
}

impl Message {
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, content: vec![Block::Text(text.into())] }
    }

    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(tool_use) => Some(tool_use),
            _ => None,
        })
    }
}

impl Usage {
    pub fn total(self) -> u64 {
        self.input_tokens + self.output_tokens + self.cache_read_tokens + self.cache_write_tokens
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
    }
}
