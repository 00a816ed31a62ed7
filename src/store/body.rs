//! A text as an item keeps it: as it is, compressed, or as a pointer to an object.

use std::collections::HashMap;
use std::io::{Read, Write};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Below this, compression gains nothing: a write unit of DynamoDB is a kilobyte.
const PLAIN_MOST: usize = 1024;
/// No state or report comes near it. A limit, because what is compressed may claim any length.
pub(super) const TEXT_MOST: usize = 64 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    Plain(String),
    Packed(Packed),
    Object(Pointer),
}

/// A compressed text, and how long it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) gzip: Vec<u8>,
    pub(super) bytes: usize,
}

/// Where a compressed text lies, and how to know it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) key: String,
    /// Of the object, in hexadecimal.
    pub(super) sha256: String,
    /// Of the text.
    pub(super) bytes: usize,
}

impl Body {
    /// The text within the item, compressed where that helps.
    pub(super) fn inline(text: &str) -> std::io::Result<Self> {
        if text.len() <= PLAIN_MOST {
            return Ok(Self::Plain(text.to_owned()));
        }
        Packed::new(text).map(Self::Packed)
    }

    /// What it takes up in the item, nearly.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Packed(packed) => packed.gzip.len(),
            Self::Object(pointer) => pointer.key.len() + pointer.sha256.len(),
        }
    }

    pub(super) fn attribute(&self) -> AttributeValue {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let number = |number: usize| AttributeValue::N(number.to_string());
        let fields = match self {
            Self::Plain(plain) => vec![("text", text(plain))],
            Self::Packed(Packed { gzip, bytes }) => {
                let gzip = AttributeValue::B(Blob::new(gzip.clone()));
                vec![("gzip", gzip), ("bytes", number(*bytes))]
            }
            Self::Object(Pointer { key, sha256, bytes }) => {
                vec![("key", text(key)), ("sha256", text(sha256)), ("bytes", number(*bytes))]
            }
        };
        AttributeValue::M(
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        )
    }

    /// `None` for a shape that is none of these.
    pub(super) fn read(attribute: &AttributeValue) -> Option<Self> {
        let fields = attribute.as_m().ok()?;
        if let Some(plain) = fields.get("text") {
            return Some(Self::Plain(plain.as_s().ok()?.clone()));
        }
        let bytes = fields.get("bytes")?.as_n().ok()?.parse().ok()?;
        if let Some(gzip) = fields.get("gzip") {
            let gzip = gzip.as_b().ok()?.as_ref().to_vec();
            return Some(Self::Packed(Packed { gzip, bytes }));
        }
        let text = |name: &str| field(fields, name);
        Some(Self::Object(Pointer { key: text("key")?, sha256: text("sha256")?, bytes }))
    }
}

impl Packed {
    pub(super) fn new(text: &str) -> std::io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes())?;
        Ok(Self { gzip: encoder.finish()?, bytes: text.len() })
    }

    /// `None` if it is not what it says.
    pub(super) fn text(&self) -> Option<String> {
        let longest = u64::try_from(self.bytes.min(TEXT_MOST)).ok()?;
        let mut bytes = Vec::new();
        GzDecoder::new(self.gzip.as_slice()).take(longest + 1).read_to_end(&mut bytes).ok()?;
        String::from_utf8(bytes).ok().filter(|text| text.len() == self.bytes)
    }
}

fn field(fields: &HashMap<String, AttributeValue>, name: &str) -> Option<String> {
    fields.get(name)?.as_s().ok().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_reads_back_as_written() {
        let pointer = Pointer { key: "states/a".into(), sha256: "00".into(), bytes: 7 };
        let bodies = ["", "short", &"long ".repeat(1000)].map(|text| Body::inline(text).unwrap());
        for body in bodies.into_iter().chain([Body::Object(pointer)]) {
            assert_eq!(Body::read(&body.attribute()), Some(body));
        }
    }

    #[test]
    fn what_unpacks_to_more_than_it_says_is_refused() {
        let mut packed = Packed::new(&"a".repeat(100_000)).unwrap();
        assert!(packed.text().is_some());
        packed.bytes = 10;
        assert_eq!(packed.text(), None);
    }
}
