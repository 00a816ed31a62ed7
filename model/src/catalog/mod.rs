//! What is known of the models: prices, limits, and what each refuses. All of it is data, with its sources.

mod nearest;
mod overrides;
mod own_rows;
mod quirks;
mod table;

use chrono::NaiveDate;

pub use self::nearest::nearest_of;
pub use self::overrides::{Catalog, OverrideError};
pub use self::table::Service;
use crate::Usage;

/// A model as far as it is known. Of an unknown one only the id, and what its name tells, is.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// As it was asked for: a model id, an inference profile's id or its ARN.
    pub id: String,
    /// As `anthropic`; empty where the id does not tell.
    pub vendor: String,
    pub max_output_tokens: Option<u32>,
    /// Tokens that go in.
    pub context: Option<u32>,
    pub price: Option<Price>,
    /// Whether the price is an operator's own, which goes before whatever a driver says that a reply cost.
    pub price_is_own: bool,
    pub takes: Takes,
    /// Whether it takes cache points.
    pub caches: bool,
    /// Whether it takes one after the tools.
    pub caches_tools: bool,
    /// Whether it takes `status` in a tool result.
    pub takes_tool_status: bool,
    pub manner: Manner,
    /// The first day without it.
    pub lifecycle_end: Option<NaiveDate>,
}

/// How it differs from others in chat completions, as OpenAI's protocol has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Usual,
    /// Its answers are bounded by `max_completion_tokens` instead of `max_tokens`.
    MaxCompletionTokens,
    /// It has to be told again what it thought before it called tools.
    ReasoningContent,
    /// Calls of tools that it is told again carry a signature of the thoughts before them.
    ThoughtSignature,
}

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    pub cache_read: Option<f64>,
    pub cache_write: Option<f64>,
    /// Input tokens of one request above which another price holds, which is not known here.
    pub up_to: Option<u64>,
}

impl Price {
    /// Of what answers inside this program.
    pub const NOTHING: Self =
        Self { input: 0.0, output: 0.0, cache_read: None, cache_write: None, up_to: None };

    /// Whether a call costs nothing, however long it is.
    pub fn is_nothing(self) -> bool {
        let Self { input, output, cache_read, cache_write, up_to } = self;
        let parts = [input, output, cache_read.unwrap_or(0.0), cache_write.unwrap_or(0.0)];
        up_to.is_none() && parts.iter().all(|part| *part <= 0.0)
    }
}

/// Which sampling parameters a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    pub temperature: bool,
    pub top_p: bool,
    /// Whether it takes them in one request.
    pub both: bool,
}

/// A model for the review, and cheaper ones of two vendors for when it is not to be had.
///
/// The global profiles can be called from every commercial region at the base price. Who must keep data in one
/// geography configures `us.` or `eu.` ids instead.
pub fn default_models() -> &'static [&'static str] {
    &[
        "global.anthropic.claude-sonnet-5-5",
        "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "global.amazon.nova-2-lite-v1:0",
    ]
}

/// What is known of a model by its id, its inference profile or the ARN of either, without an operator's own prices.
pub fn lookup(model_id: &str) -> Model {
    Catalog::bundled().lookup(model_id)
}

/// Known ids that are spelled like this one, the likeliest first; at most three.
pub fn nearest(id: &str) -> Vec<&'static str> {
    nearest_of(id, table::ids().map(|(id, _)| id))
}

impl Model {
    /// As it is asked through a driver: what answers inside this program has no price in any table, and costs nothing.
    #[must_use]
    pub fn through(mut self, driver: &str) -> Self {
        if driver == crate::embedded::NAME {
            self.price = Some(Price::NOTHING);
        }
        self
    }

    /// US dollars for one reply; `None` where the price is not known.
    pub fn cost(&self, usage: Usage) -> Option<f64> {
        let price = self.price?;
        if price.up_to.is_some_and(|up_to| usage.told() > up_to) {
            return None;
        }
        // Where the table has no price for the cache, input is the dearest that it can be.
        let parts = [
            (usage.input_tokens, price.input),
            (usage.output_tokens, price.output),
            (usage.cache_read_tokens, price.cache_read.unwrap_or(price.input)),
            (usage.cache_write_tokens, price.cache_write.unwrap_or(price.input)),
        ];
        Some(parts.iter().map(|(tokens, per_million)| *tokens as f64 * per_million / 1e6).sum())
    }
}

/// `us.anthropic.claude` is `anthropic.claude` called through a profile.
pub fn without_geography(name: &str) -> &str {
    const GEOGRAPHIES: [&str; 9] =
        ["us.", "eu.", "apac.", "au.", "jp.", "in.", "ca.", "global.", "us-gov."];
    GEOGRAPHIES.iter().find_map(|geography| name.strip_prefix(geography)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_default_models_are_priced_and_have_not_ended() {
        for id in default_models() {
            let model = lookup(id);
            assert!(model.price.is_some(), "{id}");
            assert!(
                model.lifecycle_end.is_none_or(|end| end > date("2026-11-21")),
                "{id} has ended"
            );
        }
    }

    #[test]
    fn one_model_costs_by_the_way_it_is_called() {
        let input = |id: &str| lookup(id).price.map(|price| price.input);
        assert_eq!(input("anthropic.claude-sonnet-5-5"), Some(2.0));
        assert_eq!(input("us.anthropic.claude-sonnet-5-5"), Some(2.2));
        assert_eq!(
            input(
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-5-5"
            ),
            Some(2.2)
        );
        assert_eq!(
            input("ca.anthropic.claude-sonnet-5-5"),
            None,
            "the price through an unlisted profile is not known"
        );
    }

    #[test]
    fn what_a_model_refuses_follows_its_generation() {
        let takes = |id: &str| {
            let takes = lookup(id).takes;
            (takes.temperature, takes.top_p, takes.both)
        };
        assert_eq!(takes("us.anthropic.claude-3-haiku-20240307-v1:0"), (true, true, true));
        assert_eq!(takes("anthropic.claude-sonnet-4-20250514-v1:0"), (true, true, true));
        assert_eq!(takes("eu.anthropic.claude-opus-4-1-20250805-v1:0"), (true, true, false));
        assert_eq!(takes("global.anthropic.claude-haiku-4-5-20251001-v1:0"), (true, true, false));
        assert_eq!(takes("global.anthropic.claude-opus-4-7"), (false, false, false));
        assert_eq!(takes("global.anthropic.claude-sonnet-5-5"), (false, false, false));
        assert_eq!(takes("anthropic.claude-of-a-later-year"), (false, false, false));
        assert_eq!(takes("us.amazon.nova-2-lite-v1:0"), (true, true, true));
        assert_eq!(takes("us.openai.gpt-6-sol"), (false, false, false));
        assert_eq!(
            takes("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"),
            (false, false, false)
        );
        assert_eq!(takes("claude-sonnet-4-5"), (true, true, false));
        assert_eq!(takes("claude-sonnet-5-5"), (false, false, false));
        assert_eq!(takes("gpt-4o-mini"), (true, true, true));
        assert_eq!(takes("gpt-6-sol"), (false, false, false));
        assert_eq!(takes("o3-mini"), (false, false, false));
    }

    #[test]
    fn a_vendors_own_service_has_its_own_prices() {
        let direct = lookup("claude-sonnet-5-5");
        assert_eq!((direct.vendor.as_str(), direct.caches), ("anthropic", true));
        let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
        assert_eq!(direct.cost(usage), Some(2.0));
        assert_eq!(lookup("gpt-4o").cost(usage), Some(2.5));
        assert_eq!(lookup("gpt-of-a-later-year").vendor, "openai");
    }

    #[test]
    fn cache_points_go_only_where_they_are_taken() {
        let caches = |id: &str| (lookup(id).caches, lookup(id).caches_tools);
        assert_eq!(caches("us.anthropic.claude-sonnet-5-5"), (true, true));
        assert_eq!(caches("us.amazon.nova-2-lite-v1:0"), (true, false));
        assert_eq!(caches("us.meta.llama3-3-70b-instruct-v1:0"), (false, false));
        assert_eq!(caches("us.openai.gpt-6-sol"), (false, false));
    }

    #[test]
    fn retired_models_are_known() {
        assert_eq!(
            lookup("anthropic.claude-3-sonnet-20240229-v1:0").lifecycle_end,
            Some(date("2025-07-21"))
        );
        assert_eq!(
            lookup("us.anthropic.claude-sonnet-4-20250514-v1:0").lifecycle_end,
            Some(date("2026-10-14"))
        );
        assert_eq!(lookup("us.anthropic.claude-sonnet-5-5").lifecycle_end, None);
    }

    #[test]
    fn a_reply_costs_what_its_tokens_cost() {
        let usage = Usage {
            input_tokens: 1_000_000,
            output_tokens: 100_000,
            cache_read_tokens: 2_000_000,
            cache_write_tokens: 0,
        };
        let cost = |id: &str, usage| lookup(id).cost(usage).map(|cost| format!("{cost:.3}"));
        assert_eq!(cost("anthropic.claude-sonnet-5-5", usage).as_deref(), Some("3.200"));
        assert_eq!(cost("nobody.knows", usage), None);
        assert_eq!(
            cost("anthropic.claude-haiku-5-5", usage),
            None,
            "above 100,000 tokens another price holds"
        );
    }
}
