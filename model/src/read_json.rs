//! Reads what callers send: JSON around a prompt that may be megabytes long.
//!
//! What this reads, `serde_json` reads the same; a test compares the two. What it does not read, for whatever reason, is
//! read by `serde_json` from its beginning, which then says what is wrong and where. Only lists in place of objects are
//! refused here.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};

use crate::{literal, long_string, plain_json};

/// As many as `serde_json` goes into.
const DEEPEST: u8 = 127;
/// Strings up to this length are keys and words, which need no care.
const SHORT: usize = 32;

pub fn from_slice<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    let mut reader = Reader::of(json);
    if let Ok(read) = T::deserialize(&mut reader)
        && reader.peek().is_none()
    {
        return Ok(read);
    }
    match reader.list {
        Some(List { left, instead_of }) => Err(list(json, left, &instead_of)),
        None => serde_json::from_slice(json).map_err(|error| plain_json::told(&error)),
    }
}

/// Where an object is expected, serde would take a list for it, field by field in an order that only we know.
struct List {
    /// Bytes from its beginning to the end.
    left: usize,
    instead_of: String,
}

fn list(json: &[u8], left: usize, instead_of: &str) -> serde_json::Error {
    let before = json.get(..json.len() - left).unwrap_or_default();
    let lines = || before.split(|byte| *byte == b'\n');
    let (line, column) = (lines().count(), 1 + lines().next_back().map_or(0, <[u8]>::len));
    Error::custom(format!(
        "invalid type: a list, expected {instead_of} at line {line} column {column}"
    ))
}

/// `serde_json` shall read it.
#[derive(Debug)]
struct Unread;

type Result<T> = std::result::Result<T, Unread>;

impl Error for Unread {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl std::error::Error for Unread {}

impl fmt::Display for Unread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not read")
    }
}

struct Reader<'de> {
    rest: &'de [u8],
    deep: u8,
    list: Option<List>,
}

impl<'de> Reader<'de> {
    fn of(json: &'de [u8]) -> Self {
        Self { rest: json, deep: 0, list: None }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while let Some((b' ' | b'\n' | b'\t' | b'\r', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn eat(&mut self, expected: u8) -> Result<()> {
        if self.peek() != Some(expected) {
            return Err(Unread);
        }
        self.skip(1);
        Ok(())
    }

    fn at_string(&mut self) -> Result<()> {
        if self.peek() == Some(b'"') { Ok(()) } else { Err(Unread) }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// From its opening quote on.
    fn string(&mut self) -> Result<Text<'de>> {
        let quoted = self.rest;
        self.skip(1);
        let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
        let beginning = self.rest.get(..SHORT).unwrap_or(self.rest);
        if let Some(end) = beginning.iter().position(special)
            && self.rest.get(end) == Some(&b'"')
        {
            let text = self.rest.get(..end).and_then(|text| std::str::from_utf8(text).ok());
            self.skip(end + 1);
            return text.map(Text::Short).ok_or(Unread);
        }
        if let Some((text, length)) = long_string::decode(self.rest) {
            self.skip(length);
            return Ok(Text::Long(text));
        }
        let length = literal::length(quoted).ok_or(Unread)?;
        self.rest = quoted.get(length..).ok_or(Unread)?;
        let text = quoted.get(..length).map(serde_json::from_slice);
        text.and_then(serde_json::Result::ok).map(Text::Long).ok_or(Unread)
    }

    /// A long string as it stands, quotes included.
    fn literal(&mut self) -> Option<&'de [u8]> {
        if self.peek() != Some(b'"') || self.rest.len() < literal::LONG {
            return None;
        }
        let length = literal::length(self.rest)?;
        let json = self.rest.get(..length).filter(|json| json.len() >= literal::LONG)?;
        self.skip(length);
        Some(json)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<Value> {
        let ends = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
        let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let word = self.rest.get(..length).unwrap_or_default();
        self.skip(length);
        Ok(match word {
            b"null" => Value::Null,
            b"true" => true.into(),
            b"false" => false.into(),
            number => serde_json::from_slice::<Number>(number).map_err(|_| Unread)?.into(),
        })
    }

    fn within<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.deep >= DEEPEST {
            return Err(Unread);
        }
        self.deep += 1;
        self.skip(1);
        let read = read(self);
        self.deep -= 1;
        read
    }
}

enum Text<'de> {
    Short(&'de str),
    Long(String),
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.peek().ok_or(Unread)? {
            b'"' => match self.string()? {
                Text::Short(text) => visitor.visit_borrowed_str(text),
                Text::Long(text) => visitor.visit_string(text),
            },
            b'{' => self.within(|reader| {
                let read = visitor.visit_map(Members { reader, begun: false })?;
                reader.eat(b'}').map(|()| read)
            }),
            b'[' => self.within(|reader| {
                let read = visitor.visit_seq(Members { reader, begun: false })?;
                reader.eat(b']').map(|()| read)
            }),
            _ => self.word()?.deserialize_any(visitor).map_err(|_| Unread),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.peek();
        match self.rest.strip_prefix(b"null") {
            Some(rest) => {
                self.rest = rest;
                visitor.visit_none()
            }
            None => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name == literal::AS_IT_STANDS
            && let Some(json) = self.literal()
        {
            return visitor.visit_borrowed_bytes(json);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.peek() == Some(b'[') {
            let instead_of = (&visitor as &dyn Expected).to_string();
            self.list = Some(List { left: self.rest.len(), instead_of });
            return Err(Unread);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.peek().ok_or(Unread)? {
            b'"' => match self.string()? {
                Text::Short(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
                Text::Long(text) => visitor.visit_enum(text.into_deserializer()),
            },
            b'{' => self.within(|reader| {
                let read = visitor.visit_enum(&mut *reader)?;
                reader.eat(b'}').map(|()| read)
            }),
            _ => Err(Unread),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// Of an object or an array.
struct Members<'reader, 'de> {
    reader: &'reader mut Reader<'de>,
    begun: bool,
}

impl Members<'_, '_> {
    /// Whether there is another, whose beginning then comes next.
    fn goes_on(&mut self, end: u8) -> Result<bool> {
        if self.reader.peek().ok_or(Unread)? == end {
            return Ok(false);
        }
        if self.begun {
            self.reader.eat(b',')?;
        }
        self.begun = true;
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Members<'_, 'de> {
    type Error = Unread;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.goes_on(b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Unread;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.goes_on(b'}')? {
            return Ok(None);
        }
        self.reader.at_string()?;
        let key = match self.reader.string()? {
            Text::Short(key) => seed.deserialize(BorrowedStrDeserializer::<Unread>::new(key)),
            Text::Long(key) => seed.deserialize(StringDeserializer::<Unread>::new(key)),
        };
        key.map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        self.reader.eat(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// `{"variant": value}`, its brace read.
impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Unread;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        self.at_string()?;
        let Text::Short(name) = self.string()? else { return Err(Unread) };
        let variant = seed.deserialize(BorrowedStrDeserializer::<Unread>::new(name))?;
        self.eat(b':')?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Unread;

    /// Rare enough to be left to `serde_json`.
    fn unit_variant(self) -> Result<()> {
        Err(Unread)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::Block;
    use crate::invoke::Request;

    /// As it is read here alone.
    fn alone<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<T> {
        let mut reader = Reader::of(json);
        let read = T::deserialize(&mut reader).ok()?;
        reader.peek().is_none().then_some(read)
    }

    const REQUEST: &str = r#" {"model_id": null, "system": "be\nbrief", "messages": [
        {"role": "user", "content": "def total():\n\treturn \"\u00e9\"\\ and a text that is longer than a block is \n"},
        {"role": "assistant", "content": [{"text": "a"}, {"reasoning": {"text": "b", "signature": null}},
            {"toolUse": {"id": "1", "name": "n", "input": {"a": [1, -2.5e3, true, null, {}]}}}]}],
        "params": {"max_tokens": 5, "temperature": 0.5, "stop_sequences": ["x", ""], "tool_choice": {"tool": "n"}},
        "metadata": {"agent_id": "ci"}} "#;

    #[test]
    fn a_request_of_every_part_is_read_without_serde_json() {
        let read: Request = alone(REQUEST.as_bytes()).unwrap();
        assert_eq!(read, serde_json::from_str(REQUEST).unwrap());
    }

    #[test]
    fn what_is_wrong_is_said_as_serde_json_says_it() {
        for json in
            ["", "{", "{\"prompt\": 1}", "{\"prompt\":\"a\",}", "{} x", "{\"temprature\": 1}"]
        {
            let told = from_slice::<Request>(json.as_bytes()).unwrap_err().to_string();
            assert_eq!(told, serde_json::from_str::<Request>(json).unwrap_err().to_string());
        }
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for levels in 120..140 {
            let read = from_slice::<Value>(deep(levels).as_bytes()).is_ok();
            assert_eq!(read, serde_json::from_str::<Value>(&deep(levels)).is_ok(), "{levels}");
            assert!(read || alone::<Value>(deep(levels).as_bytes()).is_none());
        }
    }

    #[test]
    fn a_list_in_place_of_an_object_is_refused_wherever_it_stands() {
        let told = [
            "[null, null, \"a\"]",
            "{\"prompt\": \"\\u00e9\",\n  \"params\": [5]}",
            "{\"messages\": [[\"user\", \"a\"]]}",
            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"toolUse\": [\"1\", \"n\", {}]}]}]}",
        ]
        .map(|json| from_slice::<Request>(json.as_bytes()).unwrap_err().to_string());
        insta::assert_snapshot!(told.join("\n"), @"
invalid type: a list, expected an object with `prompt` or `messages` at line 1 column 1
invalid type: a list, expected an object with `max_tokens` and the like at line 2 column 13
invalid type: a list, expected a message with `role` and `content` at line 1 column 15
invalid type: a list, expected a tool use with `id`, `name` and `input` at line 1 column 56
");
    }

    fn same<'de, T: Deserialize<'de> + PartialEq + std::fmt::Debug>(json: &'de [u8]) {
        if let Some(read) = alone::<T>(json) {
            assert_eq!(serde_json::from_slice::<T>(json).ok(), Some(read));
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        small: Option<u8>,
        #[serde(flatten)]
        others: serde_json::Map<String, Value>,
    }

    proptest! {
        #[test]
        fn whatever_is_read_here_serde_json_reads_the_same(json in r#"[ \[\]{}:,"\\0-9a-z.eE+-]{0,40}"#) {
            same::<Value>(json.as_bytes());
        }

        #[test]
        fn pieces_of_json_in_any_order_are_read_the_same(pieces in prop::collection::vec(prop_oneof![
            Just("{"), Just("}"), Just("["), Just("]"), Just(":"), Just(","), Just(" "), Just("\"a\""), Just("\"small\""),
            Just("\"text\""), Just("1"), Just("-0"), Just("1e400"), Just("01"), Just("18446744073709551616"), Just("null"), Just("nullx"),
            Just("true"), Just("\"a\\n\\u0041\""), Just("\"a\\n\"")], 0..12)) {
            let json = pieces.concat();
            same::<Value>(json.as_bytes());
            same::<Flat>(json.as_bytes());
            same::<Block>(json.as_bytes());
            same::<Vec<Option<String>>>(json.as_bytes());
            same::<Request>(json.as_bytes());
        }

        #[test]
        fn a_request_with_one_byte_changed_is_read_the_same(at in 0..REQUEST.len(), byte: u8) {
            let mut json = REQUEST.replace("\\u00e9", "e").into_bytes();
            let at = at.min(json.len() - 1);
            json[at] = byte;
            same::<Request>(&json);
        }
    }
}
