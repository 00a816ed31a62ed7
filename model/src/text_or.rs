//! A text, or a list of parts: both dialects tell a message either way.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::literal;
use crate::words::Said;

/// Read as it comes. An untagged enum of serde would hold a prompt of megabytes twice.
#[derive(Debug, Clone, PartialEq)]
pub enum TextOr<'a, Part> {
    Text(Said<'a>),
    Parts(Vec<Part>),
}

impl<'de: 'a, 'a, Part: Deserialize<'de>> Deserialize<'de> for TextOr<'a, Part> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(literal::AS_IT_STANDS, Either(PhantomData))
    }
}

struct Either<Part>(PhantomData<Part>);

impl<'de, Part: Deserialize<'de>> Visitor<'de> for Either<Part> {
    type Value = TextOr<'de, Part>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of parts")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, other: D) -> Result<Self::Value, D::Error> {
        other.deserialize_any(self)
    }

    fn visit_borrowed_bytes<E: Error>(self, json: &'de [u8]) -> Result<Self::Value, E> {
        Said::literal(json).map(TextOr::Text)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text.to_owned().into()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, parts: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(parts)).map(TextOr::Parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_and_a_list_are_told_apart_and_all_else_is_refused() {
        fn read(json: &str) -> Result<TextOr<'_, u8>, String> {
            serde_json::from_str(json).map_err(|error| error.to_string())
        }
        assert_eq!(read(r#""a\n""#), Ok(TextOr::Text("a\n".to_owned().into())));
        assert_eq!(read("[1, 2]"), Ok(TextOr::Parts(vec![1, 2])));
        insta::assert_snapshot!(read("{}").unwrap_err(), @"invalid type: map, expected a text or a list of parts at line 1 column 2");
        insta::assert_snapshot!(read("[300]").unwrap_err(), @"invalid value: integer `300`, expected u8 at line 1 column 4");
    }
}
