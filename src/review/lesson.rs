//! What a review leaves to the next one in the same repository.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::Timestamp;
use tokio::time::timeout;

use super::Reviewer;
use crate::agent::{Lesson, Recollection, RuleOutcome};
use crate::report::{Report, State};

/// Memory is a help, not a need: a review does not wait longer for it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Reviewer {
    /// What is known of a repository. Nothing, where the memory cannot be had.
    pub(super) async fn recall(&self, repository: &str) -> Recollection {
        match timeout(PATIENCE, self.memory.recall(repository)).await {
            Ok(Ok(recollection)) => recollection,
            Ok(Err(error)) => {
                tracing::warn!(repository, error = format!("{error:#}"), "nothing is remembered");
                Recollection::default()
            }
            Err(_elapsed) => {
                tracing::warn!(repository, "the memory does not answer; nothing is remembered");
                Recollection::default()
            }
        }
    }

    /// Keeps what this pull request taught.
    pub(super) async fn learn(&self, report: &Report) {
        let Some(lesson) = lesson(report, (self.clock)()) else { return };
        let error = match timeout(PATIENCE, self.memory.remember(&lesson)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => format!("{error:#}"),
            Err(_elapsed) => "the memory does not answer".to_owned(),
        };
        tracing::warn!(repository = lesson.repository, error, "the lesson could not be kept");
    }
}

/// By rule, as the ledger has it. `None` where there is nothing to learn.
fn lesson(report: &Report, at: Timestamp) -> Option<Lesson> {
    let mut rules: BTreeMap<String, RuleOutcome> = BTreeMap::new();
    for entry in &report.ledger.entries {
        let outcome = rules.entry(entry.rule_id.clone()).or_default();
        match entry.state {
            State::New | State::Open => outcome.open += 1,
            State::Fixed => outcome.fixed += 1,
            State::Dismissed => outcome.dismissed += 1,
        }
    }
    let pull_request = report.subject.pull_request.filter(|_| !rules.is_empty())?;
    Some(Lesson {
        repository: report.subject.repository.clone(),
        pull_request,
        head_sha: report.subject.head_sha.clone(),
        at,
        rules,
    })
}
