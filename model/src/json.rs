//! JSON as it is sent. A prompt may be hundreds of kilobytes, so its texts are looked through eight bytes at a time for
//! what must be escaped, which takes a fraction of what `serde_json` takes byte by byte.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

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
        let mut page = Page { bytes: [0; PAGE], length: 0 };
        let mut rest = text;
        while let Some(word) = rest.first_chunk() {
            // What is left after the last word needs as much place.
            if page.length > PAGE - 2 * LONGEST_WORD {
                writer.write_all(page.written())?;
                page.length = 0;
            }
            rest = &rest[page.put(*word)..];
        }
        for byte in rest {
            page.escape(*byte);
        }
        writer.write_all(page.written())?;
        writer.write_all(b"\"")
    }
}

const PAGE: usize = 4096;
/// What eight bytes can come to, escaped by six bytes each.
const LONGEST_WORD: usize = 48;

/// A piece of the text as it is written. Code has something to escape every few bytes, and to look for it in a whole text
/// and copy what is between takes twice as long.
struct Page {
    bytes: [u8; PAGE],
    length: usize,
}

impl Page {
    /// All eight are copied, and the first that must be escaped is then written over. Returns how many that was.
    fn put(&mut self, word: [u8; 8]) -> usize {
        let clean = first_special(word);
        self.push(&word);
        let Some(&special) = word.get(clean) else { return 8 };
        self.length -= 8 - clean;
        self.escape(special);
        clean + 1
    }

    fn escape(&mut self, byte: u8) {
        match byte {
            b'\n' => self.push(b"\\n"),
            b'"' => self.push(b"\\\""),
            b'\\' => self.push(b"\\\\"),
            b'\t' => self.push(b"\\t"),
            b'\r' => self.push(b"\\r"),
            0..0x20 => {
                let digits = b"0123456789abcdef";
                let digit = |half: u8| digits[usize::from(half)];
                self.push(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
            other => self.push(&[other]),
        }
    }

    fn push<const LENGTH: usize>(&mut self, bytes: &[u8; LENGTH]) {
        // There is always place: a page is written out before a word may not fit.
        if let Some(place) = self.bytes.get_mut(self.length..self.length + LENGTH) {
            place.copy_from_slice(bytes);
            self.length += LENGTH;
        }
    }

    fn written(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Where the first byte is that a string must not hold as it is, a quote, a backslash or a control character; 8 where
/// there is none.
fn first_special(word: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // A subtraction borrows from the byte above only where the byte itself is found, so the lowest found is right.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let word = u64::from_le_bytes(word);
    let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
    let found = (below(word, 0x20) | quotes | backslashes) & HIGH;
    found.trailing_zeros() as usize / 8
}

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

        #[test]
        fn the_first_special_byte_is_found(bytes: [u8; 8]) {
            let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
            prop_assert_eq!(first_special(bytes), bytes.iter().position(special).unwrap_or(8));
        }
    }
}
