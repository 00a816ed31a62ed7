//! Regular expressions that are ready soon: `\w` of all scripts takes longer to build than all else in most of them.

use serde_json::Value;

/// What `\w` stands for here. Of what is not ASCII, code has hardly anything but letters outside of its texts.
const OF_WORD: &str = r"0-9A-Za-z_\x{80}-\x{10FFFF}";

/// The same expression, in which any letter, digit or sign that is not of ASCII is taken for a part of a word.
pub(crate) fn with_plain_words(regex: &str) -> String {
    let ignores_case = ignores_case(regex);
    let mut plain = String::with_capacity(regex.len());
    let mut depth = 0_usize;
    let mut letters = regex.chars();
    while let Some(letter) = letters.next() {
        if letter == '\\' {
            match letters.next() {
                Some('w') if depth == 0 => plain.extend(["(?-i:[", OF_WORD, "])"]),
                // With both cases of all its letters it would take longer than what it stands for.
                Some('w') if !ignores_case => plain.push_str(OF_WORD),
                escaped => plain.extend(std::iter::once(letter).chain(escaped)),
            }
            continue;
        }
        let is_first = plain.ends_with('[') || plain.ends_with("[^");
        depth = match letter {
            '[' => depth + 1,
            ']' if !is_first => depth.saturating_sub(1),
            _ => depth,
        };
        plain.push(letter);
    }
    plain
}

/// Whether a part of an expression does, as `(?i)` and `(?s-i:…)` may.
fn ignores_case(regex: &str) -> bool {
    let is_of_flags = |letter: &char| letter.is_ascii_alphabetic() || *letter == '-';
    let mut groups = regex.split("(?").skip(1);
    groups.any(|group| group.chars().take_while(is_of_flags).any(|letter| letter == 'i'))
}

/// Does so with each expression of a rule.
pub(crate) fn make_plain(rule: &mut Value) {
    match rule {
        Value::Object(keys) => {
            for (key, value) in keys {
                match value {
                    Value::String(regex) if key == "regex" => *regex = with_plain_words(regex),
                    other => make_plain(other),
                }
            }
        }
        Value::Array(parts) => parts.iter_mut().for_each(make_plain),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;
    use serde_json::json;

    use super::*;

    #[test]
    fn words_in_and_out_of_classes_are_replaced_and_escapes_are_not() {
        let word = format!("(?-i:[{OF_WORD}])");
        for (regex, plain) in [
            (r"^\w+$", format!("^{word}+$")),
            (r"[\w.]+", format!("[{OF_WORD}.]+")),
            (r"[]\w]\w", format!("[]{OF_WORD}]{word}")),
            (r"[^]\w]", format!("[^]{OF_WORD}]")),
            (r"[a-z[\w]]\w", format!("[a-z[{OF_WORD}]]{word}")),
            (r"\[\w\]", format!(r"\[{word}\]")),
            (r"(?s-i:[\w.])", r"(?s-i:[\w.])".to_owned()),
            (r"(?P<i>[\w.])", format!("(?P<i>[{OF_WORD}.])")),
            (r"\\w\W", r"\\w\W".to_owned()),
            (r"\", r"\".to_owned()),
        ] {
            assert_eq!(with_plain_words(regex), plain, "{regex}");
        }
    }

    #[test]
    fn the_expressions_of_a_rule_are_made_plain_wherever_they_stand() {
        let mut rule = json!({"rule": {"any": [{"regex": r"\w"}, {"pattern": r"\w"}]}, "constraints": {"A": {"regex": "a"}}});
        make_plain(&mut rule);
        let word = with_plain_words(r"\w");
        let plain = json!({"rule": {"any": [{"regex": word}, {"pattern": r"\w"}]}, "constraints": {"A": {"regex": "a"}}});
        assert_eq!(rule, plain);
    }

    proptest! {
        #[test]
        fn text_of_letters_digits_and_signs_is_matched_as_before(
            regex in proptest::sample::select(vec![
                r"^\w+\s*=\s*\w+\(", r"(?i)^[\w.]*(db|sess)\w*$", r"[^\w]x", r"(\w+) = \w+ \+", r"\bdel \w*k\w*\[",
            ]),
            text in "[a-zA-Z_0-9äßÖλ语. =+(\\[]{0,12}|(db|del |x = x \\+|ſk|K)[a-zäλ_.\\[]{0,6}",
        ) {
            let (before, after) = (Regex::new(regex).unwrap(), Regex::new(&with_plain_words(regex)).unwrap());
            let found = |regex: &Regex| regex.find(&text).map(|found| found.range());
            prop_assert_eq!(found(&before), found(&after), "{} in {:?}", regex, text);
        }
    }
}
