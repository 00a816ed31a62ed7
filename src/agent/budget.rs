//! What a run may spend on its model, and what it has spent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use model::Usage;

/// The limits of one run. When one is reached, or another turn like the last would pass it, the embedded planner
/// finishes without the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Replies of the model.
    pub turns: u32,
    /// Tokens in and out, cached ones included.
    pub tokens: u64,
    /// US dollars for all reviews of one pull request.
    pub usd: f64,
    pub seconds: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { turns: 12, tokens: 200_000, usd: 0.10, seconds: 600 }
    }
}

/// What a run has spent so far. It survives a restart, so that a killed run gets no second budget.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    pub turns: u32,
    pub usage: Usage,
    pub usd: f64,
    /// The last reply's part of it: the next one reads at least as much.
    #[serde(default)]
    pub last_turn_usd: f64,
    /// Replies of models without a price in the catalog; `usd` is then a lower bound.
    pub unpriced_turns: u32,
    pub milliseconds: u64,
}

impl Spent {
    pub fn add_time(&mut self, elapsed: Duration) {
        self.milliseconds += u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    }
}

impl Budget {
    /// Names the limit that is reached, if one is.
    pub fn exceeded_by(&self, spent: &Spent) -> Option<String> {
        if spent.turns >= self.turns {
            return Some(format!("its {} turns were used", self.turns));
        }
        if spent.usage.total() >= self.tokens {
            return Some(format!("its {} tokens were used", self.tokens));
        }
        if spent.usd >= self.usd {
            return Some("what its pull request may cost was spent".to_owned());
        }
        if spent.usd + spent.last_turn_usd > self.usd {
            return Some(format!(
                "another turn could pass the {:.3} US dollars that are left for its pull request",
                self.usd
            ));
        }
        (spent.milliseconds >= self.seconds * 1000)
            .then(|| format!("its {} seconds were over", self.seconds))
    }

    /// What is left when earlier reviews of the pull request have spent so many US dollars.
    #[must_use]
    pub fn after(&self, usd: f64) -> Self {
        Self { usd: (self.usd - usd).max(0.0), ..self.clone() }
    }

    /// How long the run may still take.
    pub fn time_left(&self, spent: &Spent) -> Duration {
        Duration::from_millis((self.seconds * 1000).saturating_sub(spent.milliseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_ends_the_budget_and_says_which() {
        let budget = Budget { turns: 3, tokens: 100, usd: 0.5, seconds: 10 };
        let said = |spent: Spent| budget.exceeded_by(&spent);
        assert_eq!(said(Spent::default()), None);
        assert_eq!(said(Spent { turns: 3, ..Spent::default() }).unwrap(), "its 3 turns were used");
        let usage = Usage {
            input_tokens: 60,
            output_tokens: 20,
            cache_read_tokens: 20,
            ..Usage::default()
        };
        assert_eq!(said(Spent { usage, ..Spent::default() }).unwrap(), "its 100 tokens were used");
        assert_eq!(
            said(Spent { usd: 0.3, last_turn_usd: 0.21, ..Spent::default() }).unwrap(),
            "another turn could pass the 0.500 US dollars that are left for its pull request"
        );
        assert_eq!(
            said(Spent { usd: 0.5, ..Spent::default() }).unwrap(),
            "what its pull request may cost was spent"
        );
        assert_eq!(said(Spent { usd: 0.3, last_turn_usd: 0.2, ..Spent::default() }), None);
        assert_eq!(
            said(Spent { milliseconds: 10_000, ..Spent::default() }).unwrap(),
            "its 10 seconds were over"
        );
    }
}
