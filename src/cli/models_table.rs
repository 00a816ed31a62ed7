//! The costs of models as a table for a person.

use std::fmt::Write as _;

use contract::columns::aligned;
use model::cost::Row;

use super::models_cost::Costs;

const HEADINGS: [&str; 10] = [
    "",
    "calls",
    "tokens in",
    "tokens out",
    "from cache",
    "US dollars",
    "p50 ms",
    "p95 ms",
    "errors",
    "estimated",
];

/// The whole page.
pub(super) fn page(costs: &Costs) -> String {
    let mut page = format!("Calls of models from {} to {}", costs.since, costs.until);
    if costs.more {
        page += ", the oldest ones only: there are more than can be read at once";
    }
    page += ".\n\n";
    let rows = costs.rows.iter().chain([&costs.total]);
    let cells: Vec<_> =
        [HEADINGS.map(ToOwned::to_owned)].into_iter().chain(rows.map(cells)).collect();
    page += &aligned(&cells);
    if costs.total.unpriced_calls > 0 {
        let _ = writeln!(
            page,
            "\nCalls whose price is not known, and which count as nothing here: {}.",
            costs.total.unpriced_calls
        );
    }
    page += "\nFrom cache: the share of all tokens told that models read from a cache. Estimated: the share of calls whose tokens the service did not count.\n";
    for recommendation in &costs.recommendations {
        let _ = write!(page, "\nSave {recommendation}\n");
    }
    page
}

fn cells(row: &Row) -> [String; 10] {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let milliseconds = |value: Option<u32>| value.map_or_else(String::new, |ms| ms.to_string());
    [
        // A task's name comes from outside, and is no place for escape sequences.
        row.group.chars().filter(|letter| !letter.is_control()).collect(),
        row.calls.to_string(),
        (row.input_tokens + row.cache_read_tokens + row.cache_write_tokens).to_string(),
        row.output_tokens.to_string(),
        row.cache_hit_share.map(percent).unwrap_or_default(),
        if row.unpriced_calls == row.calls { "–".to_owned() } else { format!("{:.4}", row.usd) },
        milliseconds(row.p50_latency_ms),
        milliseconds(row.p95_latency_ms),
        percent(row.error_share),
        percent(row.estimated_share),
    ]
}
