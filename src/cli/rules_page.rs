//! Rules for a person at a terminal: all in a table, one with all that is known of it.

use std::fmt::Write as _;

use analyzer::{Evidence, RuleInfo};
use anstyle::Style;

/// Languages of a row; a rule for more of them says how many more.
const MOST_LANGUAGES: usize = 3;

/// One row a rule, in the order of their names.
pub(super) fn list(rules: &[&RuleInfo]) -> String {
    let mut rows: Vec<[String; 5]> = rules
        .iter()
        .map(|rule| {
            [rule.id.clone(), some_languages(rule), category(rule), severity(rule), gain(rule)]
        })
        .collect();
    rows.sort();
    let headings = ["rule", "languages", "saves", "severity", "evidence"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&headings]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let bold = Style::new().bold();
    let mut page = format!("{bold}{}{bold:#}\n", line(&headings));
    for row in &rows {
        let _ = writeln!(page, "{}", line(row));
    }
    page
}

/// All about one rule.
pub(super) fn explain(rule: &RuleInfo) -> String {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let mut page = format!("{bold}{}{bold:#}  {}\n", rule.id, rule.title);
    let _ = writeln!(page, "{dim}{}{dim:#}\n", facts(rule).join(" · "));
    let _ = writeln!(page, "{}\n\n{bold}Instead{bold:#}  {}", rule.why.trim(), rule.instead.trim());
    for (heading, flagged) in [("Flagged", true), ("Fine", false)] {
        if let Some(example) = rule.examples.iter().find(|example| example.flagged == flagged) {
            let _ = writeln!(page, "\n{bold}{heading}{bold:#}");
            for line in example.code.trim_end().lines() {
                let _ = writeln!(page, "    {line}");
            }
        }
    }
    let _ = writeln!(page, "\n{bold}Evidence{bold:#}");
    for row in &rule.evidence {
        let _ = writeln!(page, "    {}{}", row.text(), remark(row));
    }
    for reference in &rule.references {
        let _ = writeln!(page, "    {reference}");
    }
    page
}

/// Languages, what it saves, how grave it is and how sure.
pub(super) fn facts(rule: &RuleInfo) -> Vec<String> {
    let confidence = format!("{:?}", rule.confidence).to_lowercase();
    vec![
        languages(rule).join(", "),
        category(rule),
        format!("{} severity", severity(rule)),
        format!("{confidence} confidence"),
    ]
}

/// Each language once, in the rule's order.
pub(super) fn languages(rule: &RuleInfo) -> Vec<&str> {
    let mut languages: Vec<&str> = Vec::new();
    for language in &rule.languages {
        if !languages.contains(&language.as_str()) {
            languages.push(language);
        }
    }
    languages
}

/// `cpu`, or what it is about where it saves nothing.
pub(super) fn category(rule: &RuleInfo) -> String {
    let category = rule.category.map(|category| format!("{category:?}"));
    category.unwrap_or_else(|| format!("{:?}", rule.area)).to_lowercase()
}

pub(super) fn severity(rule: &RuleInfo) -> String {
    format!("{:?}", rule.severity).to_lowercase()
}

/// The greatest gain that was measured, and on how many runtimes more.
fn gain(rule: &RuleInfo) -> String {
    let largest = Evidence::of_largest_sizes(&rule.evidence);
    let Some(best) = largest.first() else { return "rule".into() };
    if best.is_weak() {
        return format!("no gain on {}", best.version);
    }
    let others = largest.iter().skip(1).filter(|row| !row.is_weak()).count();
    if others == 0 { best.text() } else { format!("{} (+{others} more)", best.text()) }
}

/// Interval and day, and whether it counts.
fn remark(row: &Evidence) -> String {
    let weak = if row.is_weak() { ", may be none" } else { "" };
    format!(" (95 % interval {}, {}{weak})", row.interval(), row.measured_on)
}

fn some_languages(rule: &RuleInfo) -> String {
    let languages = languages(rule);
    let shown = languages.iter().take(MOST_LANGUAGES).copied().collect::<Vec<_>>().join(", ");
    match languages.len().saturating_sub(MOST_LANGUAGES) {
        0 => shown,
        more => format!("{shown} +{more}"),
    }
}
