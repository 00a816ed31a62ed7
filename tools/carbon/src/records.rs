//! Large tables, read in place: thousands of rows cost no memory and load in no time.

/// The rows of a CSV text after its header line, each with `N` fields; fields may be quoted, and hold no quotes themselves.
///
/// Lines with fewer fields are left out: the tests of each table hold that there are none.
pub(crate) fn records<const N: usize>(
    text: &'static str,
) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1).filter_map(fields)
}

fn fields<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    let mut rest = Some(line);
    let mut fields = [""; N];
    for field in &mut fields {
        (*field, rest) = next(rest?);
    }
    Some(fields)
}

/// The first field, and what follows its comma.
fn next(text: &'static str) -> (&'static str, Option<&'static str>) {
    let quoted = text.strip_prefix('"').and_then(|inner| inner.split_once('"'));
    match (quoted, text.split_once(',')) {
        (Some((field, rest)), _) => (field, rest.strip_prefix(',')),
        (None, Some((field, rest))) => (field, Some(rest)),
        (None, None) => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_may_hold_commas() {
        let text = "# note\nname,watts\n\"Integrated, 600 MHz\",11,extra\nplain,\nshort\n";
        let rows: Vec<[&str; 2]> = records(text).collect();
        assert_eq!(rows, [["Integrated, 600 MHz", "11"], ["plain", ""]]);
    }
}
