//! A text, or a list of parts: both dialects tell a message either way.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// Read as it comes. An untagged enum of serde would hold a prompt of megabytes twice.
#[derive(Debug, Clone, PartialEq)]
pub enum TextOr<Part> {
    Text(String),
    Parts(Vec<Part>),
}

impl<'de, Part: Deserialize<'de>> Deserialize<'de> for TextOr<Part> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

struct Either<Part>(PhantomData<Part>);

impl<'de, Part: Deserialize<'de>> Visitor<'de> for Either<Part> {
    type Value = TextOr<Part>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text or a list of parts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text))
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
        let read = |json: &str| {
            serde_json::from_str::<TextOr<u8>>(json).map_err(|error| error.to_string())
        };
        assert_eq!(read(r#""a\n""#), Ok(TextOr::Text("a\n".to_owned())));
        assert_eq!(read("[1, 2]"), Ok(TextOr::Parts(vec![1, 2])));
        insta::assert_snapshot!(read("{}").unwrap_err(), @"invalid type: map, expected a text or a list of parts at line 1 column 2");
        insta::assert_snapshot!(read("[300]").unwrap_err(), @"invalid value: integer `300`, expected u8 at line 1 column 4");
    }
}
