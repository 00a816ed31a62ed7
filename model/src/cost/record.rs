//! One call, as it is remembered: what it took and cost, and nothing of what was said.

use contract::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::prefix::Prefix;
use crate::budget::Nanodollars;
use crate::error::ErrorKind;
use crate::reply::Usage;

/// Names come from callers; what is longer is cut.
const LONGEST_NAME: usize = 200;

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
    /// What it may have in common with other calls, where a cache could hold that.
    pub prefix: Option<Prefix>,
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
    fn names_are_cut_where_a_letter_ends() {
        let long = CallRecord { task: Some("ä".repeat(1000)), ..record("m", 0, 1, 1) };
        assert_eq!(long.bounded().task.map(|task| task.len()), Some(200));
    }
}
