//! JSON as it is sent. A prompt may be hundreds of kilobytes, so its texts are looked through 64 bytes at a time for what
//! must be escaped, which takes a fraction of what `serde_json` takes byte by byte.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use crate::conversation::Conversation;
use crate::pieces::Pieces;
use crate::string_page::{BLOCK, Page, Window, specials};
use crate::words::Words;

/// A text that may be long. Only [`to_vec`] writes it as a string, and only [`to_pieces`] one that is held as JSON.
pub struct Text<'a>(Held<'a>);

enum Held<'a> {
    Plain(Cow<'a, str>),
    /// Held as JSON.
    Literal(&'a Words),
}

impl<'a> Text<'a> {
    /// For a body that [`to_pieces`] writes, of a conversation with these words.
    pub(crate) fn of(words: &'a Words) -> Self {
        match words.literal() {
            None => words.as_str().into(),
            Some(_) => Self(Held::Literal(words)),
        }
    }

    pub(crate) fn trim_end(&mut self) {
        let text: &str = match &self.0 {
            Held::Plain(text) => text,
            Held::Literal(words) => words,
        };
        *self = text.trim_end().to_owned().into();
    }
}

impl<'a, Plain: Into<Cow<'a, str>>> From<Plain> for Text<'a> {
    fn from(text: Plain) -> Self {
        Self(Held::Plain(text.into()))
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(match &self.0 {
            Held::Plain(text) => text.as_bytes(),
            Held::Literal(words) => match words.literal() {
                Some(json) => json,
                None => words.as_bytes(),
            },
        })
    }
}

/// `value` as JSON, in a buffer that holds `capacity` bytes before it grows.
pub fn to_vec(value: &impl Serialize, capacity: usize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(capacity);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Texts))?;
    Ok(bytes)
}

/// `value` as JSON. What of the conversation is held as JSON becomes a piece of its own; `capacity` is for all else.
pub(crate) fn to_pieces(
    value: &impl Serialize,
    capacity: usize,
    conversation: &Conversation,
) -> serde_json::Result<Pieces> {
    let blocks = conversation.messages.iter().flat_map(|message| &message.content);
    let literals: Vec<&Bytes> = blocks.filter_map(|block| block.words()?.literal()).collect();
    if literals.is_empty() {
        return to_vec(value, capacity).map(Pieces::from);
    }
    let written =
        RefCell::new(Written { pieces: Pieces::default(), last: Vec::with_capacity(capacity) });
    let formatter = Joined { written: &written, literals };
    let mut serializer = serde_json::Serializer::with_formatter(Writer(&written), formatter);
    value.serialize(&mut serializer)?;
    let Written { mut pieces, last } = written.into_inner();
    pieces.push(last);
    Ok(pieces)
}

struct Written {
    pieces: Pieces,
    last: Vec<u8>,
}

struct Writer<'a>(&'a RefCell<Written>);

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().last.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes as [`Texts`] does, but for texts that are JSON already.
struct Joined<'a> {
    written: &'a RefCell<Written>,
    literals: Vec<&'a Bytes>,
}

impl Formatter for Joined<'_> {
    fn write_byte_array<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        text: &[u8],
    ) -> io::Result<()> {
        // It is JSON already where it stands at the place of one that is.
        let Some(&json) =
            self.literals.iter().find(|json| std::ptr::eq::<[u8]>(json.as_ref(), text))
        else {
            return Texts.write_byte_array(writer, text);
        };
        let mut written = self.written.borrow_mut();
        let before = std::mem::take(&mut written.last);
        written.pieces.push(before);
        written.pieces.push(json.clone());
        Ok(())
    }
}

/// Writes bytes as the text that they are, and all else without spaces.
struct Texts;

impl Formatter for Texts {
    fn write_byte_array<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        text: &[u8],
    ) -> io::Result<()> {
        writer.write_all(b"\"")?;
        let mut page = Page::new();
        let mut rest = text;
        while let Some(window) = rest.first_chunk() {
            turn(&mut page, BLOCK * LONGEST, writer)?;
            write_block(&mut page, window);
            rest = rest.get(BLOCK..).unwrap_or_default();
        }
        for byte in rest {
            turn(&mut page, LONGEST, writer)?;
            write_byte(&mut page, *byte);
        }
        writer.write_all(page.written())?;
        writer.write_all(b"\"")
    }
}

/// A full page joins the rest.
fn turn<W: ?Sized + Write>(page: &mut Page, place: usize, writer: &mut W) -> io::Result<()> {
    if !page.has_place(place) {
        writer.write_all(page.written())?;
        page.clear();
    }
    Ok(())
}

fn write_block(page: &mut Page, window: &Window) {
    let mut special = specials(window);
    let mut from = 0;
    while special != 0 {
        let at = special.trailing_zeros() as usize;
        page.copy(window, from, at - from);
        if let Some(byte) = window.get(at) {
            write_byte(page, *byte);
        }
        from = at + 1;
        special &= special - 1;
    }
    page.copy(window, from, BLOCK - from);
}

fn write_byte(page: &mut Page, byte: u8) {
    let (bytes, length) = &WRITTEN[usize::from(byte)];
    page.push(*bytes, usize::from(*length));
}

/// What a byte can come to.
const LONGEST: usize = 6;

/// How each byte is written within a string: so many of these.
static WRITTEN: [([u8; LONGEST], u8); 256] = {
    let digits = b"0123456789abcdef";
    let mut written = [([0; LONGEST], 0); 256];
    let mut byte = 0;
    while byte < 256 {
        let short = match byte as u8 {
            b'\n' => b'n',
            b'\t' => b't',
            b'\r' => b'r',
            quote @ (b'"' | b'\\') => quote,
            _ => 0,
        };
        written[byte] = if short != 0 {
            ([b'\\', short, 0, 0, 0, 0], 2)
        } else if byte < 0x20 {
            ([b'\\', b'u', b'0', b'0', digits[byte >> 4], digits[byte & 15]], 6)
        } else {
            ([byte as u8, 0, 0, 0, 0, 0], 1)
        };
        byte += 1;
    }
    written
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        String::from_utf8(to_vec(&Text::from(text), 0).unwrap()).unwrap()
    }

    #[test]
    fn every_character_is_read_back() {
        let all: String =
            (0..0x300).filter_map(char::from_u32).chain("🦀é\u{2028}".chars()).collect();
        for start in (0..all.len()).filter(|at| all.is_char_boundary(*at)).step_by(3) {
            let text = &all[start..];
            assert_eq!(serde_json::from_str::<String>(&written(text)).unwrap(), text);
        }
        assert_eq!(written("a\u{1}\"\\\n\t\r"), r#""a\u0001\"\\\n\t\r""#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "(?s).{0,200}") {
            prop_assert_eq!(serde_json::from_str::<String>(&written(&text)).unwrap(), text);
        }

        #[test]
        fn a_long_text_is_read_back(text in "(?s)([\\x00-\u{300}]{0,40}){0,9}", times in 1..400_usize) {
            let text = text.repeat(times);
            prop_assert_eq!(serde_json::from_str::<String>(&written(&text)).unwrap(), text);
        }
    }
}
