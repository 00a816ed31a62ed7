//! The nearest names to one that nobody knows, for the error that refuses it.

/// A name has at most this many characters that matter.
pub(crate) const LONGEST_NAME: usize = 40;

/// The names with the fewest edits, the one with the longest common beginning first.
pub(crate) fn nearest<'a>(
    given: &str,
    names: impl Iterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let given: Vec<char> = given.trim().to_lowercase().chars().take(LONGEST_NAME).collect();
    let mut names: Vec<&str> = names.collect();
    names.sort_by_cached_key(|name| {
        let name: Vec<char> = name.to_lowercase().chars().collect();
        let shared = name.iter().zip(&given).take_while(|(a, b)| a == b).count();
        (edit_distance(&name, &given), usize::MAX - shared)
    });
    names.truncate(count);
    names
}

/// Levenshtein's distance.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_single_edits() {
        let distance = |a: &str, b: &str| {
            edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
        };
        assert_eq!(
            (distance("", "abc"), distance("kitten", "sitting"), distance("same", "same")),
            (3, 3, 0)
        );
    }
}
