//! The audit trail: what a review did, one event after the other.
//!
//! What is kept: which tool was called when, for how long and how it ended; how many tokens a model took; who took
//! over and why; where the comment is. What is not: code, prompts, replies and reports. Of an input or a result the
//! trail has its size, a digest that tells whether two were the same, numbers, counts, and texts only where they read
//! like a name, a path or an address.

use std::sync::Arc;

use contract::{Timestamp, hexadecimal};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Of a name or an address.
const LONGEST: usize = 120;
/// Fields of an input or a result; a model may send any number.
const MOST_FIELDS: usize = 24;

/// Keeps a line of the trail.
pub type Keep = Arc<dyn Fn(Line) -> BoxFuture<'static, Result<(), KeepError>> + Send + Sync>;
pub type KeepError = Box<dyn std::error::Error + Send + Sync>;

/// An event as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The run.
    pub session_id: String,
    pub event_type: &'static str,
    pub json: String,
    pub at: Timestamp,
}

/// An event as it is told.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AuditEvent<'a> {
    pub(super) event_type: &'static str,
    pub(super) timestamp: String,
    pub(super) session_id: &'a str,
    pub(super) tool_name: Option<&'a str>,
    pub(super) parameters: Value,
    pub(super) result: Value,
    pub(super) duration_ms: Option<u64>,
}

/// What is told of an input or a result.
pub(super) fn summary(value: &Value) -> Value {
    let bytes = value.to_string();
    let mut told = Map::new();
    told.insert("bytes".into(), bytes.len().into());
    told.insert("sha256".into(), digest(bytes.as_bytes()).into());
    if let Value::Object(fields) = value {
        let fields = fields.iter().filter(|(name, _)| is_plain(name)).take(MOST_FIELDS);
        let fields: Map<_, _> =
            fields.map(|(name, value)| (name.clone(), of_field(value))).collect();
        told.insert("fields".into(), fields.into());
    }
    told.into()
}

fn of_field(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) if is_plain(text) => value.clone(),
        Value::String(text) => json!({"chars": text.chars().count()}),
        Value::Array(items) => json!({"items": items.len()}),
        Value::Object(fields) => json!({"fields": fields.len()}),
    }
}

/// A name, a path, a version, an address: no spaces, no quotes, no brackets, so hardly code.
fn is_plain(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/@#+-".contains(&byte))
}

/// Enough to tell whether two were the same.
fn digest(bytes: &[u8]) -> String {
    hexadecimal::encode(&Sha256::digest(bytes)[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_sizes_and_names_and_no_code() {
        let result = json!({
            "status": "Completed",
            "total": 2,
            "recommendations": [{"excerpt": "cursor.execute(query)"}, {}],
            "excerpt": "cursor.execute(\"SELECT 1\")",
            "comment_url": "https://github.com/octo/shop/pull/7#issuecomment-1",
            "nested": {"code": "x = 1"},
            "nothing": null,
            "a key (that is code)": 1,
        });
        let mut told = summary(&result);
        let sha256 = told["sha256"].take();
        assert_eq!(sha256.as_str().map(str::len), Some(16));
        assert_eq!(
            told,
            json!({
                "bytes": 265,
                "sha256": null,
                "fields": {
                    "status": "Completed",
                    "total": 2,
                    "recommendations": {"items": 2},
                    "excerpt": {"chars": 26},
                    "comment_url": "https://github.com/octo/shop/pull/7#issuecomment-1",
                    "nested": {"fields": 1},
                    "nothing": null,
                },
            })
        );
    }

    #[test]
    fn a_text_is_told_by_its_size_alone() {
        let told = summary(&Value::from("def load(): pass")).to_string();
        assert!(!told.contains("load"), "{told}");
        assert_ne!(summary(&Value::from("a")), summary(&Value::from("b")));
    }

    #[test]
    fn the_number_of_fields_is_limited() {
        let many: Map<String, Value> = (0..1000).map(|n| (format!("k{n}"), n.into())).collect();
        let told = summary(&Value::Object(many));
        assert_eq!(told["fields"].as_object().unwrap().len(), MOST_FIELDS);
    }
}
