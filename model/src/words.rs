//! A text of a conversation. One of hundreds of kilobytes is mostly only weighed and sent on, so it is held as the string of
//! JSON that it came in; who wants to read it finds it decoded.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

use crate::literal;

/// A text, however it is held.
#[derive(Clone)]
pub struct Words(Held);

#[derive(Clone)]
enum Held {
    Text(String),
    Literal(Box<Literal>),
}

#[derive(Clone)]
struct Literal {
    /// With its quotes; `serde_json` would read it.
    json: Bytes,
    decoded: OnceLock<String>,
}

impl Words {
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Held::Text(text) => text,
            Held::Literal(literal) => literal.decoded.get_or_init(|| {
                // It was looked through when it came, so it cannot fail.
                serde_json::from_slice(&literal.json).unwrap_or_default()
            }),
        }
    }

    pub fn into_string(self) -> String {
        match self.0 {
            Held::Text(text) => text,
            Held::Literal(_) => self.as_str().to_owned(),
        }
    }

    /// As a string of JSON with its quotes, where it is held so.
    pub(crate) fn literal(&self) -> Option<&Bytes> {
        match &self.0 {
            Held::Text(_) => None,
            Held::Literal(literal) => Some(&literal.json),
        }
    }

    /// Whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        match self.literal().map(|json| json.get(1)) {
            // Its first character says so, mostly.
            Some(Some(first)) if first.is_ascii_graphic() && *first != b'\\' => false,
            _ => self.as_str().trim().is_empty(),
        }
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self(Held::Text(text))
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// A text within what a caller sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Said<'a>(Heard<'a>);

#[derive(Debug, Clone, PartialEq)]
enum Heard<'a> {
    Text(String),
    /// With its quotes.
    Literal(&'a [u8]),
}

impl<'a> Said<'a> {
    /// A string of JSON, quotes included, as [`literal::length`] measures it.
    pub(crate) fn literal<E: Error>(json: &'a [u8]) -> Result<Self, E> {
        // Of what most are, this takes half the time.
        if !json.is_ascii() {
            std::str::from_utf8(json).map_err(E::custom)?;
        }
        Ok(Self(Heard::Literal(json)))
    }

    /// `body` is what it was read from.
    pub fn words(self, body: &Bytes) -> Words {
        match self.0 {
            Heard::Text(text) => text.into(),
            Heard::Literal(json) => {
                let json = part(body, json);
                Words(Held::Literal(Box::new(Literal { json, decoded: OnceLock::new() })))
            }
        }
    }
}

/// Shared where it is one; `slice_ref` panics for what is none.
fn part(whole: &Bytes, part: &[u8]) -> Bytes {
    let (outer, inner) = (whole.as_ptr_range(), part.as_ptr_range());
    if outer.start <= inner.start && inner.end <= outer.end {
        whole.slice_ref(part)
    } else {
        Bytes::copy_from_slice(part)
    }
}

impl From<String> for Said<'_> {
    fn from(text: String) -> Self {
        Self(Heard::Text(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Said<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(literal::AS_IT_STANDS, AsItStands)
    }
}

struct AsItStands;

impl<'de> Visitor<'de> for AsItStands {
    type Value = Said<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, other: D) -> Result<Self::Value, D::Error> {
        String::deserialize(other).map(Said::from)
    }

    fn visit_borrowed_bytes<E: Error>(self, json: &'de [u8]) -> Result<Self::Value, E> {
        Said::literal(json)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::pieces::{Pieces, read};
    use crate::{Block, Call, Conversation, Message, Role, estimate, read_json};

    /// A text as a caller sends it, among other things.
    pub(crate) fn sent(text: &str) -> Words {
        let body = Bytes::from(serde_json::to_vec(&[text, "other"]).unwrap());
        let [said, _] = read_json::from_slice::<[Said; 2]>(&body).unwrap();
        said.words(&body)
    }

    /// A text that is held as JSON is sent by `write` as a piece of its own, and as the same text as one that is not.
    pub(crate) fn assert_sent_alike(write: impl Fn(&Call) -> Pieces) {
        let [held, plain] =
            both_ways().map(|conversation| write(&Call::new(conversation, Duration::from_secs(1))));
        assert!(held.iter().count() > 3 && plain.iter().count() == 1);
        assert_eq!(read(&held), read(&plain));
        // It is decoded for nobody.
        let message = Message::user(sent(&"def total():\n".repeat(1000)));
        let conversation =
            Conversation { system: String::new(), messages: vec![message], tools: Vec::new() };
        let call = Call::new(conversation, Duration::from_secs(1));
        write(&call);
        let words = call.conversation.messages[0].content[0].words().unwrap();
        assert!(matches!(&words.0, Held::Literal(literal) if literal.decoded.get().is_none()));
    }

    /// A conversation whose texts are held as JSON, and the same with texts that are not.
    fn both_ways() -> [Conversation; 2] {
        let long = "if a < \"b\":\n\treturn 'é\u{1f980}\u{1}'\\\r\n ".repeat(200);
        let made = |words: fn(&str) -> Words| {
            let message = |role, texts: &[&str]| {
                let content = texts.iter().map(|text| Block::Text(words(text))).collect();
                Message { role, content }
            };
            let messages = vec![
                message(Role::User, &[&long]),
                message(Role::Assistant, &[&long, "Yes.", &long]),
                message(Role::User, &[&long, &long, " ".repeat(5000).as_str()]),
                message(Role::Assistant, &[&long]),
            ];
            Conversation { system: "Be brief.".to_owned(), messages, tools: Vec::new() }
        };
        [made(sent), made(|text| text.into())]
    }

    #[test]
    fn a_long_text_is_held_within_what_it_came_in_and_a_short_one_is_not() {
        let text = "Hello \"there\"\n".repeat(1000);
        let held = |json: Vec<u8>| {
            let body = Bytes::from(json);
            let words = read_json::from_slice::<Said>(&body).unwrap().words(&body);
            let within = words.literal().map(|json| body.as_ptr_range().contains(&json.as_ptr()));
            (words.as_str() == text, within)
        };
        assert_eq!(held(serde_json::to_vec(&text).unwrap()), (true, Some(true)));
        assert!(sent(&"a".repeat(100)).literal().is_none());
        // Of another body it is copied.
        let json = serde_json::to_vec(&text).unwrap();
        let words = read_json::from_slice::<Said>(&json).unwrap().words(&Bytes::new());
        assert_eq!(words.as_str(), text);
    }

    #[test]
    fn what_is_no_text_is_refused_as_serde_json_refuses_it() {
        let long = "a".repeat(5000);
        for wrong in ["\\x", "\\ud83e", "\n", "\\u12"] {
            let json = format!("\"{long}{wrong}\"");
            let told = read_json::from_slice::<Said>(json.as_bytes()).unwrap_err();
            let theirs = serde_json::from_str::<String>(&json).unwrap_err();
            assert_eq!(told.to_string(), theirs.to_string());
        }
        let no_text = [b"\"".as_slice(), long.as_bytes(), &[0xFF], b"\""].concat();
        assert!(read_json::from_slice::<Said>(&no_text).is_err());
        assert!(read_json::from_slice::<Said>(format!("\"{long}").as_bytes()).is_err());
        assert!(read_json::from_slice::<Said>(b"1").unwrap_err().to_string().contains("a string"));
    }

    #[test]
    fn only_white_space_is_blank() {
        let blank =
            ["\n", " \t", "\u{a0}", "\u{2028}"].map(|text| sent(&text.repeat(4000)).is_blank());
        assert_eq!(blank, [true; 4]);
        for first in ["a", "\\", "\"", "é", "\u{1}"] {
            assert!(!sent(&format!("{first}{}", " ".repeat(9000))).is_blank(), "{first}");
            assert!(!sent(&format!("{}{first}", " ".repeat(9000))).is_blank(), "{first}");
        }
    }

    proptest! {
        #[test]
        fn a_text_weighs_the_same_however_it_is_held(text in "([ -~]{0,60}[\n\t\"\\\\/é🦀\u{1}]{0,3}){1,9}") {
            let ascii = text.replace(|character: char| !character.is_ascii(), "");
            for text in [text, ascii] {
                let text = format!("{text}.");
                let text = text.repeat(5000 / text.len() + 1);
                let message = |words: Words| [Block::Text(words)];
                let words = sent(&text);
                prop_assert!(words.literal().is_some());
                prop_assert_eq!(estimate::content(&message(words)), estimate::text(&text));
            }
        }
    }
}
