//! Two models on the same tasks.

use std::collections::HashMap;

use serde::Serialize;

use super::row::{Row, TaskScore};
use super::statistics::difference;

/// What the first model scores more than the second, on the tasks that both were asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub one: String,
    pub other: String,
    pub tasks: u64,
    pub difference: f64,
    pub low: f64,
    pub high: f64,
}

impl Pair {
    /// All pairs, in the order of the rows.
    pub(super) fn of_all(rows: &[Row]) -> Vec<Self> {
        let pairs = rows.iter().enumerate().flat_map(|(at, one)| {
            rows.iter().skip(at + 1).filter_map(move |other| Self::of(one, other))
        });
        pairs.collect()
    }

    fn of(one: &Row, other: &Row) -> Option<Self> {
        let others: HashMap<&str, f64> =
            other.scores.iter().map(|score| (score.task.as_str(), score.score)).collect();
        let both = |score: &TaskScore| Some((score.score, *others.get(score.task.as_str())?));
        let scores: Vec<_> = one.scores.iter().filter_map(both).collect();
        let (value, interval) = difference(&scores)?;
        Some(Self {
            one: one.model.clone(),
            other: other.model.clone(),
            tasks: scores.len() as u64,
            difference: value,
            low: interval.low,
            high: interval.high,
        })
    }

    /// Whether one of them is surely better.
    pub fn is_clear(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// The better one first.
    pub(super) fn sentence(&self) -> String {
        let (better, worse, value, low, high) = if self.difference >= 0.0 {
            (&self.one, &self.other, self.difference, self.low, self.high)
        } else {
            (&self.other, &self.one, -self.difference, -self.high, -self.low)
        };
        format!(
            "{better} scores {:.0} points more than {worse} ({:.0} to {:.0}, on {} tasks)",
            value * 100.0,
            low * 100.0,
            high * 100.0,
            self.tasks
        )
    }
}
