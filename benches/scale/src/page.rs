//! The results as the Markdown that stands in `docs/scale.md`.

use std::fmt::Write as _;

use pricing::Bill;

use crate::breaking::Quota;
use crate::histogram::Histogram;
use crate::inputs::{MERGED_PER_MONTH, MERGED_SHARE, WEEKS_PER_MONTH};
use crate::outcome::Outcome;

/// One deployment's week.
pub struct Column {
    pub name: &'static str,
    pub outcome: Outcome,
    pub bill: Bill,
}

pub fn breaking(quotas: &[Quota]) -> String {
    let mut page = String::from(
        "| quota | by default | wanted at the peak | binds at, of GitHub | raise to | how |\n|---|--:|--:|--:|--:|---|\n",
    );
    for quota in quotas {
        let (binds, raise) = if quota.binds_at() >= 1.0 {
            ("not".into(), "-".into())
        } else {
            (share(quota.binds_at()), number(quota.raise_to()))
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {binds} | {raise} | {} |",
            quota.name,
            number(quota.by_default),
            number(quota.wanted),
            quota.remedy
        );
    }
    page
}

pub fn results(columns: &[Column], of_all: f64) -> String {
    let mut page = String::new();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let _ = writeln!(page, "| | {} |\n|---|{}", names.join(" | "), "--:|".repeat(names.len()));
    let mut row = |name: &str, cell: &dyn Fn(&Column) -> String| {
        let cells: Vec<String> = columns.iter().map(cell).collect();
        let _ = writeln!(page, "| {name} | {} |", cells.join(" | "));
    };
    let all = |count: u64| number(count as f64 / of_all);
    row("jobs accepted in the week", &|column| all(column.outcome.ended.accepted));
    row("ended with a comment", &|column| all(column.outcome.ended.reviewed));
    row("superseded by a newer push", &|column| all(column.outcome.ended.superseded));
    row("given up after three attempts", &|column| all(column.outcome.ended.failed));
    row("lost: longer in the queue than it keeps messages", &|column| {
        all(column.outcome.ended.expired)
    });
    row("deliveries refused, and asked for again", &|column| all(column.outcome.refused));
    row("led by the model", &|column| {
        let outcome = &column.outcome;
        share(outcome.led_by_model as f64 / outcome.ended.reviewed.max(1) as f64)
    });
    row("age in the queue, median", &|column| seconds(column.outcome.queue_age.quantile(0.5)));
    row("95th percentile", &|column| seconds(column.outcome.queue_age.quantile(0.95)));
    row("99th percentile", &|column| seconds(column.outcome.queue_age.quantile(0.99)));
    row("longest", &|column| seconds(column.outcome.queue_age.max()));
    row("delivery to comment, median", &|column| seconds(column.outcome.to_comment.quantile(0.5)));
    row("95th percentile", &|column| seconds(column.outcome.to_comment.quantile(0.95)));
    row("99th percentile", &|column| seconds(column.outcome.to_comment.quantile(0.99)));
    row("comments held up by GitHub's limit", &|column| {
        share(column.outcome.held_up.count() as f64 / column.outcome.ended.reviewed.max(1) as f64)
    });
    row("longest", &|column| held_up(&column.outcome.held_up));
    row("most workers at once", &|column| number(column.outcome.peak.workers / of_all));
    row("longest queue", &|column| number(column.outcome.peak.waiting / of_all));
    row("USD per 1,000 reviews", &|column| {
        format!(
            "{:.2}",
            column.bill.total_usd * of_all / column.outcome.ended.reviewed.max(1) as f64 * 1000.0
        )
    });
    row("USD per pull request opened", &|column| {
        let opened = MERGED_PER_MONTH / MERGED_SHARE / WEEKS_PER_MONTH;
        format!("{:.4}", column.bill.total_usd / opened)
    });
    row("USD a month, all of GitHub", &|column| number(column.bill.total_usd * WEEKS_PER_MONTH));
    page
}

fn held_up(histogram: &Histogram) -> String {
    if histogram.count() == 0 { "-".into() } else { seconds(histogram.max()) }
}

fn seconds(value: f64) -> String {
    match value {
        small if small < 0.1 => "under 0.1 s".into(),
        small if small < 120.0 => format!("{value:.1} s"),
        medium if medium < 7200.0 => format!("{:.0} min", medium / 60.0),
        large => format!("{:.1} h", large / 3600.0),
    }
}

fn share(value: f64) -> String {
    match value * 100.0 {
        percent if percent <= 0.0 => "0 %".into(),
        percent if percent < 0.01 => format!("{percent:.4} %"),
        percent if percent < 1.0 => format!("{percent:.2} %"),
        percent => format!("{percent:.1} %"),
    }
}

fn number(value: f64) -> String {
    let digits = format!("{value:.0}");
    let letters: Vec<char> = digits.chars().collect();
    let groups: Vec<String> =
        letters.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_shown_as_people_read_them() {
        assert_eq!(number(1_234_567.4), "1,234,567");
        assert_eq!(
            [0.01, 3.26, 600.0, 9000.0].map(seconds),
            ["under 0.1 s", "3.3 s", "10 min", "2.5 h"]
        );
        assert_eq!(
            [0.0, 0.000_05, 0.003, 0.25].map(share),
            ["0 %", "0.0050 %", "0.30 %", "25.0 %"]
        );
    }
}
