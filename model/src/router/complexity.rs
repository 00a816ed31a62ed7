//! What is to be done, and how large the change is that it is done to.

use serde::{Deserialize, Serialize};

/// What a model is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Whether a change deserves more.
    Triage,
    Review,
    /// To put into words what is known.
    Explain,
    /// To write a change of its own.
    Repair,
}

/// What a call is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    pub task: Task,
    pub complexity: Complexity,
}

/// A change, by its outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// Added and removed.
    pub lines: u64,
    pub files: u64,
    pub languages: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    Small,
    Medium,
    Large,
}

impl Complexity {
    /// The largest of what lines, files and languages say. Reviewers are advised to take at most 200 to 400 lines at a
    /// time, above which they find fewer defects:
    /// <https://smartbear.com/learn/code-review/best-practices-for-peer-code-review/>. Files and languages are set by feel.
    pub fn of(size: Size) -> Self {
        let step = |value: u64, medium: u64, large: u64| {
            if value > large {
                Self::Large
            } else if value > medium {
                Self::Medium
            } else {
                Self::Small
            }
        };
        step(size.lines, 100, 400).max(step(size.files, 5, 20)).max(step(size.languages, 2, 4))
    }

    /// For the reader.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// How many times harder it is taken to be: 0, 1, 2.
    pub(super) fn level(self) -> u8 {
        match self {
            Self::Small => 0,
            Self::Medium => 1,
            Self::Large => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_of_lines_files_and_languages_decides() {
        let of = |lines, files, languages| Complexity::of(Size { lines, files, languages });
        assert_eq!(of(0, 0, 0), Complexity::Small);
        assert_eq!(of(100, 5, 2), Complexity::Small);
        assert_eq!(of(101, 1, 1), Complexity::Medium);
        assert_eq!(of(10, 6, 1), Complexity::Medium);
        assert_eq!(of(401, 1, 1), Complexity::Large);
        assert_eq!(of(10, 1, 5), Complexity::Large);
        assert_eq!(of(u64::MAX, u64::MAX, u64::MAX), Complexity::Large);
    }
}
