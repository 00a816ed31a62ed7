//! JSON as it is sent. A prompt may be hundreds of kilobytes, so its texts are looked through 64 bytes at a time for what
//! must be escaped, which takes a fraction of what `serde_json` takes byte by byte.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use crate::string_page::{BLOCK, Page, Window, specials};

/// A text that may be long. Only [`to_vec`] writes it as a string.
pub struct Text<'a>(pub &'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0.as_bytes())
    }
}

/// `value` as JSON, in a buffer that holds `capacity` bytes before it grows.
pub fn to_vec(value: &impl Serialize, capacity: usize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(capacity);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Texts))?;
    Ok(bytes)
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
        String::from_utf8(to_vec(&Text(text), 0).unwrap()).unwrap()
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
