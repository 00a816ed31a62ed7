//! One request to a model.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::catalog::{self, Model};
use crate::conversation::Conversation;
use crate::form::Form;

/// What is asked, of which model, on whose account, and until when.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// A model id, an inference profile or an ARN; `None` leaves the choice to the driver.
    pub model: Option<String>,
    /// What is known of that model, where the caller has looked it up: the tables are read once a route, not once a call.
    pub known: Option<Arc<Model>>,
    /// Shared: a fallback or a retry tells the same again, and a prompt may be hundreds of kilobytes.
    pub conversation: Arc<Conversation>,
    /// Tokens of that conversation by `estimate`, where somebody has counted them already. Whoever changes the
    /// conversation takes them away.
    pub estimated: Option<u64>,
    pub parameters: Parameters,
    /// `None`: a text.
    pub form: Option<Arc<Form>>,
    /// What the caller says besides, as a service of OpenAI's form may understand it: `seed`, `reasoning_effort`. `None`:
    /// nothing.
    pub others: Option<Arc<Others>>,
    pub metadata: Metadata,
    pub deadline: Instant,
}

/// Parameters by their names.
pub type Others = serde_json::Map<String, serde_json::Value>;

/// How to answer. What is `None` is left to the model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameters {
    pub max_tokens: Option<u32>,
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    pub stop_sequences: Vec<String>,
    pub tool_choice: ToolChoice,
}

impl Parameters {
    /// What is not said is as `below` says it; whether tools are called stays as it is.
    pub fn fill(&mut self, below: &Self) {
        self.max_tokens = self.max_tokens.or(below.max_tokens);
        self.temperature = self.temperature.or(below.temperature);
        self.top_p = self.top_p.or(below.top_p);
        if self.stop_sequences.is_empty() {
            self.stop_sequences.clone_from(&below.stop_sequences);
        }
    }
}

/// Whether tools may, must or must not be called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    #[default]
    Auto,
    /// At least one.
    Any,
    /// This one.
    Tool(String),
    None,
}

/// On whose account, and for what; told to logs, budgets and traces, never to a model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, expecting = "an object with `agent_id`, `task_id` or `trace_id`")]
pub struct Metadata {
    pub agent_id: Option<String>,
    pub task_id: Option<String>,
    /// W3C trace id: 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// Whose key the call came with, which no caller can say of itself. What it spends counts as an agent's of this
    /// name, too, whatever agent the caller names.
    #[serde(skip)]
    pub client: Option<String>,
}

impl Call {
    /// A call that leaves model and parameters to the driver.
    pub fn new(conversation: impl Into<Arc<Conversation>>, within: Duration) -> Self {
        Self {
            model: None,
            known: None,
            conversation: conversation.into(),
            estimated: None,
            parameters: Parameters::default(),
            form: None,
            others: None,
            metadata: Metadata::default(),
            deadline: Instant::now() + within,
        }
    }

    /// What is known of the model of this id, by the caller or else by the tables.
    pub fn known(&self, model_id: &str) -> Arc<Model> {
        match &self.known {
            Some(known) if known.id == model_id => Arc::clone(known),
            _ => Arc::new(catalog::lookup(model_id)),
        }
    }

    /// What is left of its time.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}
