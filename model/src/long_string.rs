//! Decodes a JSON string that may be a prompt of megabytes. `serde_json` takes twice as long where code has a line end
//! every few words.

use crate::string_page::{BLOCK, Page, Window, specials};

/// More than this is not set aside for what may come.
const MOST_SET_ASIDE: usize = 1 << 20;

/// A decoded string, and how many bytes of the input it took, its closing quote included. `input` begins behind the
/// opening quote. `None` for what is no string, and for `\u`, which is left to `serde_json`.
pub(crate) fn decode(input: &[u8]) -> Option<(String, usize)> {
    let mut string = Decoded { page: Page::new(), whole: Vec::new(), to_come: input.len() };
    let mut at = 0;
    while let Some(window) = input.get(at..).and_then(<[u8]>::first_chunk) {
        match string.block(window)? {
            Read::On(bytes) => at += bytes,
            Read::End(bytes) => return string.finish().map(|text| (text, at + bytes)),
        }
    }
    loop {
        match input.get(at)? {
            b'"' => return string.finish().map(|text| (text, at + 1)),
            b'\\' => {
                string.byte(escaped(*input.get(at + 1)?)?);
                at += 2;
            }
            0..0x20 => return None,
            byte => {
                string.byte(*byte);
                at += 1;
            }
        }
    }
}

/// How many bytes were read.
enum Read {
    On(usize),
    End(usize),
}

struct Decoded {
    page: Page,
    whole: Vec<u8>,
    /// What of the input there is at most for the string.
    to_come: usize,
}

impl Decoded {
    fn block(&mut self, window: &Window) -> Option<Read> {
        self.turn();
        let mut special = specials(window);
        let mut from = 0;
        while special != 0 {
            let at = special.trailing_zeros() as usize;
            self.page.copy(window, from, at - from);
            match window.get(at)? {
                b'"' => return Some(Read::End(at + 1)),
                b'\\' => self.page.push([escaped(*window.get(at + 1)?)?], 1),
                _ => return None,
            }
            from = at + 2;
            // The second byte of an escape may be a quote.
            special &= u64::MAX << at << 2;
        }
        let end = from.max(BLOCK);
        self.page.copy(window, from, end - from);
        Some(Read::On(end))
    }

    fn byte(&mut self, byte: u8) {
        self.turn();
        self.page.push([byte], 1);
    }

    /// Makes place for a block. A string of many pages is mostly the one prompt, with which the input ends, too: grown
    /// from nothing it would be copied several times, and end in a place of up to twice its length.
    fn turn(&mut self) {
        if !self.page.has_place(BLOCK) {
            if self.whole.is_empty() {
                self.whole.reserve_exact(self.to_come.min(MOST_SET_ASIDE));
            }
            self.whole.extend_from_slice(self.page.written());
            self.page.clear();
        }
    }

    fn finish(mut self) -> Option<String> {
        self.whole.extend_from_slice(self.page.written());
        if self.whole.capacity() / 2 > self.whole.len() {
            self.whole.shrink_to_fit();
        }
        String::from_utf8(self.whole).ok()
    }
}

/// What the second byte of an escape stands for, but for `u`.
pub(crate) fn escaped(byte: u8) -> Option<u8> {
    Some(match byte {
        b'n' => b'\n',
        b'"' | b'\\' | b'/' => byte,
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_serde_writes_is_read(text in "(?s)([ -~\\n]{0,90}[\\n\\t\"\\\\é🦀]{0,3}){0,9}", times in 1..80_usize, rest in "[,}\"]{0,99}") {
            let text = text.repeat(times);
            let json = serde_json::to_string(&text).unwrap() + &rest;
            prop_assert_eq!(decode(&json.as_bytes()[1..]), Some((text, json.len() - rest.len() - 1)));
        }

        #[test]
        fn what_is_read_is_what_serde_reads(json in "([ -~\\n]|\\\\[\"nrtbf/\\\\u]|\\PC){0,200}\"") {
            if let Some((text, length)) = decode(json.as_bytes()) {
                let whole = format!("\"{}", &json[..length]);
                prop_assert_eq!(serde_json::from_str::<String>(&whole).unwrap(), text);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(mut bytes: Vec<u8>) {
            for byte in &mut bytes {
                *byte = if *byte < 40 { b'\\' } else { *byte };
            }
            if let Some((text, length)) = decode(&bytes) {
                let whole = [b"\"", &bytes[..length]].concat();
                prop_assert_eq!(serde_json::from_slice::<String>(&whole).unwrap(), text);
            }
        }
    }
}
