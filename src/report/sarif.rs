//! The report as SARIF 2.1.0, for code scanning and editors.

use contract::{Recommendation, Severity};
use serde_json::{Value, json};

use super::{Report, markdown};

impl Report {
    /// One run with one result per finding; fingerprints stay the same although lines move.
    pub fn to_sarif(&self) -> Value {
        let mut rules: Vec<&Recommendation> = Vec::new();
        for finding in &self.findings {
            if !rules.iter().any(|rule| rule.rule_id == finding.recommendation.rule_id) {
                rules.push(&finding.recommendation);
            }
        }
        let results: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                let found = &finding.recommendation;
                let index = rules.iter().position(|rule| rule.rule_id == found.rule_id);
                json!({
                    "ruleId": found.rule_id,
                    "ruleIndex": index,
                    "level": level(found.severity),
                    "message": {"text": format!("{}. {}", found.title, found.recommendation)},
                    "locations": [{"physicalLocation": {
                        "artifactLocation": {"uri": markdown::escape_path(&found.file_path), "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": found.start_line, "endLine": found.end_line},
                    }}],
                    "partialFingerprints": {"ecoCoder/v1": found.fingerprint},
                    "properties": {"evidence": markdown::grade(finding), "state": finding.state, "category": found.category},
                })
            })
            .collect();
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "Eco-Coder",
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
                }},
                "columnKind": "unicodeCodePoints",
                "automationDetails": {"id": "eco-coder/"},
                "results": results,
            }],
        })
    }
}

fn describe(rule: &Recommendation) -> Value {
    let mut described = json!({
        "id": rule.rule_id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.description},
        "help": {"text": rule.recommendation},
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
