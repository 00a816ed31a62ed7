//! Which known id somebody may have meant.

use std::cmp::Reverse;

use super::without_geography;

/// Ids are shorter; of what is longer only the beginning is compared.
const LONGEST: usize = 120;
const AT_MOST: usize = 3;

/// Of these ids the likeliest, at most three. One base model is named once, through the geography that was asked for.
pub fn nearest_of<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let asked: String = asked.chars().take(LONGEST).collect::<String>().to_lowercase();
    let asked = asked.rsplit_once('/').map_or(asked.as_str(), |(_, name)| name);
    let mut near: Vec<(usize, bool, Reverse<&str>)> = known
        .filter_map(|id| Some((score(asked, id)?, geography(id) != geography(asked), Reverse(id))))
        .collect();
    // Of two that are as near, the later version stands later in the alphabet.
    near.sort_unstable();
    let mut named: Vec<&str> = Vec::with_capacity(AT_MOST);
    for (_, _, Reverse(id)) in near {
        if named.len() == AT_MOST {
            break;
        }
        if named.iter().all(|other| without_geography(other) != without_geography(id)) {
            named.push(id);
        }
    }
    named
}

fn geography(id: &str) -> &str {
    &id[..id.len() - without_geography(id).len()]
}

/// How far apart two ids are, or `None` where nobody would take one for the other. Whoever leaves out the vendor, the
/// date or the version is nearer than whoever writes something else.
fn score(asked: &str, id: &str) -> Option<usize> {
    let (asked, id) = (without_geography(asked), without_geography(id));
    let bare = id.split_once('.').map_or(id, |(_, name)| name);
    let bare_asked = asked.split_once('.').map_or(asked, |(_, name)| name);
    let otherwise_called = usize::from((bare == id) != (bare_asked == asked));
    let begins = bare.starts_with(bare_asked)
        || (bare_asked.starts_with(bare) && bare.len() * 4 >= bare_asked.len() * 3);
    if bare_asked.len() >= 4 && begins {
        return Some(bare.len().abs_diff(bare_asked.len()).div_ceil(8) + otherwise_called);
    }
    if bare_asked.len() >= 4 && bare.contains(bare_asked) {
        return Some(6);
    }
    let allowed = (asked.len() / 3).clamp(2, 12);
    let apart = distance(asked, id).min(distance(asked, bare) + 1);
    (apart <= allowed).then_some(apart + 2)
}

/// Insertions, deletions, replacements and swaps of neighbors between one text and the other.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().take(LONGEST).collect();
    let right: Vec<char> = right.chars().take(LONGEST).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, one) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let replaced = above[column] + usize::from(one != other);
            let mut least = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            let swapped =
                row > 0 && column > 0 && *one == right[column - 1] && left[row - 1] == *other;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::nearest;

    #[test]
    fn distances_count_edits() {
        assert_eq!(distance("sonnet", "sonnet"), 0);
        assert_eq!(distance("sonnet", "sonet"), 1);
        assert_eq!(distance("sonnet", "sonnte"), 1);
        assert_eq!(distance("", "nova"), 4);
    }

    #[test]
    fn whoever_misspells_a_model_is_told_which_there_are() {
        let said = [
            "anthropic.claude-sonet-5-5",
            "us.anthropic.claude-haiku-4-5",
            "claude-sonnet-4.5",
            "amazon.nova-lite",
            "nova-2-lite",
            "gpt-4o-minni",
            "sonnet",
            "something else entirely",
        ]
        .map(|asked| format!("{asked}: {:?}", nearest(asked)));
        insta::assert_snapshot!(said.join("\n"), @r#"
anthropic.claude-sonet-5-5: ["anthropic.claude-sonnet-5-5", "anthropic.claude-sonnet-5", "anthropic.claude-sonnet-4-6"]
us.anthropic.claude-haiku-4-5: ["claude-haiku-4-5", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "us.anthropic.claude-haiku-5-5"]
claude-sonnet-4.5: ["claude-sonnet-4-5", "claude-sonnet-5-5", "claude-sonnet-5"]
amazon.nova-lite: ["amazon.nova-lite-v1:0"]
nova-2-lite: ["amazon.nova-2-lite-v1:0"]
gpt-4o-minni: ["gpt-4o-mini", "gpt-5-mini", "gpt-4.1-mini"]
sonnet: ["claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6"]
something else entirely: []
"#);
    }

    #[test]
    fn an_id_of_a_megabyte_is_answered_too() {
        assert!(nearest(&"x".repeat(1 << 20)).is_empty());
    }
}
