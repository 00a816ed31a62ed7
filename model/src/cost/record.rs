//! One call, as it is remembered: what it took and cost, and nothing of what was said.

use std::hash::{DefaultHasher, Hash, Hasher};

use contract::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::budget::Nanodollars;
use crate::conversation::Conversation;
use crate::error::ErrorKind;
use crate::reply::Usage;

/// Names come from callers; what is longer is cut.
const LONGEST_NAME: usize = 200;
/// A hash of more than this would cost more than it tells.
const HASHED_AT_MOST: usize = 64 << 10;

/// One settled call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// When it ended.
    pub at: Timestamp,
    pub agent: Option<String>,
    pub task: Option<String>,
    pub model: String,
    pub driver: String,
    pub usage: Usage,
    /// `None`: the price is not known.
    pub cost: Option<Nanodollars>,
    pub latency_ms: u64,
    /// `None`: it was answered.
    #[serde(deserialize_with = "error_kind")]
    pub error: Option<ErrorKind>,
    /// Whether the tokens were estimated here because the service did not count them.
    pub estimated: bool,
    /// What it had in common with other calls, if that was looked for.
    pub prefix: Option<Prefix>,
}

/// The beginning of what a model is told, which a service can cache where it repeats: tools and system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prefix {
    /// Of its first 64 KiB; the same within one version of this program.
    pub hash: u64,
    /// An estimate, in proportion to its part of all bytes.
    pub tokens: u64,
}

impl Prefix {
    /// `bytes` and `tokens` are those of all that the model is told.
    pub fn of(conversation: &Conversation, bytes: usize, tokens: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        let mut taken = 0;
        let mut long = 0;
        let mut add = |text: &str| {
            long += text.len();
            let end = text.floor_char_boundary(text.len().min(HASHED_AT_MOST - taken));
            taken += end;
            text[..end].hash(&mut hasher);
        };
        for tool in &conversation.tools {
            add(&tool.name);
            add(&tool.description);
        }
        add(&conversation.system);
        let share = long.min(bytes) as f64 / bytes.max(1) as f64;
        Self { hash: hasher.finish(), tokens: (tokens as f64 * share) as u64 }
    }
}

impl CallRecord {
    /// Cuts names that are longer than anyone reads.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        for name in [&mut self.model, &mut self.driver] {
            cut(name);
        }
        for name in [&mut self.agent, &mut self.task].into_iter().flatten() {
            cut(name);
        }
        self
    }

    /// All that the model was told, cached or not.
    pub fn told(&self) -> u64 {
        self.usage.total().saturating_sub(self.usage.output_tokens)
    }
}

fn error_kind<'de, D: Deserializer<'de>>(input: D) -> Result<Option<ErrorKind>, D::Error> {
    let name = Option::<String>::deserialize(input)?;
    Ok(name.as_deref().map(ErrorKind::written))
}

fn cut(name: &mut String) {
    name.truncate(name.floor_char_boundary(LONGEST_NAME.min(name.len())));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::conversation::Message;

    /// An answered call of a priced model, in a task of the same name as its agent.
    pub(in crate::cost) fn record(model: &str, at: i64, input: u64, output: u64) -> CallRecord {
        let usage = Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
        let cost = crate::catalog::lookup(model).cost(usage).map(Nanodollars::of_usd);
        CallRecord {
            at: Timestamp(at),
            agent: Some("reviewer".into()),
            task: Some("pr-1".into()),
            model: model.into(),
            driver: "bedrock".into(),
            usage,
            cost,
            latency_ms: 100,
            error: None,
            estimated: false,
            prefix: None,
        }
    }

    #[test]
    fn a_prefix_is_what_calls_share_and_not_what_they_ask() {
        let conversation = |system: &str, question: &str| Conversation {
            system: system.into(),
            messages: vec![Message::user(question)],
            tools: Vec::new(),
        };
        let one = Prefix::of(&conversation("Review.", "a"), 8, 80);
        assert_eq!(one, Prefix::of(&conversation("Review.", "b"), 8, 80));
        assert_ne!(one.hash, Prefix::of(&conversation("Explain.", "a"), 9, 90).hash);
        assert_eq!(one.tokens, 70);
        let long = "ä".repeat(100_000);
        assert_eq!(Prefix::of(&conversation(&long, ""), 1, 10).tokens, 10, "never more than all");
    }

    #[test]
    fn names_are_cut_where_a_letter_ends() {
        let long = CallRecord { task: Some("ä".repeat(1000)), ..record("m", 0, 1, 1) };
        assert_eq!(long.bounded().task.map(|task| task.len()), Some(200));
    }
}
