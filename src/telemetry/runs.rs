//! Long runs of characters of one kind in a text.

use std::ops::Range;

/// The places of at least so many bytes in a row for which this holds, each as long as it goes. Most of a text is not
/// looked at: a window of so many is left behind the last byte in it that is another.
pub(super) fn at_least(
    shortest: usize,
    bytes: &[u8],
    is_one: impl Fn(u8) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(window) = bytes.get(from..from + shortest) {
            if let Some(other) = window.iter().rposition(|byte| !is_one(*byte)) {
                from += other + 1;
                continue;
            }
            let (start, after) = (from, from + shortest);
            let more = bytes[after..].iter().take_while(|byte| is_one(**byte)).count();
            from = after + more + 1;
            return Some(start..after + more);
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_long_run_is_found_and_no_other(text in "[a-c ]{0,60}") {
            let found = at_least(5, text.as_bytes(), |byte| byte != b' ');
            let found: Vec<&str> = found.map(|place| &text[place]).collect();
            let expected: Vec<&str> = text.split(' ').filter(|run| run.len() >= 5).collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
