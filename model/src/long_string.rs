//! Decodes a JSON string that may be a prompt of megabytes: 64 bytes are looked through at a time, and what stands between
//! two escapes is copied 16 bytes at a time. `serde_json` takes twice as long where code has a line end every few words.

/// What is looked through at once; a bit of a word for each byte.
const BLOCK: usize = 64;
/// What is copied at once. As much is readable behind a block, so that no copy must end exactly.
const STEP: usize = 16;
const PAGE: usize = 4096;
/// More than this is not set aside for what may come.
const MOST_SET_ASIDE: usize = 1 << 20;

/// A decoded string, and how many bytes of the input it took, its closing quote included. `input` begins behind the
/// opening quote. `None` for what is no string, and for `\u`, which is left to `serde_json`.
pub(crate) fn decode(input: &[u8]) -> Option<(String, usize)> {
    let mut page = Page { bytes: [0; PAGE], length: 0, whole: Vec::new(), to_come: input.len() };
    let mut at = 0;
    while let Some(window) = input.get(at..).and_then(<[u8]>::first_chunk::<{ BLOCK + STEP }>) {
        match page.block(window)? {
            Read::On(bytes) => at += bytes,
            Read::End(bytes) => return page.finish().map(|text| (text, at + bytes)),
        }
    }
    loop {
        match input.get(at)? {
            b'"' => return page.finish().map(|text| (text, at + 1)),
            b'\\' => {
                page.push(escaped(*input.get(at + 1)?)?);
                at += 2;
            }
            0..0x20 => return None,
            byte => {
                page.push(*byte);
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

struct Page {
    bytes: [u8; PAGE],
    length: usize,
    whole: Vec<u8>,
    /// What of the input there is at most for the string.
    to_come: usize,
}

impl Page {
    fn block(&mut self, window: &[u8; BLOCK + STEP]) -> Option<Read> {
        if self.length > PAGE - BLOCK - STEP {
            self.turn();
        }
        let mut special = specials(window.first_chunk()?);
        let mut from = 0;
        while special != 0 {
            let at = special.trailing_zeros() as usize;
            self.copy(window, from, at - from);
            match window.get(at)? {
                b'"' => return Some(Read::End(at + 1)),
                b'\\' => self.push(escaped(*window.get(at + 1)?)?),
                _ => return None,
            }
            from = at + 2;
            // The second byte of an escape may be a quote.
            special &= u64::MAX << at << 2;
        }
        let end = from.max(BLOCK);
        self.copy(window, from, end - from);
        Some(Read::On(end))
    }

    /// Up to a step more than `length` is written, and written over by what comes next.
    fn copy(&mut self, window: &[u8; BLOCK + STEP], from: usize, length: usize) {
        let mut start = 0;
        loop {
            let source = window.get(from + start..).and_then(<[u8]>::first_chunk::<STEP>);
            let target = self.bytes.get_mut(self.length + start..);
            let target = target.and_then(<[u8]>::first_chunk_mut::<STEP>);
            if let (Some(source), Some(target)) = (source, target) {
                *target = *source;
            }
            start += STEP;
            if start >= length {
                break;
            }
        }
        self.length += length;
    }

    fn push(&mut self, byte: u8) {
        if self.length >= PAGE {
            self.turn();
        }
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// A string of many pages is mostly the one prompt, with which the input ends, too. Grown from nothing, it would be
    /// copied several times, and end in a place of up to twice its length.
    fn turn(&mut self) {
        if self.whole.is_empty() {
            self.whole.reserve_exact(self.to_come.min(MOST_SET_ASIDE));
        }
        self.write_down();
    }

    fn write_down(&mut self) {
        self.whole.extend_from_slice(self.bytes.get(..self.length).unwrap_or_default());
        self.length = 0;
    }

    fn finish(mut self) -> Option<String> {
        self.write_down();
        if self.whole.capacity() / 2 > self.whole.len() {
            self.whole.shrink_to_fit();
        }
        String::from_utf8(self.whole).ok()
    }
}

fn escaped(byte: u8) -> Option<u8> {
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

/// A bit for each byte that does not stand for itself: quotes, backslashes, control characters.
fn specials(block: &[u8; BLOCK]) -> u64 {
    let mut found = [0_u8; BLOCK];
    for (found, byte) in found.iter_mut().zip(block) {
        *found = u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
    }
    let (words, _) = found.as_chunks::<8>();
    // Multiplied so, the lowest bits of eight bytes come together in the highest byte.
    let gathered =
        |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    words.iter().rev().fold(0, |bits, word| bits << 8 | gathered(word))
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
