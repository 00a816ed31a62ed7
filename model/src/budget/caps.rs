//! What may be spent, as the settings say it.

use serde::{Deserialize, Serialize};

use super::money::Nanodollars;

/// Caps that no sum of calls passes. What is not named has none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// US dollars of one call.
    pub request_usd: Option<f64>,
    /// Tokens of one call, in and out.
    pub request_tokens: Option<u64>,
    /// US dollars of all calls of one task.
    pub task_usd: Option<f64>,
    /// US dollars of one agent in a calendar month.
    pub agent_usd: Option<f64>,
    /// US dollars of a day, by UTC.
    pub day_usd: Option<f64>,
    /// US dollars of a calendar month, by UTC.
    pub month_usd: Option<f64>,
    /// The share of a cap at which to warn.
    pub warn_at: f64,
    /// What becomes of a model whose price is not known, where dollars are capped.
    pub unpriced: Unpriced,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unpriced {
    #[default]
    Refuse,
    /// Its calls count as nothing.
    Allow,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            request_usd: None,
            request_tokens: None,
            task_usd: None,
            agent_usd: None,
            day_usd: None,
            month_usd: None,
            warn_at: 0.8,
            unpriced: Unpriced::Refuse,
        }
    }
}

impl Caps {
    /// Whether any of them is in dollars.
    pub fn in_dollars(&self) -> bool {
        self.dollars().iter().any(|(_, usd)| usd.is_some())
    }

    /// Whether any of them is over several calls, which somebody has to add up.
    pub fn hold_over_calls(&self) -> bool {
        [self.task_usd, self.agent_usd, self.day_usd, self.month_usd].iter().any(Option::is_some)
    }

    /// What is wrong with them, a line each.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, usd) in self.dollars() {
            let Some(usd) = usd else { continue };
            if !(0.0..=Nanodollars::MOST.usd()).contains(&usd) {
                problems.push(format!(
                    "`{name}` is {usd}; it must be a number of US dollars between 0 and {:.0}",
                    Nanodollars::MOST.usd()
                ));
            }
        }
        if !(self.warn_at > 0.0 && self.warn_at <= 1.0) {
            problems.push(format!(
                "`warn_at` is {}; it must be a share of a cap, above 0 and at most 1",
                self.warn_at
            ));
        }
        problems
    }

    fn dollars(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("request_usd", self.request_usd),
            ("task_usd", self.task_usd),
            ("agent_usd", self.agent_usd),
            ("day_usd", self.day_usd),
            ("month_usd", self.month_usd),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_that_cannot_hold_are_named() {
        let caps = Caps {
            day_usd: Some(-1.0),
            month_usd: Some(f64::NAN),
            task_usd: Some(0.0),
            warn_at: 0.0,
            ..Caps::default()
        };
        insta::assert_snapshot!(caps.problems().join("\n"), @"
        `day_usd` is -1; it must be a number of US dollars between 0 and 9223372037
        `month_usd` is NaN; it must be a number of US dollars between 0 and 9223372037
        `warn_at` is 0; it must be a share of a cap, above 0 and at most 1
        ");
        assert_eq!(Caps::default().problems(), Vec::<String>::new());
    }

    #[test]
    fn a_cap_that_does_not_exist_is_not_taken_for_one() {
        let read: Result<Caps, _> = serde_json::from_str(r#"{"day_dollars": 5}"#);
        assert!(read.unwrap_err().to_string().contains("unknown field `day_dollars`"));
        let read: Caps = serde_json::from_str(r#"{"day_usd": 5, "unpriced": "allow"}"#).unwrap();
        assert_eq!((read.day_usd, read.unpriced), (Some(5.0), Unpriced::Allow));
    }
}
