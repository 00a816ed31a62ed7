//! Adds calls up by model, agent, task or day.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::CallRecord;
use crate::budget::Nanodollars;
use crate::reply::Usage;

/// More groups than this are added up as one.
const MOST_GROUPS: usize = 10_000;
const OTHERS: &str = "(others)";
const NONE: &str = "(none)";

/// By what calls are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// With its driver before it, as settings name it: through another one it may cost something else.
    Model,
    Agent,
    Task,
    /// UTC's.
    Day,
}

/// Calls, added up.
#[derive(Debug)]
pub struct Analytics {
    by: By,
    groups: BTreeMap<String, Totals>,
    all: Totals,
}

#[derive(Debug, Default)]
struct Totals {
    calls: u64,
    failed: u64,
    estimated: u64,
    unpriced: u64,
    usage: Usage,
    cost: Nanodollars,
    latencies_ms: Vec<u32>,
}

/// The figures of one group. Shares are between 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub group: String,
    pub calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    pub cache_write_tokens: u64,
    /// Of the calls whose price is known.
    pub usd: f64,
    pub unpriced_calls: u64,
    /// Of all that models were told, what they read from a cache; `None` where they were told nothing.
    pub cache_hit_share: Option<f64>,
    pub p50_latency_ms: Option<u32>,
    pub p95_latency_ms: Option<u32>,
    pub error_share: f64,
    /// Of the calls, those whose tokens were estimated.
    pub estimated_share: f64,
}

impl Analytics {
    pub fn new(by: By) -> Self {
        Self { by, groups: BTreeMap::new(), all: Totals::default() }
    }

    pub fn add(&mut self, call: &CallRecord) {
        let mut key = key(self.by, call);
        if self.groups.len() >= MOST_GROUPS && !self.groups.contains_key(&key) {
            OTHERS.clone_into(&mut key);
        }
        self.groups.entry(key).or_default().add(call);
        self.all.add(call);
    }

    /// A row for each group: days in their order, anything else from the dearest down.
    pub fn rows(&mut self) -> Vec<Row> {
        let mut groups: Vec<_> = self.groups.iter_mut().collect();
        if self.by != By::Day {
            groups.sort_by_key(|(_, totals)| std::cmp::Reverse((totals.cost, totals.calls)));
        }
        groups.into_iter().map(|(group, totals)| totals.row(group)).collect()
    }

    /// All calls as one row.
    pub fn total(&mut self) -> Row {
        self.all.row("total")
    }
}

fn key(by: By, call: &CallRecord) -> String {
    let named = |name: &Option<String>| name.clone().unwrap_or_else(|| NONE.to_owned());
    match by {
        By::Model => format!("{}/{}", call.driver, call.model),
        By::Agent => named(&call.agent),
        By::Task => named(&call.task),
        By::Day => call.at.rfc3339().chars().take_while(|letter| *letter != 'T').collect(),
    }
}

impl Totals {
    fn add(&mut self, call: &CallRecord) {
        self.calls += 1;
        self.failed += u64::from(call.error.is_some());
        self.estimated += u64::from(call.estimated);
        self.unpriced += u64::from(call.cost.is_none());
        self.usage += call.usage;
        self.cost += call.cost.unwrap_or_default();
        self.latencies_ms.push(u32::try_from(call.latency_ms).unwrap_or(u32::MAX));
    }

    fn row(&mut self, group: &str) -> Row {
        self.latencies_ms.sort_unstable();
        let told = self.usage.total() - self.usage.output_tokens;
        let of_calls = |part: u64| part as f64 / self.calls.max(1) as f64;
        Row {
            group: group.to_owned(),
            calls: self.calls,
            input_tokens: self.usage.input_tokens,
            output_tokens: self.usage.output_tokens,
            cache_read_tokens: self.usage.cache_read_tokens,
            cache_write_tokens: self.usage.cache_write_tokens,
            usd: self.cost.usd(),
            unpriced_calls: self.unpriced,
            cache_hit_share: (told > 0).then(|| self.usage.cache_read_tokens as f64 / told as f64),
            p50_latency_ms: percentile(&self.latencies_ms, 0.5),
            p95_latency_ms: percentile(&self.latencies_ms, 0.95),
            error_share: of_calls(self.failed),
            estimated_share: of_calls(self.estimated),
        }
    }
}

/// The smallest value that at least this share of them does not exceed. They are sorted.
pub(crate) fn percentile<T: Copy>(sorted: &[T], share: f64) -> Option<T> {
    let rank = ((sorted.len() as f64 * share).ceil() as usize).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;
    use crate::error::ErrorKind;

    const SONNET: &str = "global.anthropic.claude-sonnet-5-5";
    const DAY: i64 = 86_400_000;

    fn calls() -> Vec<CallRecord> {
        let cached = Usage {
            input_tokens: 1000,
            output_tokens: 100,
            cache_read_tokens: 3000,
            cache_write_tokens: 0,
        };
        vec![
            CallRecord { usage: cached, ..record(SONNET, 0, 0, 0) },
            CallRecord { latency_ms: 900, ..record(SONNET, DAY, 1_000_000, 0) },
            CallRecord {
                error: Some(ErrorKind::Timeout),
                estimated: true,
                agent: None,
                driver: "openai".into(),
                ..record("nobody.knows", DAY, 10, 0)
            },
        ]
    }

    fn said(by: By) -> String {
        let mut analytics = Analytics::new(by);
        for call in &calls() {
            analytics.add(call);
        }
        let mut rows = analytics.rows();
        rows.push(analytics.total());
        let said = rows.iter().map(|row| {
            format!(
                "{}: {} calls, {} in, ${}, {} unpriced, cached {:?}, p50 {:?} p95 {:?}, errors {:.2}, estimated {:.2}",
                row.group, row.calls, row.input_tokens, row.usd, row.unpriced_calls, row.cache_hit_share,
                row.p50_latency_ms, row.p95_latency_ms, row.error_share, row.estimated_share
            )
        });
        said.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn calls_are_added_up_by_what_is_asked() {
        insta::assert_snapshot!(said(By::Model), @"
        bedrock/global.anthropic.claude-sonnet-5-5: 2 calls, 1001000 in, $2, 0 unpriced, cached Some(0.00298804780876494), p50 Some(100) p95 Some(900), errors 0.00, estimated 0.00
        openai/nobody.knows: 1 calls, 10 in, $0, 1 unpriced, cached Some(0.0), p50 Some(100) p95 Some(100), errors 1.00, estimated 1.00
        total: 3 calls, 1001010 in, $2, 1 unpriced, cached Some(0.0029880180476290078), p50 Some(100) p95 Some(900), errors 0.33, estimated 0.33
        ");
        insta::assert_snapshot!(said(By::Day), @"
        1970-01-01: 1 calls, 1000 in, $0, 0 unpriced, cached Some(0.75), p50 Some(100) p95 Some(100), errors 0.00, estimated 0.00
        1970-01-02: 2 calls, 1000010 in, $2, 1 unpriced, cached Some(0.0), p50 Some(100) p95 Some(900), errors 0.50, estimated 0.50
        total: 3 calls, 1001010 in, $2, 1 unpriced, cached Some(0.0029880180476290078), p50 Some(100) p95 Some(900), errors 0.33, estimated 0.33
        ");
        insta::assert_snapshot!(said(By::Agent), @"
        reviewer: 2 calls, 1001000 in, $2, 0 unpriced, cached Some(0.00298804780876494), p50 Some(100) p95 Some(900), errors 0.00, estimated 0.00
        (none): 1 calls, 10 in, $0, 1 unpriced, cached Some(0.0), p50 Some(100) p95 Some(100), errors 1.00, estimated 1.00
        total: 3 calls, 1001010 in, $2, 1 unpriced, cached Some(0.0029880180476290078), p50 Some(100) p95 Some(900), errors 0.33, estimated 0.33
        ");
    }

    #[test]
    fn tasks_without_end_are_added_up_as_others() {
        let mut analytics = Analytics::new(By::Task);
        for task in 0..MOST_GROUPS + 5 {
            analytics.add(&CallRecord { task: Some(task.to_string()), ..record("m", 0, 1, 1) });
        }
        let rows = analytics.rows();
        let others = rows.iter().find(|row| row.group == OTHERS);
        assert_eq!((rows.len(), others.map(|row| row.calls)), (MOST_GROUPS + 1, Some(5)));
    }
}
