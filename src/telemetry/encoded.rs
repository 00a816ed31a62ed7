//! Base64 in a text, and what it holds.

use std::ops::Range;

/// The shortest credential of a form, an access key id of 20 characters, is 27 in Base64.
const SHORTEST: usize = 24;
/// Fewer clear characters in a row are chance.
const CLEAR: usize = 8;
const NONE: u8 = 64;

/// Both alphabets: <https://www.rfc-editor.org/rfc/rfc4648#section-5>.
const VALUES: [u8; 256] = values();

/// The places of Base64 that holds a clear text for which this holds. Most of a text is not looked at: so many
/// characters in a row cover one of every so many.
pub(super) fn holding(text: &str, is_secret: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut clear) = (Vec::new(), Vec::new());
    let (mut from, mut at) = (0, SHORTEST - 1);
    while let Some(byte) = bytes.get(at) {
        if value(*byte) == NONE {
            (from, at) = (at + 1, at + SHORTEST);
            continue;
        }
        let before = bytes[from..at].iter().rposition(|byte| value(*byte) == NONE);
        let start = before.map_or(from, |before| from + before + 1);
        let length = bytes[at..].iter().position(|byte| value(*byte) == NONE);
        let end = length.map_or(bytes.len(), |length| at + length);
        if end - start >= SHORTEST && holds(&bytes[start..end], &mut clear, &is_secret) {
            let padding = bytes[end..].iter().take_while(|byte| **byte == b'=').count();
            found.push(start..end + padding);
        }
        (from, at) = (end, end + SHORTEST);
    }
    found
}

/// The clear text of Base64, if it is one.
pub(super) fn clear(encoded: &str) -> Option<String> {
    let mut clear = Vec::new();
    decode(encoded.trim_end_matches('=').as_bytes(), &mut clear);
    String::from_utf8(clear).ok()
}

/// A path or the `n` of a `\n` may stand before it without a gap, so it may begin at any of four places.
fn holds(run: &[u8], clear: &mut Vec<u8>, is_secret: &impl Fn(&str) -> bool) -> bool {
    (0..4).any(|skipped| {
        decode(&run[skipped..], clear);
        clear
            .split(|byte| !matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
            .filter(|stretch| stretch.len() >= CLEAR)
            .any(|stretch| str::from_utf8(stretch).is_ok_and(is_secret))
    })
}

fn decode(encoded: &[u8], clear: &mut Vec<u8>) {
    clear.clear();
    for four in encoded.chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(value(*byte) & 63));
        let [_, bytes @ ..] = (bits << (6 * (4 - four.len()))).to_be_bytes();
        clear.extend_from_slice(&bytes[..four.len() - 1]);
    }
}

fn value(byte: u8) -> u8 {
    VALUES[usize::from(byte)]
}

const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE; 256];
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let places = holding(text, |clear| clear.contains("open sesame"));
        places.into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn what_base64_holds_is_found_wherever_it_begins() {
        let (says, other) =
            ("he says \u{fc}: open sesame now?>", "nothing of the kind is said here");
        for encoded in [STANDARD.encode(says), URL_SAFE_NO_PAD.encode(says)] {
            for before in ["", "\"", "a/b/c/", "\\n", "key=", "x"] {
                let text =
                    format!("{} {before}{encoded}\" {}", STANDARD.encode(other), "z".repeat(60));
                let found = found(&text);
                assert_eq!(found.len(), 1, "{text}");
                assert!(found[0].ends_with(&encoded), "{text}");
            }
        }
        assert_eq!(found(&STANDARD.encode(other)), Vec::<&str>::new());
        assert_eq!(found("open sesame, in plain words, is for others to find"), Vec::<&str>::new());
    }

    #[test]
    fn clear_text_reads_back_and_a_word_is_none() {
        assert_eq!(clear(&STANDARD.encode("me:pw")).as_deref(), Some("me:pw"));
        assert_eq!(clear("authentication").filter(|clear| clear.contains(':')), None);
        assert_eq!(clear("").as_deref(), Some(""));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[A-Za-z0-9+/=_ é-]{0,200}") {
            for place in holding(&text, |_| true) {
                proptest::prop_assert!(text.get(place).is_some_and(|run| run.len() >= SHORTEST));
            }
        }

        #[test]
        fn what_is_encoded_is_found(before in "[ -~]{0,40}", says in "[ -~]{20,80}") {
            let text = format!("{before} {}", STANDARD.encode(&says));
            proptest::prop_assert!(!holding(&text, |clear| clear.contains(&says)).is_empty());
        }
    }
}
