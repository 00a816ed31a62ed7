//! Base64 in a text, and what it holds.

use std::ops::Range;

use super::runs;

/// 24 characters of clear text: tokens and keys have 40 and more, and shorter runs are mostly names.
const SHORTEST: usize = 32;
/// So many groups of four characters in a row stand for clear text, or it is chance: one of random ones does in a
/// thousand. Where a credential begins, a group may be half of something else.
const GROUPS: usize = 4;
const GROUP: usize = 4;
const NONE: u8 = 64;

/// Both alphabets: <https://www.rfc-editor.org/rfc/rfc4648#section-5>.
const VALUES: [u8; 256] = values();
/// Whether a character can be the first, second or third of a group that stands for clear text, a bit each.
const CLEAR: [u8; 256] = clear_bits();

/// The places of Base64 that holds a clear text for which this holds.
pub(super) fn holding(text: &str, is_secret: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut clear) = (Vec::new(), Vec::new());
    for place in runs::at_least(SHORTEST, bytes, |byte| value(byte) != NONE) {
        let run = &bytes[place.clone()];
        if has_capital(run) && holds(run, &mut clear, &is_secret) {
            let padding = bytes[place.end..].iter().take_while(|byte| **byte == b'=').count();
            found.push(place.start..place.end + padding);
        }
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
    (0..GROUP).any(|skipped| {
        let run = &run[skipped..];
        let mut from = 0;
        while let Some(groups) = clear_groups(run, from) {
            from = groups.end + 1;
            let last = (from * GROUP).min(run.len());
            decode(&run[groups.start.saturating_sub(1) * GROUP..last], clear);
            let mut stretches = clear.split(|byte| !matches!(byte, b' '..=b'~' | b'\t'..=b'\r'));
            if stretches.any(|stretch| str::from_utf8(stretch).is_ok_and(is_secret)) {
                return true;
            }
        }
        false
    })
}

/// The next groups in a row that stand for clear text. The last of so many is looked at first: mostly it is none, and
/// then no row goes over it.
fn clear_groups(run: &[u8], from: usize) -> Option<Range<usize>> {
    let all = run.len() / GROUP;
    let is_clear = |group: usize| stands_for_clear(&run[group * GROUP..]);
    let (mut first, mut last) = (from, from + GROUPS - 1);
    while last < all {
        let Some(other) = (first..=last).rev().find(|group| !is_clear(*group)) else {
            let end = (last + 1..all).find(|group| !is_clear(*group)).unwrap_or(all);
            return Some(first..end);
        };
        (first, last) = (other + 1, other + GROUPS);
    }
    None
}

/// Clear text in Base64 has capitals, but once in thousands; digits in hexadecimal and most names and paths have none.
fn has_capital(run: &[u8]) -> bool {
    run.iter().fold(false, |found, byte| found | byte.is_ascii_uppercase())
}

/// Whether the first of its three bytes is ASCII and no control character but for white space, and the others are ASCII.
fn stands_for_clear(group: &[u8]) -> bool {
    let [first, second, third, ..] = *group else { return false };
    let bits = |byte: u8| CLEAR[usize::from(byte)];
    bits(first) & (bits(second) >> 1) & (bits(third) >> 2) & 1 == 1
}

fn decode(encoded: &[u8], clear: &mut Vec<u8>) {
    let (fours, rest) = encoded.as_chunks::<GROUP>();
    clear.clear();
    clear.extend(fours.iter().flat_map(|four| bytes_of(*four)));
    let mut last = [b'A'; GROUP];
    last[..rest.len()].copy_from_slice(rest);
    clear.extend_from_slice(&bytes_of(last)[..rest.len().saturating_sub(1)]);
}

fn bytes_of(four: [u8; GROUP]) -> [u8; 3] {
    let bits = four.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(value(*byte) & 63));
    let [_, bytes @ ..] = bits.to_be_bytes();
    bytes
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

const fn clear_bits() -> [u8; 256] {
    let mut bits = [0; 256];
    let mut at = 0;
    while at < bits.len() {
        let value = VALUES[at];
        if value != NONE {
            let (first, second, third) = (value >= 2 && value < 32, value & 8 == 0, value & 2 == 0);
            bits[at] = first as u8 | (second as u8) << 1 | (third as u8) << 2;
        }
        at += 1;
    }
    bits
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
        fn what_is_encoded_is_found(before in "[ -~]{0,40}", says in "[ -~]{24,80}") {
            let text = format!("{before} {}", STANDARD.encode(&says));
            proptest::prop_assert!(!holding(&text, |clear| clear.contains(&says)).is_empty());
        }
    }
}
