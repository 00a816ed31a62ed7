//! The TDP that `CodeCarbon` finds for the name of a processor.
//!
//! It asks a fuzzy matcher for 100 % by sets of words. That holds exactly if the words of one name are all among those of the
//! other, so no matcher is needed; where more than one name fits, it takes none.

use crate::records::records;
use crate::units::Watts;
use crate::work::CarbonError;

/// A row of its table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    pub name: &'static str,
    pub tdp: Watts,
}

/// The row for a processor, as `/proc/cpuinfo` names it. An error where `CodeCarbon` itself fails: four rows hold no number.
///
/// The whole table is read each time, which takes most of a millisecond: ask once, and keep the answer.
pub fn processor(model: &str) -> Result<Option<Match>, CarbonError> {
    let model: String = model.chars().take(LONGEST_NAME).collect();
    let Some([name, watts]) = find(&model) else { return Ok(None) };
    let tdp = watts.parse().map_err(|_| CarbonError::ToolFails {
        tool: "CodeCarbon 3.3.2",
        reason: format!("its table gives {watts:?} W for {name}"),
    })?;
    // To a row of no watts it prefers its default.
    Ok((tdp != 0.0).then_some(Match { name, tdp: Watts(tdp) }))
}

const TABLE: &str = include_str!("../../data/codecarbon_processors.csv");
/// `/proc/cpuinfo` names are shorter by far; what is longer is cut.
const LONGEST_NAME: usize = 256;

/// Name and watts.
type Row = [&'static str; 2];

fn find(model: &str) -> Option<Row> {
    let (given, trimmed) = (model.to_lowercase(), without_decoration(model).to_lowercase());
    let words = words(&trimmed);
    let (mut same, mut only, mut more) = (None, None, false);
    for row in records::<2>(TABLE) {
        let name = row[0];
        if equal(name, &given) {
            return Some(row);
        }
        same = same.or_else(|| equal(name, &trimmed).then_some(row));
        if fits(name, &words) {
            more |= only.is_some();
            only = Some(row);
        }
    }
    same.or(only.filter(|_| !more))
}

/// The words of a name, each once.
fn words(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = split(name).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Whether all words of the row are among those of the name, or all words of the name among those of the row.
fn fits(row: &str, words: &[&str]) -> bool {
    let mut within = split(row).map(|word| words.iter().any(|given| equal(word, given)));
    if words.is_empty() {
        return false;
    }
    if within.next() == Some(true) && within.all(|known| known) {
        return true;
    }
    // A row that is shorter than the words together cannot have them all, and most are.
    let together: usize = words.iter().map(|word| word.len()).sum();
    row.len() >= together && words.iter().all(|given| split(row).any(|word| equal(word, given)))
}

/// Everything that is neither letter nor digit parts words.
fn split(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a text is, in lower case, the other.
fn equal(text: &str, lower: &str) -> bool {
    text.eq_ignore_ascii_case(lower) || !text.is_ascii() && text.to_lowercase() == lower
}

/// `Intel(R) Xeon(R) Platinum 8275CL CPU @ 3.00GHz` without marks, `CPU` and clock.
fn without_decoration(model: &str) -> String {
    let mut name = model.replace("(R)", "");
    if let Some(start) = name.find(" CPU @ ").filter(|start| *start > 0) {
        name.truncate(start);
    }
    without_clocks(&name.replace(" CPU", ""))
}

/// Removes each ` @ 3.00GHz`.
fn without_clocks(name: &str) -> String {
    let mut kept = String::new();
    let mut rest = name;
    while let Some(start) = rest.find(" @") {
        let (before, from) = rest.split_at(start);
        kept.push_str(before);
        rest = after_clock(&from[2..]).unwrap_or_else(|| {
            kept.push_str(" @");
            &from[2..]
        });
    }
    kept + rest
}

/// What follows a number with a point and `GHz`.
fn after_clock(text: &str) -> Option<&str> {
    let (whole, rest) = digits(text.trim_start())?;
    let (_, rest) = digits(rest.strip_prefix('.')?)?;
    (!whole.is_empty()).then(|| rest.strip_prefix("GHz"))?
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_reads() {
        assert_eq!(records::<5>(TABLE).count(), 4918);
        assert_eq!(TABLE.lines().count() - 1, 4918);
    }

    #[test]
    fn rows_without_a_number_fail_as_they_do_there() {
        let refused = processor("Intel Celeron 1200").unwrap_err();
        assert!(refused.to_string().contains("CodeCarbon 3.3.2"), "{refused}");
    }

    #[test]
    fn decoration_is_taken_off() {
        assert_eq!(
            without_decoration("Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz"),
            "Intel Xeon E5-2670 0"
        );
        assert_eq!(without_decoration("A @ 3GHz @ 3.5GHz"), "A @ 3GHz");
        assert_eq!(without_decoration("A @"), "A @");
    }

    #[test]
    fn any_length_of_name_is_looked_up() {
        assert_eq!(processor(&"intel ".repeat(1_000_000)), Ok(None));
        assert_eq!(processor(""), Ok(None));
    }
}
