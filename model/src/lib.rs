//! Any model behind one contract: what it is told, what it answers, how it fails, and what may be spent on it.
//!
//! A driver makes one attempt at one service. The gateway is a driver too: it holds the others, and keeps their limits,
//! budgets, retries and fallbacks, so that whoever asks never knows how many models stand behind it.

use async_trait::async_trait;

/// What a model is told.
pub mod conversation;
/// A text of it.
pub mod words;
/// One request: conversation, parameters, on whose account, until when.
pub mod call;
/// What comes back.
pub mod reply;
/// What comes back piece by piece.
pub mod event;
/// Pieces put together.
pub mod assemble;
/// The form that an answer shall have.
pub mod form;
/// What was asked for in a form, told.
pub mod formed;
/// How it fails.
pub mod error;
/// The gateway's own contract in JSON.
pub mod invoke;
/// Texts that may come in parts.
pub mod text_or;
/// Fields that may be null.
pub mod null;
/// Messages as they are told, made turns.
pub mod turns;
/// Choices of tools, in everybody's words.
pub mod choice;
/// What a service's refusal means.
pub mod classify;
/// How drivers reach their services.
pub mod http;
/// Server-sent events.
pub mod sse;
/// Answers that come as server-sent events.
mod streamed;
/// Services that speak JSON.
mod service;
/// How they write what they send.
pub mod json;
/// How what callers send is read.
pub mod read_json;
mod plain_json;
/// Strings of JSON that may be long: decoded, and as they stand.
mod literal;
mod long_string;
mod string_page;
/// What is sent.
pub mod pieces;
/// What is known of the models: prices, limits, quirks.
pub mod catalog;
/// What may be spent, and what is.
pub mod budget;
/// What was spent, on what, and how to spend less.
pub mod cost;
/// The same tasks over several models.
pub mod bench;
/// What a model may be asked at all.
pub mod limit;
/// What to do about a failure.
pub mod healing;
/// Many models behind one driver.
pub mod gateway;
/// How many tokens a text is, where nobody counts.
pub mod estimate;
/// A call, made one that its model takes.
pub mod normalize;
/// Agents as files.
pub mod definitions;
/// Which model to ask for a task.
pub mod router;
/// Amazon Bedrock.
#[cfg(feature = "aws")]
pub mod bedrock;
/// The Messages API of Anthropic.
pub mod anthropic;
/// Chat completions of OpenAI and of every server that speaks them.
pub mod openai;
/// The local program `claude`.
pub mod claude_cli;
/// No model: a function answers.
pub mod embedded;

pub use call::{Call, Metadata, Others, Parameters, ToolChoice};
pub use conversation::{Block, Conversation, Message, Role, ToolResult, ToolUse};
pub use error::{Cause, ErrorKind, ModelError};
pub use event::{Event, Events};
pub use form::Form;
pub use reply::{Change, Reply, StopReason, Usage};
pub use words::Words;

/// Leads a conversation one reply further.
#[async_trait]
pub trait ModelDriver: Send + Sync {
    /// For the reader and the settings: `embedded`, `bedrock`, `anthropic`, `openai`, `claude_cli`.
    fn name(&self) -> &'static str;

    /// How often one call may be tried at one of its models, the first attempt included.
    fn attempts(&self) -> u8 {
        limit::backoff::TRIES
    }

    /// One reply before the call's deadline.
    async fn converse(&self, call: &Call) -> Result<Reply, ModelError>;

    /// The same, piece by piece. An error here means that nothing was said yet; one among the events ends them.
    /// Dropping the events cancels the call. Without a stream of its own a driver says the whole reply at once.
    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        self.converse(call).await.map(event::of_reply)
    }

    /// Ids that the service says can be invoked; empty where it cannot tell.
    async fn list(&self, _deadline: tokio::time::Instant) -> Result<Vec<Listed>, ModelError> {
        Ok(Vec::new())
    }
}

/// A model that a service lists.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// As it is to be asked for.
    pub id: String,
    pub name: Option<String>,
    pub vendor: Option<String>,
    /// `foundation-model`, `inference-profile`, `model`.
    pub form: &'static str,
}
