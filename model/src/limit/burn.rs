//! What a call uses of a quota of Bedrock, which is not what it is billed for.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::Usage;
use crate::catalog::without_geography;

/// Quota tokens for one output token of a model, by its id, its profile or the ARN of either.
pub fn output_rate(model_id: &str) -> u64 {
    let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
    let base = without_geography(name);
    let fits = |rate: &&Rate| rate.prefixes.iter().any(|prefix| base.starts_with(prefix.as_str()));
    RATES.iter().find(fits).map_or(1, |rate| rate.output)
}

/// What Bedrock sets aside when a call begins: all that goes in, and all that may come out, at one each. The rate of
/// the output is applied only at the end, when it is known.
pub fn reserved(input_tokens: u64, max_tokens: u64) -> u64 {
    input_tokens.saturating_add(max_tokens)
}

/// What a call used in the end. What was read from the cache is free.
pub fn used(usage: Usage, output_rate: u64) -> u64 {
    let told = usage.input_tokens.saturating_add(usage.cache_write_tokens);
    told.saturating_add(usage.output_tokens.saturating_mul(output_rate))
}

#[derive(Deserialize)]
struct File {
    rates: Vec<Rate>,
}

#[derive(Deserialize)]
struct Rate {
    prefixes: Vec<String>,
    output: u64,
}

static RATES: LazyLock<Vec<Rate>> = LazyLock::new(|| {
    // A test reads the file, so a failure here cannot ship.
    serde_json::from_str::<File>(include_str!("../data/quota_burn.json"))
        .map_or_else(|_| Vec::new(), |file| file.rates)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_burns_by_the_generation_of_the_model() {
        let rates = [
            "anthropic.claude-sonnet-4-20250514-v1:0",
            "us.anthropic.claude-opus-4-8",
            "global.anthropic.claude-sonnet-5",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.amazon.nova-2-lite-v1:0",
            "llama3.2:3b",
        ]
        .map(output_rate);
        assert_eq!(rates, [5, 15, 10, 5, 1, 1]);
    }

    #[test]
    fn reading_the_cache_is_free_and_writing_it_is_not() {
        let usage = Usage {
            input_tokens: 1_000,
            output_tokens: 100,
            cache_read_tokens: 50_000,
            cache_write_tokens: 200,
        };
        assert_eq!(used(usage, 5), 1_700);
        assert_eq!(reserved(1_000, 4_096), 5_096);
    }
}
