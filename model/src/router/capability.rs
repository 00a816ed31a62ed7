//! What is expected of a model before anything was seen of it: `data/capabilities.json`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::complexity::{Complexity, Task};
use crate::catalog::without_geography;

/// As many outcomes as the prior weighs.
pub(super) const WEIGHT: f64 = 6.0;

#[derive(Debug, Default, Deserialize)]
struct Table {
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    prefixes: Vec<String>,
    triage: f64,
    review: f64,
    explain: f64,
    repair: f64,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads the file, so a failure here cannot ship.
    serde_json::from_str(include_str!("../data/capabilities.json")).unwrap_or_default()
});

/// Quality between 0 and 1: the family's score, raised to 1, 1.5 or 2 with the complexity, so that a weak model loses
/// more on a large change than a strong one.
pub(super) fn prior(model_id: &str, task: Task, complexity: Complexity) -> f64 {
    let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
    let base = without_geography(name);
    let holds = |row: &&Row| row.prefixes.iter().any(|prefix| base.starts_with(prefix.as_str()));
    let score = TABLE.rows.iter().find(holds).map_or(0.5, |row| match task {
        Task::Triage => row.triage,
        Task::Review => row.review,
        Task::Explain => row.explain,
        Task::Repair => row.repair,
    });
    score.powf(1.0 + 0.5 * f64::from(complexity.level()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_every_score_is_a_share() {
        let table: Table = serde_json::from_str(include_str!("../data/capabilities.json")).unwrap();
        let scores =
            table.rows.iter().flat_map(|row| [row.triage, row.review, row.explain, row.repair]);
        assert!(scores.into_iter().all(|score| 0.0 < score && score < 1.0));
        assert!(
            table.rows.last().unwrap().prefixes.contains(&String::new()),
            "unknown models have a row"
        );
    }

    #[test]
    fn a_weak_model_loses_more_on_a_large_change() {
        let loss = |id| {
            prior(id, Task::Review, Complexity::Small) - prior(id, Task::Review, Complexity::Large)
        };
        assert!(loss("amazon.nova-micro-v1:0") > loss("us.anthropic.claude-opus-5"));
    }
}
