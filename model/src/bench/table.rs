//! A benchmark as tables: aligned for a terminal, and in Markdown.

use contract::columns::aligned;

use super::report::{Report, said_grams};
use super::row::{Percentiles, Row};

pub(super) const HEADINGS: [&str; 11] = [
    "model",
    "quality",
    "95 %",
    "tasks",
    "p50 s",
    "p95 s",
    "p99 s",
    "first s",
    "tokens in / out",
    "US dollars",
    "gCO2e",
];
const NOTHING: &str = "–";

impl Report {
    /// For a terminal.
    pub fn table(&self) -> String {
        let mut page = self.course();
        page += "\n\n";
        page += &aligned(&self.rows());
        if let Some(groups) = self.groups() {
            page.push('\n');
            page += &aligned(&groups);
        }
        for lines in [self.notes(), self.differences()] {
            page += &paragraph(&lines);
        }
        page += &paragraph(&self.own_said().into_iter().collect::<Vec<_>>());
        page + &paragraph(&[self.explained()])
    }

    pub fn markdown(&self) -> String {
        let mut parts = vec![format!("# {}\n", in_markdown(&self.suite))];
        if !self.about.is_empty() {
            parts.push(in_markdown(&self.about) + "\n");
        }
        parts.extend([in_markdown(&self.course()) + "\n", in_bars(&self.rows())]);
        parts.extend(self.groups().as_deref().map(in_bars));
        for lines in [self.notes(), self.differences()].iter().filter(|lines| !lines.is_empty()) {
            let points: Vec<_> =
                lines.iter().map(|line| format!("- {}", in_markdown(line))).collect();
            parts.push(points.join("\n") + "\n");
        }
        let below = self.own_said().into_iter().chain([self.explained()]);
        parts.extend(below.map(|line| in_markdown(&line) + "\n"));
        parts.join("\n")
    }

    /// Headings and a row for each model.
    fn rows(&self) -> Vec<Vec<String>> {
        let mut headings = HEADINGS.map(str::to_owned).to_vec();
        headings.push("failed".to_owned());
        let mut rows = vec![headings];
        rows.extend(self.models.iter().map(|row| {
            let mut cells = cells(row).to_vec();
            cells.push(errors(row));
            cells
        }));
        rows
    }

    /// The quality of each model in each group; `None` where there is one group.
    pub(super) fn groups(&self) -> Option<Vec<Vec<String>>> {
        if self.asked.groups.len() < 2 {
            return None;
        }
        let mut headings = vec!["quality in".to_owned()];
        headings.extend(self.asked.groups.iter().cloned());
        let mut rows = vec![headings];
        rows.extend(self.models.iter().map(|row| {
            let mut cells = vec![name(row)];
            cells.extend(self.asked.groups.iter().map(|group| {
                let found = row.groups.iter().find(|found| found.group == *group);
                found.map_or(NOTHING.to_owned(), |found| percent(found.quality))
            }));
            cells
        }));
        Some(rows)
    }
}

pub(super) fn cells(row: &Row) -> [String; 11] {
    let seconds = |of: Option<Percentiles>, which: fn(Percentiles) -> f64| {
        of.map_or(NOTHING.to_owned(), |found| said_seconds(which(found)))
    };
    let asked = |text: String| if row.tasks > 0 { text } else { NOTHING.to_owned() };
    [
        name(row),
        asked(percent(row.quality)),
        asked(format!("{:.0} to {}", row.low * 100.0, percent(row.high))),
        row.tasks.to_string(),
        seconds(row.latency_ms, |found| found.p50),
        seconds(row.latency_ms, |found| found.p95),
        seconds(row.latency_ms, |found| found.p99),
        seconds(row.first_token_ms, |found| found.p50),
        format!("{} / {}", row.input_tokens, row.output_tokens),
        dollars(row),
        row.co2e_grams.map_or(NOTHING.to_owned(), said_grams),
    ]
}

/// `2 timeout, 1 provider_error`
pub(super) fn errors(row: &Row) -> String {
    let said: Vec<String> =
        row.errors.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    if said.is_empty() { "0".to_owned() } else { said.join(", ") }
}

fn name(row: &Row) -> String {
    row.model.chars().filter(|letter| !letter.is_control()).collect()
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn said_seconds(milliseconds: f64) -> String {
    let digits = if milliseconds < 1000.0 { 3 } else { 2 };
    format!("{:.digits$}", milliseconds / 1000.0)
}

fn dollars(row: &Row) -> String {
    match row.usd {
        None => NOTHING.to_owned(),
        Some(usd) if row.unpriced_calls > 0 => format!("> {usd:.4}"),
        Some(usd) => format!("{usd:.4}"),
    }
}

fn paragraph(lines: &[String]) -> String {
    if lines.is_empty() { String::new() } else { format!("\n{}\n", lines.join("\n")) }
}

/// The first column to the left, the others to the right.
fn in_bars(rows: &[Vec<String>]) -> String {
    let bar = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut lines: Vec<String> =
        rows.iter().map(|row| bar(row.iter().map(|cell| in_markdown(cell)).collect())).collect();
    let columns = rows.first().map_or(0, Vec::len);
    lines.insert(1.min(lines.len()), format!("|---|{}\n", "--:|".repeat(columns.max(1) - 1)));
    lines.concat()
}

/// Names and messages come from outside.
fn in_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        if matches!(letter, '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '@') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::report::Own;
    use super::super::row::Grams;
    use super::super::sample::report;

    #[tokio::test(start_paused = true)]
    async fn a_person_reads_a_table() {
        let mut report = report().await;
        report.own =
            Some(Own { cpu_seconds: 1.5, co2e_grams: Some(Grams { low: 0.002, high: 0.002 }) });
        insta::assert_snapshot!(report.table(), @r#"
        30 tasks of "letters", each asked once of every model, 3 calls at a time, in an order by seed 0; begun 2026-11-22T10:00:00Z.

        model       quality         95 %  tasks  p50 s  p95 s  p99 s  first s  tokens in / out  US dollars         gCO2e     failed
        good|model    100 %  89 to 100 %     30   5.30   8.10   8.30     4.80       3000 / 300      0.0600   0.30 to 1.0          0
        poor           33 %   19 to 51 %     30   1.70   2.40   2.45     1.20       3000 / 300      0.0150   0.30 to 1.0          0
        shaky          80 %   63 to 90 %     30   2.90   4.30   4.40     2.40       2400 / 240      0.0240  0.24 to 0.80  6 timeout
        absent            –            –      0      –      –      –        –            0 / 0           –             –          0

        quality in   even    odd
        good|model  100 %  100 %
        poor         33 %   33 %
        shaky        80 %   80 %
        absent          –      –

        shaky: the last failure: the model did not answer in time: <no> [31m
        absent: asked 0 of 30 tasks: no key <x>

        good|model scores 67 points more than poor (45 to 81, on 30 tasks)
        good|model scores 20 points more than shaky (5 to 37, on 30 tasks)
        shaky scores 47 points more than poor (22 to 64, on 30 tasks)

        On this machine: 1.50 seconds of CPU time, 0.0020 gCO2e.

        Quality: the mean score, a failed call counting as wrong, with Wilson's 95 % interval over tasks. Seconds: of answered calls, retries included; with fewer than 100 calls p99 is the longest. First: up to the first piece, where answers came in pieces. gCO2e: of the answers' tokens, by EcoLogits' method; what reading the prompts takes is not in it. Differences are by Newcombe's paired interval, each by itself: of twenty pairs of equal models one looks different.
        "#);
    }

    #[tokio::test(start_paused = true)]
    async fn names_and_messages_are_no_markdown() {
        insta::assert_snapshot!(report().await.markdown(), @r#"
        # letters

        30 tasks of "letters", each asked once of every model, 3 calls at a time, in an order by seed 0; begun 2026-11-22T10:00:00Z.

        | model | quality | 95 % | tasks | p50 s | p95 s | p99 s | first s | tokens in / out | US dollars | gCO2e | failed |
        |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
        | good\|model | 100 % | 89 to 100 % | 30 | 5.30 | 8.10 | 8.30 | 4.80 | 3000 / 300 | 0.0600 | 0.30 to 1.0 | 0 |
        | poor | 33 % | 19 to 51 % | 30 | 1.70 | 2.40 | 2.45 | 1.20 | 3000 / 300 | 0.0150 | 0.30 to 1.0 | 0 |
        | shaky | 80 % | 63 to 90 % | 30 | 2.90 | 4.30 | 4.40 | 2.40 | 2400 / 240 | 0.0240 | 0.24 to 0.80 | 6 timeout |
        | absent | – | – | 0 | – | – | – | – | 0 / 0 | – | – | 0 |

        | quality in | even | odd |
        |---|--:|--:|
        | good\|model | 100 % | 100 % |
        | poor | 33 % | 33 % |
        | shaky | 80 % | 80 % |
        | absent | – | – |

        - shaky: the last failure: the model did not answer in time: \<no\> \[31m
        - absent: asked 0 of 30 tasks: no key \<x\>

        - good\|model scores 67 points more than poor (45 to 81, on 30 tasks)
        - good\|model scores 20 points more than shaky (5 to 37, on 30 tasks)
        - shaky scores 47 points more than poor (22 to 64, on 30 tasks)

        Quality: the mean score, a failed call counting as wrong, with Wilson's 95 % interval over tasks. Seconds: of answered calls, retries included; with fewer than 100 calls p99 is the longest. First: up to the first piece, where answers came in pieces. gCO2e: of the answers' tokens, by EcoLogits' method; what reading the prompts takes is not in it. Differences are by Newcombe's paired interval, each by itself: of twenty pairs of equal models one looks different.
        "#);
    }
}
