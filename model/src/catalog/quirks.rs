//! What the price tables do not say of a model: what it refuses, and when it ends.

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use super::table::Row;
use super::{Manner, Takes};

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

pub(super) fn manner(base: &str) -> Manner {
    match quirk(&QUIRKS.chat_completions, base) {
        "max_completion_tokens" => Manner::MaxCompletionTokens,
        "reasoning_content" => Manner::ReasoningContent,
        "thought_signature" => Manner::ThoughtSignature,
        _ => Manner::Usual,
    }
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
        let mut prefixes = quirks.chat_completions.iter().flat_map(|quirk| &quirk.prefixes);
        assert!(prefixes.all(|prefix| manner(prefix) != Manner::Usual));
    }
}
