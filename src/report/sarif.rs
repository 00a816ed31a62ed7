//! The report as SARIF 2.1.0, for code scanning and editors.

use contract::{Fix, Recommendation, Severity};
use serde_json::{Value, json};

use super::{Finding, Report, markdown};

/// Where paths begin: the root of the repository.
const ROOT: &str = "%SRCROOT%";
/// Skipped files that are named; the JSON form has all of them.
const MOST_NOTIFICATIONS: usize = 1_000;

impl Report {
    /// One run with one result per finding; fingerprints stay the same although lines move.
    pub fn to_sarif(&self) -> Value {
        let mut rules: Vec<&Recommendation> = Vec::new();
        for finding in &self.findings {
            if !rules.iter().any(|rule| rule.rule_id == finding.recommendation.rule_id) {
                rules.push(&finding.recommendation);
            }
        }
        let index = |id: &str| rules.iter().position(|rule| rule.rule_id == id);
        let results: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| result(finding, index(&finding.recommendation.rule_id)))
            .collect();
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "Eco-Coder",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "automationDetails": {"id": "eco-coder/"},
                "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
                "invocations": [{
                    // A part of the files that could not be read is no failure of the run.
                    "executionSuccessful": !self.coverage.status.is_empty(),
                    "toolExecutionNotifications": self.notifications(),
                }],
                "results": results,
            }],
        })
    }

    /// What was not looked at, and why.
    fn notifications(&self) -> Vec<Value> {
        let notes = self
            .coverage
            .notes
            .iter()
            .map(|note| json!({"level": "note", "message": {"text": note}}));
        let skipped = self.coverage.skipped.iter().take(MOST_NOTIFICATIONS).map(|skipped| {
            json!({
                "level": "note",
                "message": {"text": format!("skipped: {}", skipped.reason)},
                "locations": [{"physicalLocation": {"artifactLocation": artifact(&skipped.path)}}],
            })
        });
        notes.chain(skipped).collect()
    }
}

fn result(finding: &Finding, rule: Option<usize>) -> Value {
    let found = &finding.recommendation;
    let mut result = json!({
        "ruleId": found.rule_id,
        "ruleIndex": rule,
        "level": level(found.severity),
        "message": {"text": format!("{} {}", found.description, found.recommendation).trim()},
        "locations": [{"physicalLocation": {
            "artifactLocation": artifact(&found.file_path),
            "region": {"startLine": found.start_line, "endLine": found.end_line},
        }}],
        "partialFingerprints": {"ecoCoder/v1": found.fingerprint},
        "properties": {
            "evidence": markdown::grade(finding),
            "state": finding.state,
            "category": found.category,
            "severity": found.severity,
            "source": found.source,
        },
    });
    if let Some(seldom) = &found.seldom {
        result["properties"]["seldom"] = json!(seldom);
    }
    if let Some(fix) = &found.fix {
        result["fixes"] = json!([in_place(fix, found)]);
    }
    result
}

/// Whole lines are replaced: from the first column of the first to the end of the last.
fn in_place(fix: &Fix, found: &Recommendation) -> Value {
    let last = fix.before.rsplit('\n').next().unwrap_or_default();
    json!({
        "description": {"text": found.recommendation},
        "artifactChanges": [{
            "artifactLocation": artifact(&found.file_path),
            "replacements": [{
                "deletedRegion": {
                    "startLine": fix.start_line,
                    "startColumn": 1,
                    "endLine": fix.end_line,
                    "endColumn": last.chars().count() + 1,
                },
                "insertedContent": {"text": fix.text},
            }],
        }],
    })
}

fn artifact(path: &str) -> Value {
    json!({"uri": markdown::escape_path(path), "uriBaseId": ROOT})
}

fn describe(rule: &Recommendation) -> Value {
    let links: Vec<_> = rule.references.iter().map(|link| format!("<{link}>")).collect();
    let mut described = json!({
        "id": rule.rule_id,
        "name": rule.rule_id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.description},
        "help": {
            "text": format!("{}\n{}", rule.recommendation, rule.references.join("\n")).trim(),
            "markdown": format!("{}\n\n{}", rule.recommendation, links.join("\n")).trim(),
        },
        "defaultConfiguration": {"level": level(rule.severity)},
        "properties": {"tags": [format!("{:?}", rule.category)]},
    });
    if let Some(reference) = rule.references.first() {
        described["helpUri"] = json!(reference);
    }
    described
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}
