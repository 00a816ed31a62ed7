//! A table for a terminal.

/// Rows whose columns line up, two spaces apart: the first to the left, numbers beside it to the right.
pub fn aligned<Row: AsRef<[String]>>(rows: &[Row]) -> String {
    let columns = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.as_ref().iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_to_the_left_and_numbers_to_the_right() {
        let rows = [["", "calls"], ["naïve", "7"], ["b", "1200"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "       calls\nnaïve      7\nb       1200\n");
    }

    #[test]
    fn rows_may_be_shorter_than_others() {
        let rows = [vec!["a".to_owned()], vec!["b".to_owned(), "2".to_owned()]];
        assert_eq!(aligned(&rows), "a\nb  2\n");
        assert_eq!(aligned::<Vec<String>>(&[]), "");
    }
}
