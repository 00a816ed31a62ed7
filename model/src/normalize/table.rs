//! What a model takes of a call, as data: `data/limits.json`, in which each row carries its reason and its source.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::without_geography;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    #[expect(dead_code, reason = "for the reader of the file")]
    date: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    note: String,
    pub margin_tokens: u32,
    pub margin_reason: String,
    /// An answer shorter than this is no use, so no less is asked for however full the context seems.
    pub shortest_answer: u32,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    #[serde(default)]
    drivers: Vec<String>,
    prefixes: Vec<String>,
    samples: Option<bool>,
    temperature: Option<(f32, f32)>,
    top_p: Option<(f32, f32)>,
    stop: Option<Stop>,
    system: Option<bool>,
    tools: Option<bool>,
    tool_choice: Option<Forced>,
    tool_ids: Option<Ids>,
    form: Option<Formed>,
    others: Option<bool>,
    opens: Option<Opens>,
    unoffered: Option<Unoffered>,
    max_output: Option<u32>,
    default_max_tokens: Option<u32>,
    token_factor: Option<f64>,
    leaves_open: Option<bool>,
    reason: String,
    source: String,
}

/// Which stop sequences are taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stop {
    pub at_most: usize,
    #[serde(default)]
    pub not_blank: bool,
    /// No others than these.
    pub only: Option<Vec<String>>,
}

/// How far a model can be made to call tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Forced {
    Auto,
    Any,
    Tool,
}

/// Which ids calls of tools may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ids {
    Any,
    /// 1 to 64 letters, digits, `_`, `.`, `:` and `-`, all of ASCII.
    Converse,
    /// Letters, digits, `_` and `-`, all of ASCII.
    Word,
    /// Nine letters and digits.
    Nine,
}

/// How a form is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Formed {
    /// By the service's own `response_format`.
    Parameter,
    /// By a tool that takes the answer.
    Tool,
    Words,
}

/// Who may speak first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Opens {
    Anyone,
    User,
}

/// How calls of tools are told that are not offered any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unoffered {
    AsTheyAre,
    /// Beside tools of the same names, none of which may be called.
    Stubs,
    Text,
}

/// One thing that the table says, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<T> {
    pub value: T,
    row: Option<&'static Row>,
}

/// What the table says of one model behind one driver.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Whether there is a way to say temperature or `top_p` at all.
    pub samples: Said<bool>,
    pub temperature: Said<(f32, f32)>,
    pub top_p: Said<(f32, f32)>,
    pub stop: Said<Option<&'static Stop>>,
    pub system: Said<bool>,
    pub tools: Said<bool>,
    pub tool_choice: Said<Forced>,
    pub tool_ids: Said<Ids>,
    pub form: Said<Formed>,
    /// Whether parameters that are not of ours are passed on.
    pub others: Said<bool>,
    pub opens: Said<Opens>,
    pub unoffered: Said<Unoffered>,
    pub max_output: Said<Option<u32>>,
    pub default_max_tokens: Said<u32>,
    pub token_factor: Said<f64>,
    /// Whether the service decides how long an answer may get, where nothing is known of its model.
    pub leaves_open: Said<bool>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    // A test reads the file, so a failure here cannot ship.
    serde_json::from_str(include_str!("../data/limits.json")).unwrap_or_default()
});

pub(super) fn table() -> &'static Table {
    &TABLE
}

/// What holds for a model's id, an inference profile or the ARN of either, asked through this driver.
pub(super) fn limits(driver: &str, model_id: &str) -> Limits {
    let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
    let base = without_geography(name);
    let rows = || TABLE.rows.iter().filter(|row| row.holds(driver, base));
    Limits {
        samples: said(rows().find(|row| row.samples.is_some()), |row| row.samples).or(true),
        temperature: said(rows().find(|row| row.temperature.is_some()), |row| row.temperature)
            .or((0.0, 1.0)),
        top_p: said(rows().find(|row| row.top_p.is_some()), |row| row.top_p).or((0.00001, 1.0)),
        stop: said(rows().find(|row| row.stop.is_some()), |row| Some(row.stop.as_ref())).or(None),
        system: said(rows().find(|row| row.system.is_some()), |row| row.system).or(true),
        tools: said(rows().find(|row| row.tools.is_some()), |row| row.tools).or(true),
        tool_choice: said(rows().find(|row| row.tool_choice.is_some()), |row| row.tool_choice)
            .or(Forced::Auto),
        tool_ids: said(rows().find(|row| row.tool_ids.is_some()), |row| row.tool_ids).or(Ids::Nine),
        others: said(rows().find(|row| row.others.is_some()), |row| row.others).or(false),
        form: said(rows().find(|row| row.form.is_some()), |row| row.form).or(Formed::Tool),
        opens: said(rows().find(|row| row.opens.is_some()), |row| row.opens).or(Opens::User),
        unoffered: said(rows().find(|row| row.unoffered.is_some()), |row| row.unoffered)
            .or(Unoffered::Text),
        max_output: said(rows().find(|row| row.max_output.is_some()), |row| Some(row.max_output))
            .or(None),
        default_max_tokens: said(rows().find(|row| row.default_max_tokens.is_some()), |row| {
            row.default_max_tokens
        })
        .or(4096),
        token_factor: said(rows().find(|row| row.token_factor.is_some()), |row| row.token_factor)
            .or(1.0),
        leaves_open: said(rows().find(|row| row.leaves_open.is_some()), |row| row.leaves_open)
            .or(false),
    }
}

fn said<T>(
    row: Option<&'static Row>,
    field: impl Fn(&'static Row) -> Option<T>,
) -> Said<Option<T>> {
    Said { value: row.and_then(field), row }
}

impl<T> Said<Option<T>> {
    fn or(self, otherwise: T) -> Said<T> {
        Said { value: self.value.unwrap_or(otherwise), row: self.row }
    }
}

impl<T> Said<T> {
    /// For the reader: the reason, and who says so.
    pub(super) fn reason(&self) -> String {
        self.row.map_or_else(String::new, |row| format!("{} ({})", row.reason, row.source))
    }
}

impl Row {
    fn holds(&self, driver: &str, base: &str) -> bool {
        (self.drivers.is_empty() || self.drivers.iter().any(|own| own == driver))
            && self.prefixes.iter().any(|prefix| base.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_every_row_says_something_and_why() {
        let table: Table = serde_json::from_str(include_str!("../data/limits.json")).unwrap();
        for row in &table.rows {
            let says = row.temperature.is_some()
                || row.samples.is_some()
                || row.stop.is_some()
                || row.system.is_some()
                || row.tools.is_some()
                || row.tool_choice.is_some()
                || row.tool_ids.is_some()
                || row.form.is_some()
                || row.others.is_some()
                || row.opens.is_some()
                || row.unoffered.is_some()
                || row.max_output.is_some()
                || row.default_max_tokens.is_some()
                || row.token_factor.is_some()
                || row.leaves_open.is_some();
            assert!(says, "{row:?} says nothing");
            assert!(!row.prefixes.is_empty() && !row.reason.is_empty(), "{row:?}");
            assert!(row.source.len() > 10, "{row:?} has no source");
            let ordered = |range: Option<(f32, f32)>| range.is_none_or(|(low, high)| low < high);
            assert!(ordered(row.temperature) && ordered(row.top_p), "{row:?}");
        }
    }

    #[test]
    fn everything_is_decided_for_every_driver_and_a_model_that_nobody_knows() {
        for driver in ["embedded", "bedrock", "anthropic", "openai", "claude_cli", "new"] {
            let limits = limits(driver, "nobody-knows");
            assert!(limits.stop.value.is_some(), "{driver}");
            for reason in [
                limits.temperature.reason(),
                limits.top_p.reason(),
                limits.system.reason(),
                limits.tools.reason(),
                limits.tool_choice.reason(),
                limits.tool_ids.reason(),
                limits.form.reason(),
                limits.others.reason(),
                limits.opens.reason(),
                limits.unoffered.reason(),
                limits.default_max_tokens.reason(),
                limits.token_factor.reason(),
            ] {
                assert!(!reason.is_empty(), "{driver}");
            }
        }
    }
}
