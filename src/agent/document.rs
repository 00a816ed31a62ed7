//! JSON as the SDK has it, and as everyone else has it. Integers stay integers.

use aws_smithy_types::{Document, Number};
use serde_json::{Map, Value};

pub(super) fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(value) => Document::Number(number(value)),
        Value::String(value) => Document::String(value.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect()),
        Value::Object(fields) => Document::Object(
            fields.iter().map(|(name, value)| (name.clone(), document(value))).collect(),
        ),
    }
}

pub(super) fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(value) => Value::Bool(*value),
        Document::Number(Number::PosInt(value)) => Value::from(*value),
        Document::Number(Number::NegInt(value)) => Value::from(*value),
        Document::Number(Number::Float(value)) => Value::from(*value),
        Document::String(value) => Value::String(value.clone()),
        Document::Array(items) => items.iter().map(self::value).collect(),
        Document::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| (name.clone(), self::value(field)))
                .collect::<Map<_, _>>(),
        ),
    }
}

fn number(value: &serde_json::Number) -> Number {
    match (value.as_u64(), value.as_i64()) {
        (Some(value), _) => Number::PosInt(value),
        (None, Some(value)) => Number::NegInt(value),
        (None, None) => Number::Float(value.as_f64().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let whole = json!({"a": [1, -2, 2.5, u64::MAX, i64::MIN, true, null, "x"], "b": {"c": {}}, "one": 1.0});
        assert_eq!(value(&document(&whole)), whole);
        assert_eq!(value(&document(&whole)).to_string(), whole.to_string());
    }
}
