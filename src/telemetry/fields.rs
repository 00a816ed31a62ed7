//! The fields of spans and events, as JSON.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

use serde_json::Value;
use tracing::field::{Field, Visit};

/// More of a text than this helps nobody who reads a log.
const LONGEST: usize = 8 * 1024;
/// A field with this before its name holds JSON, and is laid in as what it is rather than as text.
const JSON: &str = "json.";

/// Fields by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) BTreeMap<String, Value>);

impl Fields {
    fn insert(&mut self, field: &Field, value: Value) {
        // What is for the exporter of traces only.
        if !field.name().starts_with("otel.") {
            self.0.insert(field.name().to_owned(), value);
        }
    }

    fn insert_text(&mut self, field: &Field, text: &str) {
        if let Some(name) = field.name().strip_prefix(JSON) {
            let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(shortened(text)));
            self.0.insert(name.to_owned(), value);
        } else {
            self.insert(field, Value::from(shortened(text)));
        }
    }
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert_text(field, value);
    }

    /// An error with all that caused it.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        self.insert_text(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert_text(field, &format!("{value:?}"));
    }
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}
