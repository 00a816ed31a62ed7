//! A long string of JSON as it stands: looked through once, and sent on as it came.

use std::str;

use crate::string_page::{BLOCK, specials};

/// Names the newtype by which a text asks whoever reads for the string as it stands.
pub(crate) const AS_IT_STANDS: &str = "a string of JSON as it stands";

/// Shorter ones are copied, which takes less than to keep all of what they came in.
pub(crate) const LONG: usize = 4 << 10;

/// How many bytes a string takes, its closing quote included. `input` begins behind the opening one. `None` for what
/// `serde_json` would not read, if it is text at all.
pub(crate) fn length(input: &[u8]) -> Option<usize> {
    walk(input, |_, _| ())
}

/// Each escape of a string, its quotes included, and what it stands for.
pub(crate) fn escapes(literal: &[u8], each: impl FnMut(&[u8], char)) {
    walk(literal.get(1..).unwrap_or_default(), each);
}

fn walk(input: &[u8], mut each: impl FnMut(&[u8], char)) -> Option<usize> {
    let mut at = 0;
    while let Some(window) = input.get(at..).and_then(<[u8]>::first_chunk) {
        let mut special = specials(window);
        let mut end = BLOCK;
        while special != 0 {
            let place = special.trailing_zeros() as usize;
            match window.get(place)? {
                b'"' => return Some(at + place + 1),
                b'\\' => {
                    let next = place + escape(input.get(at + place..)?, &mut each)?;
                    // What belongs to an escape is passed over; it may go on in the next block.
                    special &= u64::MAX.checked_shl(next as u32).unwrap_or_default();
                    end = next.max(BLOCK);
                }
                _ => return None,
            }
        }
        at += end;
    }
    loop {
        match input.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += escape(input.get(at..)?, &mut each)?,
            0..0x20 => return None,
            _ => at += 1,
        }
    }
}

/// How long the escape is with which the input begins.
fn escape(input: &[u8], each: &mut impl FnMut(&[u8], char)) -> Option<usize> {
    let (length, character) = match input.get(1)? {
        b'n' => (2, '\n'),
        byte @ (b'"' | b'\\' | b'/') => (2, char::from(*byte)),
        b't' => (2, '\t'),
        b'r' => (2, '\r'),
        b'b' => (2, '\u{8}'),
        b'f' => (2, '\u{c}'),
        b'u' => match unit(input)? {
            high @ 0xD800..0xDC00 => {
                let low = unit(input.get(6..)?)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                (12, char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | low))?)
            }
            unit => (6, char::from_u32(unit)?),
        },
        _ => return None,
    };
    each(input.get(..length)?, character);
    Some(length)
}

/// `\u00e9`.
fn unit(input: &[u8]) -> Option<u32> {
    let digits = input.strip_prefix(b"\\u")?.get(..4)?;
    // `from_str_radix` takes a sign, too.
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `serde_json` reads it, and how many bytes it takes.
    fn theirs(input: &[u8]) -> Option<(String, usize)> {
        let whole = [b"\"", input].concat();
        let mut texts = serde_json::Deserializer::from_slice(&whole).into_iter::<String>();
        let text = texts.next()?.ok()?;
        Some((text, texts.byte_offset() - 1))
    }

    fn compare(input: &[u8]) {
        let own = length(input).filter(|length| str::from_utf8(&input[..*length]).is_ok());
        let theirs = theirs(input);
        assert_eq!(own, theirs.as_ref().map(|(_, length)| *length));
        let (Some(own), Some((text, _))) = (own, theirs) else { return };
        // What is not escaped, and what the escapes stand for, are as long as the text.
        let (mut written, mut meant) = (0, String::new());
        let literal = [b"\"", &input[..own]].concat();
        escapes(&literal, |bytes, character| {
            written += bytes.len();
            meant.push(character);
        });
        assert_eq!(own - 1 - written + meant.len(), text.len());
        assert!(meant.chars().all(|character| text.contains(character)));
    }

    #[test]
    fn an_escape_may_stand_at_any_place_of_a_block() {
        for escape in [
            "\\n",
            "\\\\",
            "\\\"",
            "\\u00e9",
            "\\ud83e\\udd80",
            "\\ud83e",
            "\\udd80",
            "\\u+0e9",
            "\\x",
            "\n",
        ] {
            for before in 0..200 {
                compare(format!("{}{escape}{}\"", "a".repeat(before), "b".repeat(150)).as_bytes());
                compare(format!("{}{escape}\"", "a".repeat(before)).as_bytes());
                compare(format!("{}{escape}", "a".repeat(before)).as_bytes());
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_for_a_string_is_what_serde_reads(input in "([ -~]{0,90}|\\\\[\"nrtbf/\\\\]|\\\\u[dD][89c-fC-F][0-9a-f]{2}|\\\\u[0-9a-f]{3,4}|\\PC){0,60}\"[ -~]{0,200}") {
            compare(input.as_bytes());
        }

        #[test]
        fn any_bytes_are_taken_or_refused(mut bytes in prop::collection::vec(0_u8.., 0..400)) {
            for byte in &mut bytes {
                *byte = if *byte < 0x20 { b'\\' } else { *byte };
            }
            compare(&bytes);
        }
    }
}
