//! Files that were left out, many alike in one folder as one row.

use std::collections::BTreeMap;

use contract::Skipped;

/// From so many files of a folder on, left out for one reason, the folder is named instead.
const ALIKE: usize = 4;

/// A file, or a folder and how many of its files.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'s> {
    pub(super) path: &'s str,
    pub(super) files: usize,
    pub(super) reason: &'s str,
}

/// The folder of a file with its slash, and why it was left out.
fn kind(file: &Skipped) -> (&str, &str) {
    let end = file.path.rfind('/').map_or(0, |slash| slash + 1);
    (&file.path[..end], &file.reason)
}

/// So many rows at most, in the order of the first file of each, and how many files the others have.
pub(super) fn rows(skipped: &[Skipped], most: usize) -> (Vec<Row<'_>>, usize) {
    let mut alike: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for file in skipped {
        *alike.entry(kind(file)).or_default() += 1;
    }
    let mut rows = Vec::new();
    for file in skipped {
        let (folder, reason) = kind(file);
        match alike.get(&(folder, reason)).copied() {
            // The folder has its row.
            None => {}
            Some(files) if files >= ALIKE && !folder.is_empty() => {
                alike.remove(&(folder, reason));
                rows.push(Row { path: folder, files, reason });
            }
            Some(_) => rows.push(Row { path: &file.path, files: 1, reason }),
        }
    }
    let left_out = rows.split_off(rows.len().min(most));
    (rows, left_out.iter().map(|row| row.files).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_alike_in_a_folder_are_one_row() {
        let file = |path: &str, reason: &str| Skipped { path: path.into(), reason: reason.into() };
        let mut skipped: Vec<Skipped> =
            (0..5).map(|number| file(&format!("web/dist/{number}.js"), "minified")).collect();
        skipped.insert(1, file("web/dist/large.js", "larger than 1 MiB"));
        skipped.push(file("top.js", "minified"));
        skipped.extend((0..3).map(|number| file(&format!("gen/{number}.py"), "generated")));
        let (rows, left_out) = rows(&skipped, 6);
        assert_eq!(left_out, 0);
        let found: Vec<_> = rows.iter().map(|row| (row.path, row.files, row.reason)).collect();
        assert_eq!(
            found,
            [
                ("web/dist/", 5, "minified"),
                ("web/dist/large.js", 1, "larger than 1 MiB"),
                ("top.js", 1, "minified"),
                ("gen/0.py", 1, "generated"),
                ("gen/1.py", 1, "generated"),
                ("gen/2.py", 1, "generated"),
            ]
        );
    }

    #[test]
    fn files_at_the_top_keep_their_rows() {
        let file = |number| Skipped { path: format!("{number}.js"), reason: "minified".into() };
        let skipped: Vec<Skipped> = (0..6).map(file).collect();
        assert_eq!(rows(&skipped, 9).0.len(), 6);
        assert_eq!(rows(&skipped, 4).1, 2);
    }
}
