//! What a pull request changes: each file before and after, and the lines it touches.

use imara_diff::{Algorithm, Diff, InternedInput};
use serde::{Deserialize, Serialize};

/// The difference between a base and a head, as the tools see it.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub base_sha: String,
    pub head_sha: String,
    pub files: Vec<ChangedFile>,
}

/// One file of a change.
#[derive(Debug, Clone, Default)]
pub struct ChangedFile {
    /// Path at head (at base for a deleted file), `/` between folders, relative to the repository.
    pub path: String,
    /// Path at base where it differs.
    pub previous_path: Option<String>,
    /// The bytes at base; `None` for an added file.
    pub base: Option<Vec<u8>>,
    /// The bytes at head; `None` for a deleted file.
    pub head: Option<Vec<u8>>,
    /// Why the contents could not be had (too large, binary, a symlink, a submodule); such a file is skipped, and said to be.
    pub unreadable: Option<String>,
}

/// Lines `start..=end`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRange {
    pub start: u32,
    pub end: u32,
}

impl LineRange {
    pub fn overlaps(self, start: u32, end: u32) -> bool {
        self.start <= end && start <= self.end
    }
}

impl Change {
    /// Lines added and removed over all files.
    pub fn lines_changed(&self) -> usize {
        self.files.iter().map(ChangedFile::lines_changed).sum()
    }
}

impl ChangedFile {
    /// The lines of head that this change adds or rewrites. All of them for a new file.
    pub fn added_lines(&self) -> Vec<LineRange> {
        self.hunks()
            .into_iter()
            .filter(|hunk| !hunk.after.is_empty())
            .map(|hunk| LineRange { start: hunk.after.start + 1, end: hunk.after.end })
            .collect()
    }

    /// Lines added plus lines removed.
    pub fn lines_changed(&self) -> usize {
        self.hunks().iter().map(|hunk| hunk.before.len() + hunk.after.len()).sum()
    }

    fn hunks(&self) -> Vec<imara_diff::Hunk> {
        let base = self.base.as_deref().unwrap_or_default();
        let head = self.head.as_deref().unwrap_or_default();
        let input = InternedInput::new(base, head);
        let mut diff = Diff::compute(Algorithm::Histogram, &input);
        diff.postprocess_lines(&input);
        diff.hunks().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(base: Option<&str>, head: Option<&str>) -> ChangedFile {
        ChangedFile {
            path: "a.py".into(),
            base: base.map(Into::into),
            head: head.map(Into::into),
            ..ChangedFile::default()
        }
    }

    #[test]
    fn only_lines_that_the_change_touches_count_as_added() {
        let changed = file(Some("one\ntwo\nthree\n"), Some("one\n2\nthree\nfour\n"));
        assert_eq!(
            changed.added_lines(),
            [LineRange { start: 2, end: 2 }, LineRange { start: 4, end: 4 }]
        );
        assert_eq!(changed.lines_changed(), 3);
    }

    #[test]
    fn a_new_file_is_all_added_and_a_deleted_one_adds_nothing() {
        assert_eq!(file(None, Some("a\nb\n")).added_lines(), [LineRange { start: 1, end: 2 }]);
        assert_eq!(file(Some("a\n"), None).added_lines(), []);
        assert_eq!(file(None, None).added_lines(), []);
    }
}
