//! What a review says: built from tool results alone, then rendered for whoever reads it.

use std::collections::BTreeMap;

use contract::{CodeReview, Recommendation, Severity, Skipped};
use measure::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent::{Call, History, run};

pub mod claims;
mod fixes;
pub mod fleet;
pub mod footprint;
mod hot;
pub mod html;
pub mod ledger;
pub mod markdown;
pub mod measured;
pub mod sarif;
mod seldom;
mod skipped;
pub mod terminal;
pub mod text;

pub use fleet::{FleetBasis, FleetYear};
pub use ledger::{Ledger, State};

use hot::Hot;
use measured::{MeasuredHere, Measurements};

/// One review's report. Its JSON form is public; `version` changes when a field changes meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub version: u32,
    pub subject: Subject,
    /// Most important first: by share of run time, then severity; what weighs little last.
    pub findings: Vec<Finding>,
    /// Findings of rules that this repository's maintainers dismissed on earlier pull requests and never fixed.
    #[serde(default)]
    pub unwanted: Vec<Finding>,
    /// Findings that earlier pushes or the base had and head no longer has.
    pub fixed: Vec<Fixed>,
    /// Findings that a maintainer dismissed in the comment.
    pub dismissed: usize,
    /// Findings that a comment in the code silences.
    pub suppressed: usize,
    /// Findings on lines that the change does not touch.
    pub existing: usize,
    pub carbon: Carbon,
    pub profile: Option<Profile>,
    /// Base against head, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measurements>,
    /// The leader's words, after every claim without evidence was removed.
    pub words: claims::Checked,
    pub coverage: Coverage,
    pub cost: Cost,
    pub ledger: Ledger,
}

/// What was reviewed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    pub repository: String,
    pub pull_request: Option<u64>,
    pub base_sha: String,
    pub head_sha: String,
    /// Where `PATH#L1` shows a line of head; `None` without a web address.
    pub blob_url: Option<String>,
}

impl Subject {
    /// A tree as it stands, which no commits name.
    pub fn is_scan(&self) -> bool {
        self.head_sha.is_empty()
    }
}

/// A finding on the change, with the evidence for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    #[serde(flatten)]
    pub recommendation: Recommendation,
    pub grade: Grade,
    pub state: State,
    /// Share of the profile in which the finding's function is on the stack, %.
    pub run_time_share: Option<Figure>,
    /// Share in which that function is on one of the finding's own lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_share: Option<LineFigure>,
    /// What the function's share stands for over the fleet in a year, where the settings say what that takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet_year: Option<FleetYear>,
    /// What a benchmark that runs the finding's code showed between base and head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_here: Option<MeasuredHere>,
    /// The tool result that holds the finding: `CALL#/json/pointer`. Empty in a scan, where no tool is called.
    pub evidence: String,
    /// What became of the rule on earlier pull requests of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// A figure and the tool result that it stands in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    pub value: f64,
    pub unit: String,
    /// `CALL#/json/pointer`
    pub evidence: String,
}

/// A share of the lines of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineFigure {
    #[serde(flatten)]
    pub figure: Figure,
    /// Whether it includes what the lines call.
    pub with_callees: bool,
}

/// How well a line of the report is founded, best first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Its code runs in a benchmark in which base and head differ.
    MeasuredHere,
    Profiled,
    Measured,
    Rule,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fixed {
    pub rule_id: String,
    pub file_path: String,
    pub title: String,
}

/// The footprint of what was reviewed, or why it cannot be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Carbon {
    Known(Box<CarbonFigures>),
    CannotTell { why: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CarbonFigures {
    pub per_execution: Figure,
    pub total: Figure,
    pub executions: Figure,
    /// 90 % interval of the total, g.
    pub low: Option<Figure>,
    pub high: Option<Figure>,
    pub energy: Figure,
    pub intensity: Figure,
    /// What `CodeCarbon` would say of one execution, to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codecarbon: Option<Figure>,
    pub equivalents: BTreeMap<String, Figure>,
    pub methodology: String,
    pub assumptions: Vec<String>,
    pub sources: Vec<String>,
}

/// Where the profiled program spends its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    pub source: String,
    pub bottlenecks: Vec<profile::Bottleneck>,
    pub flame_graph_url: Option<String>,
    pub notes: Vec<String>,
    /// How the fleet's figures came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetBasis>,
}

/// What was looked at and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    pub files_changed: usize,
    pub files_reviewed: usize,
    pub skipped: Vec<Skipped>,
    /// `Completed` or `Partial`; empty where the code was not analyzed.
    pub status: String,
    pub notes: Vec<String>,
}

/// What the review itself cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cost {
    /// Who led: `embedded planner`, or the models that answered.
    pub led_by: String,
    /// Why these models, where the gateway chose or one stood in for another; a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// Why the planner took over, where it did.
    pub handed_over: Option<String>,
    pub tokens: u64,
    /// `None` where a model without a known price answered.
    pub usd: Option<f64>,
    pub seconds: f64,
    pub cpu_seconds: f64,
    pub co2e_grams: Option<Span>,
    pub co2e_note: String,
}

/// A range of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    pub low: f64,
    pub high: f64,
}

/// What a report is built from.
pub struct Inputs<'a> {
    pub subject: Subject,
    pub files_changed: usize,
    pub calls: &'a [Call],
    /// Whether the repository says what one execution takes.
    pub has_workload: bool,
    /// The leader's words, as it wrote them.
    pub words: &'a str,
    pub previous: Ledger,
    /// By rule, from earlier pull requests of the repository.
    pub history: BTreeMap<String, History>,
    /// Fingerprints that maintainers ticked off in the comment.
    pub ticked: Vec<String>,
    pub cost: Cost,
    pub notes: Vec<String>,
}

pub const VERSION: u32 = 1;

impl Report {
    pub fn build(inputs: Inputs<'_>) -> Self {
        let review = Call::last(inputs.calls, run::ANALYZE);
        let (review_call, code) = match review {
            Some(call) => (
                call.id.as_str(),
                serde_json::from_value::<CodeReview>(call.output.clone()).unwrap_or_default(),
            ),
            None => ("", CodeReview::default()),
        };
        let profile = Call::last(inputs.calls, run::PROFILE)
            .and_then(|call| read_profile(&call.output).map(|profile| (call.id.as_str(), profile)));
        let measured = Call::last(inputs.calls, run::MEASURED).and_then(|call| {
            let measured: Measurements = serde_json::from_value(call.output.clone()).ok()?;
            Some((call.id.as_str(), measured))
        });
        let (mut ledger, states) =
            inputs.previous.update(&code.recommendations, &inputs.ticked, &inputs.subject.head_sha);
        // A model without a known price counts as nothing.
        ledger.spend(inputs.cost.usd.unwrap_or_default());
        let mut findings: Vec<Finding> = Vec::new();
        for (index, (recommendation, state)) in
            code.recommendations.into_iter().zip(states).enumerate()
        {
            if state == State::Dismissed {
                continue;
            }
            let hot = profile
                .as_ref()
                .and_then(|(call, profile)| Hot::of(call, &profile.bottlenecks, &recommendation));
            let run_time_share = hot.as_ref().map(Hot::share);
            let line_share = hot.as_ref().and_then(|hot| hot.line_share(&recommendation));
            let answer = Call::last(inputs.calls, run::PROFILE).map(|call| &call.output);
            let fleet_year =
                hot.as_ref().zip(answer).and_then(|(hot, answer)| hot.fleet_year(answer));
            let measured_here =
                measured.as_ref().and_then(|(call, all)| all.of(call, &recommendation));
            let differs = |here: &MeasuredHere| here.verdict != Verdict::NoChangeDetectable;
            let grade = match (&run_time_share, &recommendation.measured) {
                _ if measured_here.as_ref().is_some_and(differs) => Grade::MeasuredHere,
                (Some(_), _) => Grade::Profiled,
                (None, Some(_)) => Grade::Measured,
                (None, None) => Grade::Rule,
            };
            let evidence = format!("{review_call}#/recommendations/{index}");
            let history = inputs.history.get(&recommendation.rule_id).copied();
            findings.push(seldom::weighed(Finding {
                recommendation,
                grade,
                state,
                run_time_share,
                line_share,
                fleet_year,
                measured_here,
                evidence,
                history,
            }));
        }
        findings.sort_by(|one, other| {
            rank(one).partial_cmp(&rank(other)).unwrap_or(std::cmp::Ordering::Equal)
        });
        let (unwanted, findings) = findings.into_iter().partition(is_unwanted);
        let mut fixed: Vec<Fixed> = code.fixed.iter().map(Fixed::of).collect();
        for entry in ledger.just_fixed(&inputs.subject.head_sha) {
            let known = fixed
                .iter()
                .any(|one| one.rule_id == entry.rule_id && one.file_path == entry.file_path);
            if !known {
                fixed.push(Fixed {
                    rule_id: entry.rule_id.clone(),
                    file_path: entry.file_path.clone(),
                    title: entry.title.clone(),
                });
            }
        }
        let mut notes = code.notes;
        notes.extend(inputs.notes);
        notes.extend(failures(inputs.calls));
        Self {
            version: VERSION,
            dismissed: ledger.dismissed(),
            suppressed: code.suppressed,
            existing: code.existing,
            fixed,
            carbon: carbon(inputs.calls, inputs.has_workload),
            words: claims::check(inputs.words, inputs.calls),
            profile: profile.map(|(_, profile)| profile),
            measured: measured.map(|(_, measured)| measured),
            coverage: Coverage {
                files_changed: inputs.files_changed,
                files_reviewed: code.files_reviewed,
                skipped: code.skipped,
                status: code.status,
                notes,
            },
            cost: inputs.cost,
            subject: inputs.subject,
            findings,
            unwanted,
            ledger,
        }
    }

    /// What a scan of a tree found: no change, no profile, nobody's words.
    pub fn of_scan(name: String, code: CodeReview, cost: Cost) -> Self {
        let mut findings: Vec<Finding> = code.recommendations.into_iter().map(scanned).collect();
        findings.sort_by(|one, other| {
            rank(one).partial_cmp(&rank(other)).unwrap_or(std::cmp::Ordering::Equal)
        });
        Self {
            version: VERSION,
            subject: Subject { repository: name, ..Subject::default() },
            findings,
            unwanted: Vec::new(),
            fixed: code.fixed.iter().map(Fixed::of).collect(),
            dismissed: 0,
            suppressed: code.suppressed,
            existing: code.existing,
            carbon: Carbon::CannotTell { why: "a scan measures nothing".into() },
            profile: None,
            measured: None,
            words: claims::Checked::default(),
            coverage: Coverage {
                files_changed: 0,
                files_reviewed: code.files_reviewed,
                skipped: code.skipped,
                status: code.status,
                notes: code.notes,
            },
            cost,
            ledger: Ledger::default(),
        }
    }

    /// Of the findings that lead.
    pub fn count(&self, severity: Severity) -> usize {
        let (leading, _) = self.by_weight();
        leading.iter().filter(|finding| finding.recommendation.severity == severity).count()
    }

    /// One line: what a reader takes away when reading nothing else.
    pub fn verdict(&self) -> String {
        let (leading, seldom) = self.by_weight();
        let found = match leading.len() {
            0 if self.coverage.status.is_empty() => "could not analyze this change".to_owned(),
            0 => "no findings".to_owned(),
            count => {
                let severities = [
                    (Severity::Critical, "critical"),
                    (Severity::High, "high"),
                    (Severity::Medium, "medium"),
                    (Severity::Low, "low"),
                ];
                let parts = severities
                    .iter()
                    .map(|(severity, name)| (self.count(*severity), name))
                    .filter(|(count, _)| *count > 0);
                let parts: Vec<String> =
                    parts.map(|(count, name)| format!("{count} {name}")).collect();
                format!("{} ({})", text::count(count, "finding"), parts.join(", "))
            }
        };
        let found = match (leading.len(), seldom.len()) {
            (_, 0) => found,
            (0, few) => format!("{} of little weight", text::count(few, "finding")),
            (_, more) => format!("{found}, {more} more of little weight"),
        };
        let found = match self.fixed.len() {
            0 => found,
            fixed => format!("{found}, {fixed} fixed"),
        };
        match self.measured.as_ref().map(Measurements::summary) {
            Some(summary) if !summary.is_empty() => format!("{found}; {summary}"),
            _ => found,
        }
    }
}

impl Fixed {
    fn of(found: &Recommendation) -> Self {
        Self {
            rule_id: found.rule_id.clone(),
            file_path: found.file_path.clone(),
            title: found.title.clone(),
        }
    }
}

fn scanned(recommendation: Recommendation) -> Finding {
    let is_measured = recommendation.measured.is_some();
    seldom::weighed(Finding {
        grade: if is_measured { Grade::Measured } else { Grade::Rule },
        recommendation,
        state: State::New,
        run_time_share: None,
        line_share: None,
        fleet_year: None,
        measured_here: None,
        evidence: String::new(),
        history: None,
    })
}

/// Set aside, unless it is grave or a profile says that it matters here.
fn is_unwanted(finding: &Finding) -> bool {
    finding.history.is_some_and(History::is_unwanted)
        && finding.recommendation.severity > Severity::Critical
        && finding.run_time_share.is_none()
        && finding.grade != Grade::MeasuredHere
}

/// What weighs little last. What was measured to be slower first, then time in the profile, its lines' before its function's other lines, then severity, then what was measured, then
/// performance before the rest, then place.
fn rank(
    finding: &Finding,
) -> (bool, bool, f64, f64, Severity, Grade, contract::Category, &str, u32) {
    let found = &finding.recommendation;
    let share = finding.run_time_share.as_ref().map_or(0.0, |figure| figure.value);
    let line = finding.line_share.as_ref().map_or(0.0, |line| line.figure.value);
    let category = if found.category == contract::Category::Performance {
        contract::Category::CodeQuality
    } else {
        contract::Category::BestPractices
    };
    let is_slower = |here: &MeasuredHere| here.verdict == Verdict::Regressed;
    let is_slower = finding.measured_here.as_ref().is_some_and(is_slower);
    (
        found.seldom.is_some(),
        !is_slower,
        -share,
        -line,
        found.severity,
        finding.grade,
        category,
        &found.file_path,
        found.start_line,
    )
}

fn read_profile(output: &Value) -> Option<Profile> {
    let bottlenecks: Vec<profile::Bottleneck> =
        serde_json::from_value(output["bottlenecks"].clone()).ok()?;
    let texts = |field: &str| -> Vec<String> {
        serde_json::from_value(output[field].clone()).unwrap_or_default()
    };
    let mut notes = texts("notes");
    notes.extend(texts("recommendations"));
    Some(Profile {
        source: output["source"].as_str().unwrap_or_default().to_owned(),
        bottlenecks,
        flame_graph_url: output["flame_graph_url"].as_str().map(ToOwned::to_owned),
        notes,
        fleet: fleet::basis(output),
    })
}

/// Calls that never succeeded: the reader learns what could not be told.
fn failures(calls: &[Call]) -> Vec<String> {
    let failed = calls.iter().filter(|call| {
        call.is_error && call.tool != run::POST && Call::last(calls, &call.tool).is_none()
    });
    let mut notes: Vec<String> = failed
        .map(|call| {
            format!("`{}` could not tell: {}", call.tool, call.output.as_str().unwrap_or_default())
        })
        .collect();
    notes.dedup();
    notes
}

fn carbon(calls: &[Call], has_workload: bool) -> Carbon {
    let Some(call) = Call::last(calls, run::CARBON) else {
        let failed = calls.iter().rev().find(|call| call.tool == run::CARBON);
        let why = match failed.and_then(|call| call.output.as_str()) {
            Some(why) => why,
            None if has_workload => {
                "neither the `workload` in `.eco-coder.yml` nor a profile says how much CPU time an execution takes"
            }
            None => {
                "no `workload` in `.eco-coder.yml` says where this code runs and how much CPU time it takes"
            }
        };
        return Carbon::CannotTell { why: why.to_owned() };
    };
    read_carbon(call).map_or_else(
        || Carbon::CannotTell { why: "the carbon model's answer could not be read".into() },
        |figures| Carbon::Known(Box::new(figures)),
    )
}

fn read_carbon(call: &Call) -> Option<CarbonFigures> {
    let output = &call.output;
    let figure = |pointer: &str, unit: &str| {
        let value = output.pointer(pointer)?.as_f64()?;
        Some(Figure { value, unit: unit.into(), evidence: format!("{}#{pointer}", call.id) })
    };
    let equivalents = ["smartphone_charges", "km_driven", "tree_hours"];
    let texts = |field: &str| -> Vec<String> {
        serde_json::from_value(output[field].clone()).unwrap_or_default()
    };
    let sources = output["sources"]
        .as_array()
        .map(|sources| sources.iter().map(source_line).collect())
        .unwrap_or_default();
    Some(CarbonFigures {
        per_execution: figure("/co2e_per_execution", "gCO2e")?,
        total: figure("/co2e_grams", "gCO2e")?,
        executions: Figure {
            value: call.input["execution_count"].as_f64()?,
            unit: "executions".into(),
            evidence: format!("{}#input/execution_count", call.id),
        },
        low: figure("/interval_90/low", "gCO2e"),
        high: figure("/interval_90/high", "gCO2e"),
        energy: figure("/energy_consumed_kwh", "kWh")?,
        intensity: figure("/carbon_intensity_gco2_per_kwh", "gCO2e/kWh")?,
        codecarbon: figure("/codecarbon/co2e_grams", "gCO2e"),
        equivalents: equivalents
            .iter()
            .filter_map(|name| {
                Some(((*name).to_owned(), figure(&format!("/equivalents/{name}"), "")?))
            })
            .collect(),
        methodology: output["methodology"].as_str().unwrap_or_default().to_owned(),
        assumptions: texts("assumptions"),
        sources,
    })
}

fn source_line(source: &Value) -> String {
    let part = |field: &str| match &source[field] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    format!(
        "{}: {} {} ({}, {})",
        part("what"),
        part("value"),
        part("unit"),
        part("source"),
        part("year")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap() + "\n";
        let published = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/review.schema.json");
        assert!(
            std::fs::read_to_string(published).unwrap() == schema,
            "write this to docs/review.schema.json:\n{schema}"
        );
    }
}
