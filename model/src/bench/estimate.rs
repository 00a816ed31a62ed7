//! What a benchmark can cost at most, before it is begun.

use super::suite::Suite;
use crate::budget::{Nanodollars, Quote};
use crate::catalog::Model;
use crate::normalize;

/// An upper bound, as far as prices are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    pub calls: u64,
    pub most: Nanodollars,
    /// Models whose price is not known; nothing bounds what they cost.
    pub unpriced: Vec<String>,
}

impl Estimate {
    /// `models` with the names of their drivers; every answer as long as it may be.
    pub fn of<'a>(
        suite: &Suite,
        models: impl IntoIterator<Item = (&'a Model, &'a str)>,
        repeat: u32,
    ) -> Self {
        let mut estimate = Self::default();
        for (model, driver) in models {
            let quotes = suite.tasks.iter().map(|task| {
                let told = normalize::input_tokens(&task.conversation, &model.id, driver);
                Quote::of(model, told, Some(task.max_tokens)).most
            });
            match quotes.sum::<Option<Nanodollars>>() {
                Some(once) => {
                    estimate.most += Nanodollars(once.0.saturating_mul(repeat.into()));
                }
                None => estimate.unpriced.push(model.id.clone()),
            }
            estimate.calls += suite.tasks.len() as u64 * u64::from(repeat);
        }
        estimate
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::suite;
    use super::*;
    use crate::catalog;

    #[test]
    fn every_call_counts_as_its_longest_and_unknown_prices_are_named() {
        let suite = suite(10);
        let (sonnet, unknown) =
            (catalog::lookup("anthropic.claude-sonnet-5-5"), catalog::lookup("nobody.knows"));
        let models = [(&sonnet, "bedrock"), (&unknown, "openai")];
        let estimate = Estimate::of(&suite, models, 3);
        // 1000 tokens of output at $10 a million, thirty times, and some input.
        assert!((0.3..0.32).contains(&estimate.most.usd()), "{estimate:?}");
        assert_eq!((estimate.calls, estimate.unpriced), (60, vec!["nobody.knows".to_owned()]));
    }
}
