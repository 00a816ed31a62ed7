//! What reviews of a repository learned, kept from one pull request to the next.
//!
//! A pull request leaves a lesson: by rule, what was found, what was fixed, what a maintainer dismissed. The next one
//! in the repository begins with all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use contract::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::{self, Store};

/// Lessons that a review begins with; older ones are left out.
pub const MOST_LESSONS: usize = 100;
/// A rule that maintainers dismissed on so many pull requests, and fixed on none, is not wanted in this repository.
const DISMISSALS: u64 = 2;

/// Where lessons are kept.
#[async_trait]
pub trait SessionMemory: Send + Sync {
    /// What is known of `owner/name`.
    async fn recall(&self, repository: &str) -> anyhow::Result<Recollection>;

    /// Keeps a lesson, in place of an earlier one of the same pull request.
    async fn remember(&self, lesson: &Lesson) -> anyhow::Result<()>;
}

/// What one pull request taught.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// `owner/name`.
    pub repository: String,
    pub pull_request: u64,
    /// The head that was reviewed last.
    pub head_sha: String,
    pub at: Timestamp,
    pub rules: BTreeMap<String, Outcome>,
}

/// What became of a rule's findings on one pull request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Still there at the last review.
    #[serde(default)]
    pub open: u64,
    #[serde(default)]
    pub fixed: u64,
    #[serde(default)]
    pub dismissed: u64,
}

/// What is known of a repository when a review begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recollection {
    pub lessons: Vec<Lesson>,
    /// What a memory service concluded by itself, in its own words. Not to be trusted: code and titles went into it.
    #[serde(default)]
    pub learned: Vec<String>,
}

/// What became of a rule in a repository: pull requests, not findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    pub fixed_on: u64,
    pub dismissed_on: u64,
}

/// Lessons in the store that the runs are in, too.
pub struct StoreMemory {
    store: Arc<dyn Store>,
}

impl Recollection {
    /// By rule, without what `pull_request` itself taught: that stands in its comment.
    pub fn histories(&self, pull_request: Option<u64>) -> BTreeMap<String, History> {
        let mut histories: BTreeMap<String, History> = BTreeMap::new();
        let others = self.lessons.iter().filter(|lesson| Some(lesson.pull_request) != pull_request);
        for (rule, outcome) in others.flat_map(|lesson| &lesson.rules) {
            if outcome.fixed + outcome.dismissed == 0 {
                continue;
            }
            let history = histories.entry(rule.clone()).or_default();
            history.fixed_on += u64::from(outcome.fixed > 0);
            history.dismissed_on += u64::from(outcome.dismissed > 0);
        }
        histories
    }
}

impl History {
    /// Maintainers said often enough that they do not want to hear of it, and never acted on it.
    pub fn is_unwanted(self) -> bool {
        self.dismissed_on >= DISMISSALS && self.fixed_on == 0
    }
}

impl Lesson {
    /// One sentence, for a memory that works with language.
    pub fn sentence(&self) -> String {
        let rules: Vec<String> = self
            .rules
            .iter()
            .map(|(rule, outcome)| {
                let Outcome { open, fixed, dismissed } = outcome;
                format!(
                    "{rule}: {fixed} fixed, {dismissed} dismissed by a maintainer, {open} left open"
                )
            })
            .collect();
        format!("Pull request {} of {}: {}.", self.pull_request, self.repository, rules.join("; "))
    }
}

impl StoreMemory {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl SessionMemory for StoreMemory {
    async fn recall(&self, repository: &str) -> anyhow::Result<Recollection> {
        let memories = self.store.recall(repository, MOST_LESSONS).await.context("recall")?;
        // One that an older version wrote, and that cannot be read, is no loss.
        let lessons = memories.iter().filter_map(|memory| serde_json::from_str(&memory.text).ok());
        Ok(Recollection { lessons: lessons.collect(), learned: Vec::new() })
    }

    async fn remember(&self, lesson: &Lesson) -> anyhow::Result<()> {
        let memory = store::Memory {
            repository: lesson.repository.clone(),
            key: format!("pr-{}", lesson.pull_request),
            text: serde_json::to_string(lesson).context("write a lesson")?,
            at: lesson.at,
        };
        self.store.remember(&memory).await.context("remember")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    fn lesson(pull_request: u64, rule: &str, fixed: u64, dismissed: u64) -> Lesson {
        Lesson {
            repository: "acme/shop".into(),
            pull_request,
            head_sha: "c0ffee".into(),
            at: Timestamp(i64::try_from(pull_request).unwrap()),
            rules: [(rule.to_owned(), Outcome { open: 1, fixed, dismissed })].into(),
        }
    }

    #[tokio::test]
    async fn a_repository_is_remembered_pull_request_by_pull_request() {
        let memory = StoreMemory::new(Arc::new(SqliteStore::in_memory().unwrap()));
        memory.remember(&lesson(1, "query-in-loop", 0, 0)).await.unwrap();
        memory.remember(&lesson(1, "query-in-loop", 0, 2)).await.unwrap();
        memory.remember(&lesson(2, "query-in-loop", 0, 1)).await.unwrap();

        let recollection = memory.recall("acme/shop").await.unwrap();

        assert_eq!(
            recollection.lessons,
            [lesson(2, "query-in-loop", 0, 1), lesson(1, "query-in-loop", 0, 2)]
        );
        assert_eq!(memory.recall("acme/other").await.unwrap(), Recollection::default());
    }

    #[test]
    fn a_rule_that_was_dismissed_again_and_again_and_never_fixed_is_unwanted() {
        let histories = |lessons: &[Lesson]| {
            let recollection = Recollection { lessons: lessons.to_vec(), learned: Vec::new() };
            recollection.histories(Some(9))
        };
        let rule = "query-in-loop";
        for (lessons, unwanted) in [
            (vec![lesson(1, rule, 0, 5)], false),
            (vec![lesson(1, rule, 0, 1), lesson(2, rule, 0, 1)], true),
            (vec![lesson(1, rule, 0, 1), lesson(2, rule, 0, 1), lesson(3, rule, 1, 0)], false),
            // Its own dismissals stand in its comment.
            (vec![lesson(1, rule, 0, 1), lesson(9, rule, 0, 1)], false),
        ] {
            assert_eq!(histories(&lessons)[rule].is_unwanted(), unwanted, "{lessons:?}");
        }
        assert!(histories(&[lesson(1, rule, 0, 0)]).is_empty(), "found, and nobody said a word");
    }
}
