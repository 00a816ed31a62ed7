//! What is known of the models: prices, limits, and what each refuses. All of it is data, with its sources.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

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
    pub takes: Takes,
    /// Whether it takes cache points.
    pub caches: bool,
    /// Whether it takes one after the tools.
    pub caches_tools: bool,
    /// Whether it takes `status` in a tool result.
    pub takes_tool_status: bool,
    /// The first day without it.
    pub lifecycle_end: Option<NaiveDate>,
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

/// What is known of a model by its id, its inference profile or the ARN of either.
pub fn lookup(model_id: &str) -> Model {
    let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
    let base = without_geography(name);
    // Limits are the model's own; the price is the profile's.
    let row = TABLE.rows.get(name).or_else(|| TABLE.rows.get(base));
    let caches = quirk(&QUIRKS.cache_points, base);
    let table_caches = row.is_some_and(|row| row.caches);
    Model {
        id: model_id.to_owned(),
        vendor: row.map_or_else(|| vendor(base), |row| row.vendor.clone()),
        max_output_tokens: row.and_then(|row| row.max_output),
        context: row.and_then(|row| row.context),
        price: TABLE.rows.get(name).and_then(Row::price),
        takes: takes(row, base),
        caches: table_caches && caches.contains("messages"),
        caches_tools: table_caches && caches.contains("tools"),
        takes_tool_status: quirk(&QUIRKS.tool_status, base) == "status",
        lifecycle_end: end(row, base),
    }
}

impl Model {
    /// US dollars for one reply; `None` where the price is not known.
    pub fn cost(&self, usage: Usage) -> Option<f64> {
        let price = self.price?;
        let told = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
        if price.up_to.is_some_and(|up_to| told > up_to) {
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

#[derive(Deserialize)]
struct Row {
    id: String,
    vendor: String,
    input: Option<f64>,
    output: Option<f64>,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    price_up_to: Option<u64>,
    context: Option<u32>,
    max_output: Option<u32>,
    #[serde(default)]
    caches: bool,
    #[serde(default = "yes")]
    samples: bool,
    ends: Option<String>,
}

fn yes() -> bool {
    true
}

impl Row {
    fn price(&self) -> Option<Price> {
        let (input, output) = (self.input?, self.output?);
        Some(Price {
            input,
            output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            up_to: self.price_up_to,
        })
    }
}

#[derive(Deserialize)]
struct File {
    models: Vec<Row>,
}

struct Table {
    rows: HashMap<String, Row>,
}

#[derive(Default, Deserialize)]
struct Quirks {
    sampling: Vec<Quirk>,
    cache_points: Vec<Quirk>,
    tool_status: Vec<Quirk>,
    ends: Vec<Quirk>,
}

#[derive(Deserialize)]
struct Quirk {
    prefixes: Vec<String>,
    takes: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads both files, so a failure here cannot ship.
    let file: File = serde_json::from_str(include_str!("../data/bedrock_models.json"))
        .unwrap_or(File { models: Vec::new() });
    Table { rows: file.models.into_iter().map(|row| (row.id.clone(), row)).collect() }
});

static QUIRKS: LazyLock<Quirks> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/bedrock_quirks.json")).unwrap_or_default()
});

fn quirk<'a>(quirks: &'a [Quirk], base: &str) -> &'a str {
    let holds =
        |quirk: &&Quirk| quirk.prefixes.iter().any(|prefix| base.starts_with(prefix.as_str()));
    quirks.iter().find(holds).map_or("", |quirk| quirk.takes.as_str())
}

/// `us.anthropic.claude` is `anthropic.claude` called through a profile.
pub fn without_geography(name: &str) -> &str {
    const GEOGRAPHIES: [&str; 9] =
        ["us.", "eu.", "apac.", "au.", "jp.", "in.", "ca.", "global.", "us-gov."];
    GEOGRAPHIES.iter().find_map(|geography| name.strip_prefix(geography)).unwrap_or(name)
}

fn vendor(base: &str) -> String {
    base.split_once('.').map(|(vendor, _)| vendor.to_owned()).unwrap_or_default()
}

fn takes(row: Option<&Row>, base: &str) -> Takes {
    let refuses = row.is_some_and(|row| !row.samples);
    // An application inference profile hides which model it is, and a parameter too few is never refused.
    let hidden = row.is_none() && vendor(base).is_empty();
    match quirk(&QUIRKS.sampling, base) {
        _ if refuses || hidden => Takes { temperature: false, top_p: false, both: false },
        "both" => Takes { temperature: true, top_p: true, both: true },
        "temperature" => Takes { temperature: true, top_p: true, both: false },
        _ => Takes { temperature: false, top_p: false, both: false },
    }
}

fn end(row: Option<&Row>, base: &str) -> Option<NaiveDate> {
    let known = quirk(&QUIRKS.ends, base);
    let text = if known.is_empty() { row?.ends.as_deref()? } else { known };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_data_reads() {
        let models: File = serde_json::from_str(include_str!("../data/bedrock_models.json")).unwrap();
        assert!(models.models.len() > 250);
        let quirks: Quirks =
            serde_json::from_str(include_str!("../data/bedrock_quirks.json")).unwrap();
        assert!(quirks.ends.iter().all(|quirk| quirk.takes.parse::<NaiveDate>().is_ok()));
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
