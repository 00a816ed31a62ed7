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
        let mut rest = text;
        while let Some(at) = first_special(rest) {
            writer.write_all(&rest[..at])?;
            match rest[at] {
                b'\n' => writer.write_all(b"\\n")?,
                b'"' => writer.write_all(b"\\\"")?,
                b'\\' => writer.write_all(b"\\\\")?,
                b'\t' => writer.write_all(b"\\t")?,
                b'\r' => writer.write_all(b"\\r")?,
                other => write!(writer, "\\u{other:04x}")?,
            }
            rest = &rest[at + 1..];
        }
        writer.write_all(rest)?;
        writer.write_all(b"\"")
    }
}

/// Where the first byte is that a string must not hold as it is: a quote, a backslash, a control character.
fn first_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // A subtraction borrows from the byte above only where the byte itself is found, so the lowest found is right.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslashes = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (below(word, 0x20) | quotes | backslashes) & HIGH;
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    rest.iter().position(special).map(|at| bytes.len() - rest.len() + at)
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
        fn the_first_special_byte_is_found(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
            prop_assert_eq!(first_special(&bytes), bytes.iter().position(special));
        }
    }
}
