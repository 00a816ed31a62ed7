//! A long string of JSON as it stands: looked through once, and sent on as it came.

use std::ops::ControlFlow::{self, Break, Continue};
use std::str;

use crate::long_string::escaped;
use crate::string_page::{BLOCK, Window, specials};

/// Names the newtype by which a text asks whoever reads for the string as it stands.
pub(crate) const AS_IT_STANDS: &str = "a string of JSON as it stands";

/// Shorter ones are copied, which takes less than to keep all of what they came in.
pub(crate) const LONG: usize = 4 << 10;

/// What is looked at in one go: few enough that counts of them fit into a byte each.
pub(crate) const LANES: usize = 128;

/// Bytes of a string, and in front the one before them.
pub(crate) type Stretch = [u8; LANES + 1];

/// Whoever looks at a string.
pub(crate) trait Look {
    /// At many bytes; `false` asks to be told them part by part. Neither the string's end nor a backslash that stands for
    /// itself may be among those that are taken.
    fn at_once(&mut self, stretch: &Stretch) -> bool;

    fn part(&mut self, part: Part<'_>);
}

/// Of a string within its quotes.
pub(crate) enum Part<'a> {
    /// These bytes stand for themselves.
    Plain(&'a [u8]),
    /// What an escape stands for.
    Escaped(char),
}

/// How many bytes a string takes, its quotes included; `input` begins with the opening one. `None` for what `serde_json`
/// would not read, if it is text at all.
pub(crate) fn length(input: &[u8]) -> Option<usize> {
    walk(input, &mut Checked)
}

/// Shows a string to whoever looks at it, and says how many bytes it takes.
pub(crate) fn walk(input: &[u8], look: &mut impl Look) -> Option<usize> {
    let mut at = 1;
    loop {
        while let Some(stretch) = input.get(at - 1..)?.first_chunk()
            && look.at_once(stretch)
        {
            at += LANES;
        }
        // The last byte of a stretch may begin an escape.
        if input.get(at - 1) == Some(&b'\\') {
            at -= 1;
        }
        let enough = at + LANES;
        // In front of a stretch, the second backslash of two would be taken for one that begins an escape.
        while at < enough || input.get(at - 1) == Some(&b'\\') {
            match block(input.get(at..)?, look)? {
                Continue(bytes) => at += bytes,
                Break(bytes) => return Some(at + bytes),
            }
        }
    }
}

/// Most of what is sent has no other escapes than these.
struct Checked;

impl Look for Checked {
    fn at_once(&mut self, stretch: &Stretch) -> bool {
        let ([before @ .., _], [_, bytes @ ..]) = (stretch, stretch);
        let mut others = 0;
        for (before, byte) in before.iter().zip(bytes) {
            let is_escaped = *before == b'\\';
            let is_quote = *byte == b'"';
            let is_space = *byte == b'n' || *byte == b't' || *byte == b'r';
            others |= u8::from(*byte < 0x20) | u8::from((is_escaped && !is_space) != is_quote);
        }
        others == 0
    }

    fn part(&mut self, _: Part<'_>) {}
}

/// How many bytes were walked through, and whether the string ends with them.
fn block(input: &[u8], look: &mut impl Look) -> Option<ControlFlow<usize, usize>> {
    let mut special = specials(&window(input));
    let mut from = 0;
    while special != 0 {
        let place = special.trailing_zeros() as usize;
        look.part(Part::Plain(input.get(from..place)?));
        match input.get(place)? {
            b'"' => return Some(Break(place + 1)),
            b'\\' => {
                let (length, character) = escape(input.get(place..)?)?;
                look.part(Part::Escaped(character));
                from = place + length;
                // What belongs to an escape is passed over; it may go on in the next block.
                special &= u64::MAX.checked_shl(from as u32).unwrap_or_default();
            }
            _ => return None,
        }
    }
    let end = from.max(BLOCK);
    look.part(Part::Plain(input.get(from..end)?));
    Some(Continue(end))
}

/// The beginning of the input. What is missing at its end is filled with what no string has.
fn window(input: &[u8]) -> Window {
    input.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; _];
        padded.iter_mut().zip(input).for_each(|(padded, byte)| *padded = *byte);
        padded
    })
}

/// How long the escape is with which the input begins, and what it stands for.
fn escape(input: &[u8]) -> Option<(usize, char)> {
    let byte = *input.get(1)?;
    escaped(byte).map(|byte| (2, char::from(byte))).or_else(|| unicode(input))
}

/// `\u00e9`, or two of these where a character takes two units.
fn unicode(input: &[u8]) -> Option<(usize, char)> {
    Some(match unit(input)? {
        high @ 0xD800..0xDC00 => {
            let low = unit(input.get(6..)?)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
            (12, char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | low))?)
        }
        unit => (6, char::from_u32(unit)?),
    })
}

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
        let mut texts = serde_json::Deserializer::from_slice(input).into_iter::<String>();
        let text = texts.next()?.ok()?;
        Some((text, texts.byte_offset()))
    }

    /// Writes down again what it is told.
    struct Noted(Vec<u8>);

    impl Look for Noted {
        fn at_once(&mut self, stretch: &Stretch) -> bool {
            let takes = Checked.at_once(stretch);
            if takes {
                self.0.extend_from_slice(&stretch[1..]);
            }
            takes
        }

        fn part(&mut self, part: Part<'_>) {
            match part {
                Part::Plain(bytes) => self.0.extend_from_slice(bytes),
                Part::Escaped(character) => {
                    self.0.pop_if(|last| *last == b'\\');
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        self.0.extend(format!("\\u{unit:04x}").bytes());
                    }
                }
            }
        }
    }

    fn compare(within: &[u8]) {
        let input = [b"\"", within].concat();
        let own = length(&input).filter(|length| str::from_utf8(&input[..*length]).is_ok());
        let theirs = theirs(&input);
        assert_eq!(own, theirs.as_ref().map(|(_, length)| *length));
        let (Some(own), Some((text, _))) = (own, theirs) else { return };
        let mut noted = Noted(vec![b'"']);
        walk(&input[..own], &mut noted);
        noted.0.push(b'"');
        assert_eq!(serde_json::from_slice::<String>(&noted.0).unwrap(), text);
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
            for before in 0..300 {
                for after in [150, 500] {
                    let (before, after) = ("a".repeat(before), "b".repeat(after));
                    compare(format!("{before}{escape}{after}\"").as_bytes());
                    compare(format!("{before}{escape}{escape}{after}\"").as_bytes());
                }
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
