//! What the price tables do not say of a model: what it refuses, and when it ends.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use super::Takes;
use super::table::Row;

#[derive(Default, Deserialize)]
struct Quirks {
    sampling: Vec<Quirk>,
    vendors: Vec<Quirk>,
    cache_points: Vec<Quirk>,
    tool_status: Vec<Quirk>,
    chat_completions: Vec<Quirk>,
    ends: Vec<Quirk>,
}

#[derive(Deserialize)]
struct Quirk {
    prefixes: Vec<String>,
    takes: String,
}

static QUIRKS: LazyLock<Quirks> = LazyLock::new(|| {
    // A test reads the file, so a failure here cannot ship.
    serde_json::from_str(include_str!("../data/quirks.json")).unwrap_or_default()
});

fn quirk<'a>(quirks: &'a [Quirk], base: &str) -> &'a str {
    let holds =
        |quirk: &&Quirk| quirk.prefixes.iter().any(|prefix| base.starts_with(prefix.as_str()));
    quirks.iter().find(holds).map_or("", |quirk| quirk.takes.as_str())
}

pub(super) fn vendor(base: &str) -> String {
    let named = quirk(&QUIRKS.vendors, base);
    if !named.is_empty() {
        return named.to_owned();
    }
    base.split_once('.').map(|(vendor, _)| vendor.to_owned()).unwrap_or_default()
}

pub(super) fn takes(row: Option<&Row>, base: &str) -> Takes {
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

/// Where a model takes cache points: a list of words.
pub(super) fn cache_points(base: &str) -> &'static str {
    quirk(&QUIRKS.cache_points, base)
}

pub(super) fn takes_tool_status(base: &str) -> bool {
    quirk(&QUIRKS.tool_status, base) == "status"
}

/// How chat completions in OpenAI's protocol differ for it: a word, or none.
pub(super) fn chat_completions(base: &str) -> &'static str {
    quirk(&QUIRKS.chat_completions, base)
}

pub(super) fn end(row: Option<&Row>, base: &str) -> Option<NaiveDate> {
    let known = quirk(&QUIRKS.ends, base);
    let text = if known.is_empty() { row?.ends.as_deref()? } else { known };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_reads() {
        let quirks: Quirks = serde_json::from_str(include_str!("../data/quirks.json")).unwrap();
        assert!(quirks.ends.iter().all(|quirk| quirk.takes.parse::<NaiveDate>().is_ok()));
        let takes = |quirk: &Quirk| ["both", "temperature", "neither"].contains(&&*quirk.takes);
        assert!(quirks.sampling.iter().all(takes));
        let differs = |quirk: &Quirk| {
            ["max_completion_tokens", "reasoning_content"].contains(&quirk.takes.as_str())
        };
        assert!(quirks.chat_completions.iter().all(differs));
    }
}
