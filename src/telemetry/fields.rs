//! The fields of spans and events, as JSON.
//!
//! They are written down as they come, one behind the other, and put into their order only in the line: a server logs
//! every call of a model, and a map of values for each would cost more than the line itself.

use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::ops::Range;

use serde::Serialize;
use serde_json::Value;
use tracing::field::{Field, Visit};

/// More of a text than this helps nobody who reads a log.
const LONGEST: usize = 8 * 1024;
/// What is longer is no word.
const LONGEST_WORD: usize = 512;
/// A field with this before its name holds JSON, and is laid in as what it is rather than as text.
const JSON: &str = "json.";

/// Fields by name, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    written: Vec<u8>,
    places: Vec<(&'static str, Range<usize>)>,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        self.written.clear();
        self.places.clear();
    }

    /// The value of a field, as JSON.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let (_, place) = self.places.iter().find(|(known, _)| *known == name)?;
        self.written.get(place.clone())
    }

    /// All fields, sorted by name.
    pub(super) fn sorted(&mut self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.places.sort_unstable_by_key(|(name, _)| *name);
        let written = &self.written;
        self.places
            .iter()
            .map(move |(name, place)| (*name, written.get(place.clone()).unwrap_or_default()))
    }

    /// The other's fields over these, except those named in `kept` that are there already.
    pub(super) fn lay_over(&mut self, nearer: &Self, kept: &str) {
        for (name, place) in &nearer.places {
            if *name != kept || self.get(kept).is_none() {
                let start = self.written.len();
                self.written
                    .extend_from_slice(nearer.written.get(place.clone()).unwrap_or_default());
                self.place(name, start);
            }
        }
    }

    fn insert(&mut self, field: &Field, value: impl Serialize) {
        // What is for the exporter of traces only.
        if !field.name().starts_with("otel.") {
            let start = self.written.len();
            // Numbers and texts can be written, and a list of bytes takes all of them.
            let _ = serde_json::to_writer(&mut self.written, &value);
            self.place(field.name(), start);
        }
    }

    fn insert_text(&mut self, field: &Field, text: &str) {
        let Some(name) = field.name().strip_prefix(JSON) else {
            return self.insert(field, shortened(text));
        };
        let start = self.written.len();
        let _ = match serde_json::from_str::<Value>(text) {
            Ok(value) => serde_json::to_writer(&mut self.written, &value),
            Err(_) => serde_json::to_writer(&mut self.written, shortened(text)),
        };
        self.place(name, start);
    }

    /// What was written from `start` on is the value of this field.
    fn place(&mut self, name: &'static str, start: usize) {
        let place = start..self.written.len();
        match self.places.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = place,
            None => self.places.push((name, place)),
        }
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert_text(field, value);
    }

    /// An error with all that caused it.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.insert_text(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert_text(field, &format!("{value:?}"));
    }
}

/// Cut before the word that would be cut through: a part of a credential would no longer show by its form.
fn shortened(text: &str) -> &str {
    let kept = &text[..text.floor_char_boundary(LONGEST)];
    if kept.len() == text.len() {
        return kept;
    }
    let apart = |letter: char| {
        letter.is_whitespace() || letter.is_control() || "\"'\\,;&<>(){}[]".contains(letter)
    };
    match kept.rfind(apart) {
        Some(at) if kept.len() - at <= LONGEST_WORD => &kept[..at],
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_not_cut_through() {
        let text = format!("{} {}", "word ".repeat(LONGEST / 5 - 2), "x".repeat(40));
        assert!(
            shortened(&text).trim_end().ends_with("word") && shortened(&text).len() > LONGEST - 40
        );
        let endless = "x".repeat(2 * LONGEST);
        assert_eq!(shortened(&endless).len(), LONGEST);
        assert_eq!(shortened("short text"), "short text");
    }
}
