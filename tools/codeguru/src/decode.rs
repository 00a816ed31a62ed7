//! The bytes of a profile as JSON, whichever way the service sent them: JSON or Ion, as they are or gzipped.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use ion_rs::{Element, Value as Ion};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::depth::{binary_is_shallow, text_is_shallow};

const LARGEST: u64 = 64 * 1024 * 1024;
/// Enough for the deepest document that is let through, with room to spare.
const STACK: usize = 128 * 1024 * 1024;

/// Why bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the profile cannot be unpacked: {0}")]
    Gzip(#[from] std::io::Error),
    #[error("the profile is larger than {} MiB", LARGEST / 1024 / 1024)]
    TooLarge,
    #[error("the profile is nested too deeply, or is cut short")]
    TooDeep,
    #[error("the profile is not the JSON that it is said to be: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the profile is not the Ion that it is said to be: {0}")]
    Ion(String),
    #[error("the profile could not be read: {0}")]
    Thread(String),
}

/// Reads a profile and hands the document to `then`, on a stack that holds deep documents.
pub(crate) fn read<T: Send>(
    bytes: &[u8],
    content_type: &str,
    then: impl FnOnce(&Value) -> T + Send,
) -> Result<T, DecodeError> {
    let bytes = unpacked(bytes)?;
    let is_ion = is_ion(&bytes, content_type);
    check_depth(&bytes, is_ion)?;
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            let document = if is_ion { from_ion(&bytes)? } else { from_json(&bytes)? };
            Ok(then(&document))
        })?;
        reader.join().unwrap_or_else(|_| Err(DecodeError::Thread("the reader failed".to_owned())))
    })
}

/// `Content-Encoding` is not asked: what starts as gzip is gzip, and no profile starts so by chance.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut unpacked = Vec::new();
    if bytes.starts_with(&[0x1F, 0x8B]) {
        MultiGzDecoder::new(bytes).take(LARGEST + 1).read_to_end(&mut unpacked)?;
    } else {
        bytes.take(LARGEST + 1).read_to_end(&mut unpacked)?;
    }
    if unpacked.len() as u64 > LARGEST {
        return Err(DecodeError::TooLarge);
    }
    Ok(unpacked)
}

fn is_ion(bytes: &[u8], content_type: &str) -> bool {
    is_binary_ion(bytes)
        || content_type.contains("ion") && !content_type.starts_with("application/json")
}

fn is_binary_ion(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0xE0)
}

fn check_depth(bytes: &[u8], is_ion: bool) -> Result<(), DecodeError> {
    if is_ion && bytes.windows(8).any(|window| window == b"$ion_1_1") {
        return Err(DecodeError::Ion(
            "it is of version 1.1, whose macros are not expanded here".to_owned(),
        ));
    }
    let is_shallow =
        if is_binary_ion(bytes) { binary_is_shallow(bytes) } else { text_is_shallow(bytes) };
    if is_shallow { Ok(()) } else { Err(DecodeError::TooDeep) }
}

fn from_json(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // Stacks are deeper than the 64 frames that the default of 128 levels holds; the depth is checked above.
    reader.disable_recursion_limit();
    let document = Value::deserialize(&mut reader)?;
    reader.end()?;
    Ok(document)
}

fn from_ion(bytes: &[u8]) -> Result<Value, DecodeError> {
    let first = Element::read_first(bytes).map_err(|error| DecodeError::Ion(error.to_string()))?;
    Ok(first.map_or(Value::Null, |element| json(&element)))
}

fn json(element: &Element) -> Value {
    match element.value() {
        Ion::Bool(value) => Value::Bool(*value),
        Ion::Int(value) => value.as_i64().map_or_else(|| number(&value.to_string()), Value::from),
        Ion::Float(value) => Value::from(*value),
        Ion::Decimal(value) => number(&format!("{}e{}", value.coefficient(), value.exponent())),
        Ion::String(text) => Value::from(text.text()),
        Ion::Symbol(symbol) => Value::from(symbol.text().unwrap_or_default()),
        Ion::Timestamp(time) => Value::from(time.to_string()),
        Ion::List(items) | Ion::SExp(items) => items.elements().map(json).collect(),
        Ion::Struct(fields) => Value::Object(
            fields
                .fields()
                .map(|(name, value)| (name.text().unwrap_or_default().to_owned(), json(value)))
                .collect::<Map<_, _>>(),
        ),
        Ion::Null(_) | Ion::Blob(_) | Ion::Clob(_) => Value::Null,
    }
}

/// A number that is neither a 64-bit integer nor a float, as the nearest float.
fn number(text: &str) -> Value {
    text.parse::<f64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ion_rs::v1_0;
    use serde_json::json;

    use super::*;
    use crate::depth::DEEPEST;

    fn document(bytes: &[u8], content_type: &str) -> Result<Value, DecodeError> {
        read(bytes, content_type, Value::clone)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn one_document_reads_the_same_in_every_form() {
        let expected = json!({"counts": {"WALL_TIME": 12, "CPU_TIME": 2.5}, "line": [10, 20], "name": "a:b", "none": null});
        let text =
            "{counts: {WALL_TIME: 12, CPU_TIME: 2.5}, line: [10, 20], name: 'a:b', none: null}";
        let binary = Element::read_one(text).unwrap().encode_as(v1_0::Binary).unwrap();
        for bytes in
            [text.as_bytes().to_vec(), binary.clone(), gzip(text.as_bytes()), gzip(&binary)]
        {
            assert_eq!(document(&bytes, "application/x-amzn-ion").unwrap(), expected);
        }
        let json = expected.to_string().into_bytes();
        assert_eq!(document(&json, "application/json").unwrap(), expected);
        assert_eq!(document(&gzip(&json), "application/json").unwrap(), expected);
        assert_eq!(
            document(&binary, "application/json").unwrap(),
            expected,
            "the bytes count more than the header"
        );
    }

    #[test]
    fn deep_stacks_are_read_and_bottomless_ones_refused() {
        let nested =
            |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        for content_type in ["application/json", "application/x-amzn-ion"] {
            assert!(read(nested(DEEPEST).as_bytes(), content_type, |_| ()).is_ok());
            let refused = read(nested(1_000_000).as_bytes(), content_type, |_| ()).unwrap_err();
            assert_eq!(refused.to_string(), "the profile is nested too deeply, or is cut short");
        }
    }

    #[test]
    fn a_profile_that_unpacks_without_end_is_refused() {
        let bomb = gzip(&vec![b' '; LARGEST as usize + 10]);
        assert!(bomb.len() < 1_000_000);
        assert_eq!(
            document(&bomb, "application/json").unwrap_err().to_string(),
            "the profile is larger than 64 MiB"
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let reason = |bytes: &[u8], content_type: &str| {
            document(bytes, content_type).unwrap_err().to_string()
        };
        assert!(reason(b"<html>", "application/json").starts_with("the profile is not the JSON"));
        assert!(
            reason(b"{a: ", "application/x-amzn-ion").starts_with("the profile is not the Ion")
        );
        assert!(reason(b"$ion_1_1 {}", "application/x-amzn-ion").contains("1.1"));
        assert!(
            reason(&[0x1F, 0x8B, 1, 2], "application/json")
                .starts_with("the profile cannot be unpacked")
        );
        assert!(reason(&[0xE0, 1, 0, 0xEA, 0xBE], "").contains("cut short"));
    }
}
