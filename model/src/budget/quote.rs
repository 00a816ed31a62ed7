//! The most that a call can cost, before it is made.

use super::money::Nanodollars;
use crate::catalog::{Model, Price};

/// An upper bound for one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub model_id: String,
    pub input_tokens: u64,
    /// `None`: neither the call nor the catalog bounds the answer.
    pub output_tokens: Option<u64>,
    /// `None` where the price, or how long the answer may get, is not known.
    pub most: Option<Nanodollars>,
}

impl Quote {
    /// `input_tokens` is an estimate that is rather too high; `max_tokens` is what the call says.
    pub fn of(model: &Model, input_tokens: u64, max_tokens: Option<u32>) -> Self {
        let output_tokens = max_tokens.or(model.max_output_tokens).map(u64::from);
        let most = if model.price.is_some_and(Price::is_nothing) {
            Some(Nanodollars::ZERO)
        } else {
            output_tokens.and_then(|output| most(model, input_tokens, output))
        };
        Self { model_id: model.id.clone(), input_tokens, output_tokens, most }
    }

    /// In and out, as far as they are bounded.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens.unwrap_or(0))
    }
}

fn most(model: &Model, input_tokens: u64, output_tokens: u64) -> Option<Nanodollars> {
    let price = model.price?;
    if price.up_to.is_some_and(|up_to| input_tokens > up_to) {
        return None;
    }
    // Whether the service writes input to its cache is not known yet, and where it does, that is dearer.
    let input = price.input.max(price.cache_write.unwrap_or(0.0));
    let usd = (input_tokens as f64 * input + output_tokens as f64 * price.output) / 1e6;
    Some(Nanodollars::at_least(usd))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog;
    use crate::reply::Usage;

    #[test]
    fn an_answer_without_a_bound_has_no_quote() {
        let mut model = catalog::lookup("anthropic.claude-sonnet-5-5");
        assert!(Quote::of(&model, 1000, None).most.is_some(), "the catalog knows its longest");
        model.max_output_tokens = None;
        assert_eq!(Quote::of(&model, 1000, None).most, None);
        assert!(Quote::of(&model, 1000, Some(100)).most.is_some());
    }

    #[test]
    fn what_answers_inside_this_program_costs_nothing_however_long_it_is() {
        let model = catalog::lookup("embedded");
        assert_eq!(Quote::of(&model, 1000, Some(10)).most, None, "a model of that name elsewhere");
        let embedded = model.through("embedded");
        assert_eq!(Quote::of(&embedded, 1000, None).most, Some(Nanodollars::ZERO));
        // As the row of an operator's own machine may say it, which bounds no answer.
        let own = Price { cache_read: Some(0.0), ..Price::NOTHING };
        let own = Model { price: Some(own), ..embedded };
        assert_eq!(Quote::of(&own, 1000, None).most, Some(Nanodollars::ZERO));
        let price = Some(Price { output: 0.1, ..Price::NOTHING });
        assert_eq!(Quote::of(&Model { price, ..own }, 1000, None).most, None);
    }

    proptest! {
        #[test]
        fn no_split_of_the_tokens_costs_more_than_was_quoted(
            plain in 0_u64..50_000, read in 0_u64..20_000, written in 0_u64..20_000, output in 0_u32..8_000,
        ) {
            for id in catalog::default_models() {
                let model = catalog::lookup(id);
                let quote = Quote::of(&model, plain + read + written, Some(output));
                let usage = Usage {
                    input_tokens: plain,
                    output_tokens: output.into(),
                    cache_read_tokens: read,
                    cache_write_tokens: written,
                };
                let cost = model.cost(usage).map(Nanodollars::of_usd);
                prop_assert!(cost.is_some() && cost <= quote.most, "{id}: {cost:?} > {quote:?}");
            }
        }
    }
}
