//! A cache for what calls have in common.

use std::sync::LazyLock;

use serde::Deserialize;

use super::evidence::{Calls, Repeated};
use super::recommend::{Kind, Saving};
use crate::catalog::{self, Model, Price};

/// What all prefixes would have saved that repeat without ever being read from a cache.
pub(super) fn find(known: &Model, calls: &Calls) -> Option<Saving> {
    let model = &known.id;
    let price = known.price.filter(|_| known.caches)?;
    let least = least_tokens(&known.id);
    let wasted = calls
        .prefixes
        .values()
        .filter(|prefix| !prefix.reads && prefix.in_time > 0 && prefix.tokens >= least);
    let wasted: Vec<&Repeated> = wasted.collect();
    let repeated: u64 = wasted.iter().map(|prefix| prefix.in_time * prefix.tokens).sum();
    let written: u64 =
        wasted.iter().map(|prefix| (prefix.calls - prefix.in_time) * prefix.tokens).sum();
    let Price { input, .. } = price;
    let (read, write) = (price.cache_read?, price.cache_write.unwrap_or(input));
    let usd = (repeated as f64 * (input - read) - written as f64 * (write - input)) / 1e6;
    let told = calls.usage.total() - calls.usage.output_tokens;
    let share = 100.0 * repeated as f64 / told.max(1) as f64;
    (usd > 0.0).then(|| Saving {
        kind: Kind::Caching,
        model: model.to_owned(),
        usd,
        advice: format!(
            "let {model} cache tools and system: {share:.0} % of what it is told repeats within 5 minutes, and none of it is read from a cache (it caches from {least} tokens on). The drivers bedrock and anthropic mark them by themselves; a server of OpenAI's form has to be told"
        ),
        arithmetic: format!(
            "{repeated} tokens x (${input} - ${read}) - {written} tokens x (${write} - ${input}), per million"
        ),
    })
}

#[derive(Deserialize)]
struct Minimums {
    rows: Vec<Minimum>,
    otherwise: u64,
}

#[derive(Deserialize)]
struct Minimum {
    prefixes: Vec<String>,
    tokens: u64,
}

static MINIMUMS: LazyLock<Minimums> = LazyLock::new(|| {
    // A test reads the file, so a failure here cannot ship.
    serde_json::from_str(include_str!("../data/cache_minimums.json"))
        .unwrap_or(Minimums { rows: Vec::new(), otherwise: u64::MAX })
});

/// Fewer tokens are not cached, and nothing says so.
fn least_tokens(model_id: &str) -> u64 {
    let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
    let base = catalog::without_geography(name);
    let starts = |row: &&Minimum| row.prefixes.iter().any(|prefix| base.starts_with(prefix));
    MINIMUMS.rows.iter().find(starts).map_or(MINIMUMS.otherwise, |row| row.tokens)
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::super::record::tests::record;
    use super::super::{CallRecord, Evidence, Kind, Prefix, recommendations};
    use super::*;
    use crate::catalog::Catalog;

    const HAIKU: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";
    const MINUTE: i64 = 60_000;

    fn found(calls: impl Iterator<Item = CallRecord>) -> Vec<String> {
        let mut evidence = Evidence::default();
        calls.for_each(|call| evidence.add(&call));
        let found = recommendations(&evidence, None, &Catalog::bundled(), Timestamp(86_400_000));
        let caching = found.iter().filter(|found| found.kind == Kind::Caching);
        caching.map(ToString::to_string).collect()
    }

    fn sharing(tokens: u64, minutes_apart: i64) -> impl Iterator<Item = CallRecord> {
        (0..101).map(move |index| CallRecord {
            prefix: Some(Prefix { hash: 1, tokens }),
            ..record(HAIKU, index * minutes_apart * MINUTE, 10_000, 100)
        })
    }

    #[test]
    fn the_data_reads() {
        assert_eq!(least_tokens(HAIKU), 4096);
        assert_eq!(least_tokens("us.anthropic.claude-sonnet-4-20250514-v1:0"), 1024);
        assert!(least_tokens("nobody.knows") >= 4096);
    }

    #[test]
    fn a_prefix_that_repeats_in_time_is_worth_a_cache() {
        insta::assert_snapshot!(found(sharing(8000, 1)).join("\n"), @"
        $21.54 a month: let global.anthropic.claude-haiku-4-5-20251001-v1:0 cache tools and system: 79 % of what it is told repeats within 5 minutes, and none of it is read from a cache (it caches from 4096 tokens on). The drivers bedrock and anthropic mark them by themselves; a server of OpenAI's form has to be told
          800000 tokens x ($1 - $0.1) - 8000 tokens x ($1.25 - $1), per million = $0.7180 in 1.0 days; x 30 / 1.0 = $21.54 a month
        ");
    }

    #[test]
    fn what_is_too_short_too_rare_or_cached_already_is_not() {
        assert_eq!(found(sharing(4000, 1)), Vec::<String>::new());
        assert_eq!(found(sharing(8000, 6)), Vec::<String>::new());
        let cached = sharing(8000, 1).map(|mut call| {
            call.usage.cache_read_tokens = 8000;
            call
        });
        assert_eq!(found(cached), Vec::<String>::new());
    }
}
