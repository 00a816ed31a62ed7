//! What a model answers, and what it came to.

use serde::{Deserialize, Serialize};

use crate::conversation::{Block, Message, Role};

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
    /// Whether the tokens were estimated here because the service did not count them.
    #[serde(default)]
    pub usage_is_estimated: bool,
    /// What of the call was changed so that the model takes it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub normalized: Vec<Change>,
    /// Why this model was asked, where the choice was the gateway's; a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routing: Vec<String>,
    /// Why this model answered, in one sentence, where the router chose it or it stands in for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<String>,
    /// The beginning of the service's own answer, for whoever looks for the cause of something; at most 2 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

/// A change to a call that a model would otherwise refuse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// `temperature`, `top_p`, `max_tokens`, `stop_sequences`, `system`, `tools`.
    pub parameter: String,
    pub from: serde_json::Value,
    /// Null: left out.
    pub to: serde_json::Value,
    pub reason: String,
}

impl Reply {
    /// A reply of which only this is known.
    pub fn new(model_id: impl Into<String>, content: Vec<Block>, stop: StopReason) -> Self {
        Self {
            model_id: model_id.into(),
            message: Message { role: Role::Assistant, content },
            stop,
            usage: Usage::default(),
            cost_usd: None,
            notes: Vec::new(),
            usage_is_estimated: false,
            normalized: Vec::new(),
            routing: Vec::new(),
            chosen: None,
            raw: None,
        }
    }
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

impl Usage {
    /// Counts come from outside, so sums stop at the largest number rather than break.
    pub fn total(self) -> u64 {
        self.told().saturating_add(self.output_tokens)
    }

    /// All that went in, from the cache or not.
    pub fn told(self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        let add = |count: &mut u64, more| *count = count.saturating_add(more);
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read_tokens, other.cache_read_tokens);
        add(&mut self.cache_write_tokens, other.cache_write_tokens);
    }
}
