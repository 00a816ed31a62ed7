//! What a measurement of base against head says, beside the findings and as part of them.

use std::fmt::Write;

use contract::Recommendation;
use globset::Glob;
use measure::{Estimate, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{amount, cell, count, one_line, prose};
use super::{Figure, Report};

/// Base against head, measured by `eco-coder measure`; also the answer of the tool that reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurements {
    pub machine: String,
    pub benchmarks: Vec<MeasuredBenchmark>,
    /// Each threshold of the settings for each benchmark.
    pub thresholds: Vec<ThresholdResult>,
    pub notes: Vec<String>,
}

/// One benchmark. Changes are of head against base, above zero where head takes more, each with its 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredBenchmark {
    pub name: String,
    pub verdict: Verdict,
    /// What the verdict is about, as `CPU time`.
    pub metric: String,
    /// Of that metric, with its unit.
    pub base: String,
    pub head: String,
    pub change_percent: Estimate,
    /// A smaller change is not told from none.
    pub noise_floor_percent: f64,
    pub pairs: usize,
    /// What one run takes more; `None` where it is not known where the program runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joules: Option<Estimate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub co2e_grams: Option<Estimate>,
    /// What that comes to, where there is a change and the settings say how often it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<MeasuredYear>,
    /// Path globs, or `PATH#FUNCTION`.
    pub covers: Vec<String>,
}

/// The change over all executions of a year. The intervals are those of the change: base and head share all factors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredYear {
    pub executions: f64,
    pub energy_kwh: Estimate,
    pub co2e_grams: Estimate,
    /// `None` where the settings say no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Estimate>,
}

/// What the measurement of a benchmark says of a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdResult {
    pub benchmark: String,
    /// As `co2e_increase > 5%`.
    pub threshold: String,
    pub judgment: Judgment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judgment {
    Held,
    /// The whole interval lies above it.
    Exceeded,
    /// The interval holds it, so it may be exceeded or not.
    CannotTell,
    /// The quantity was not measured.
    NotMeasured,
}

impl ThresholdResult {
    /// In words; nothing where the threshold holds.
    pub fn said(&self) -> Option<String> {
        let said = match self.judgment {
            Judgment::Held => return None,
            Judgment::Exceeded => "exceeded",
            Judgment::CannotTell => "cannot tell, the interval holds the threshold",
            Judgment::NotMeasured => "cannot tell, this was not measured",
        };
        Some(format!("{}: {}: {said}", one_line(&self.benchmark), self.threshold))
    }

    pub fn is_exceeded(&self) -> bool {
        self.judgment == Judgment::Exceeded
    }
}

/// What was measured of the code of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeasuredHere {
    pub benchmark: String,
    pub verdict: Verdict,
    /// In words, as `CPU time +12.0 % (95 % interval 8.0 to 15.0)`.
    pub text: String,
    #[serde(flatten)]
    pub figure: Figure,
}

impl Measurements {
    /// The first benchmark that covers the finding's code, those with a change first. `call` is the tool call that read them.
    pub(super) fn of(&self, call: &str, found: &Recommendation) -> Option<MeasuredHere> {
        let covering = self.benchmarks.iter().enumerate().filter(|(_, one)| one.covers(found));
        let (index, benchmark) =
            covering.min_by_key(|(_, one)| one.verdict == Verdict::NoChangeDetectable)?;
        Some(MeasuredHere {
            benchmark: benchmark.name.clone(),
            verdict: benchmark.verdict,
            text: benchmark.words(),
            figure: Figure {
                value: benchmark.change_percent.value,
                unit: format!("% {}", benchmark.metric),
                evidence: format!("{call}#/benchmarks/{index}/change_percent/value"),
            },
        })
    }

    /// Whether a change is surely larger than the settings accept.
    pub fn exceeds(&self) -> bool {
        self.thresholds.iter().any(ThresholdResult::is_exceeded)
    }

    /// What there is to say of thresholds: nothing where they hold.
    pub(super) fn threshold_lines(&self) -> impl Iterator<Item = String> {
        self.thresholds.iter().filter_map(ThresholdResult::said)
    }

    /// `1 benchmark regressed, 2 improved`; empty where nothing changed.
    pub(super) fn summary(&self) -> String {
        let of = |verdict| self.benchmarks.iter().filter(|one| one.verdict == verdict).count();
        let parts = [(of(Verdict::Regressed), "regressed"), (of(Verdict::Improved), "improved")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", count(*number, "benchmark")))
            .collect();
        parts.join(", ")
    }
}

impl MeasuredBenchmark {
    fn covers(&self, found: &Recommendation) -> bool {
        self.covers.iter().any(|pattern| {
            let (path, function) = match pattern.split_once('#') {
                Some((path, function)) => (path, Some(function)),
                None => (pattern.as_str(), None),
            };
            let is_path =
                Glob::new(path).is_ok_and(|glob| glob.compile_matcher().is_match(&found.file_path));
            is_path && function.is_none_or(|name| is_named(found.function.as_deref(), name))
        })
    }

    /// The verdict with its figures.
    pub(super) fn words(&self) -> String {
        let Estimate { value, low, high } = self.change_percent;
        let change = format!("{} {value:+.1} % (95 % interval {low:.1} to {high:.1})", self.metric);
        match self.verdict {
            Verdict::NoChangeDetectable => {
                format!("no change detectable (noise floor {:.1} %)", self.noise_floor_percent)
            }
            Verdict::Improved | Verdict::Regressed => change,
        }
    }

    fn emissions(&self) -> String {
        if self.verdict == Verdict::NoChangeDetectable {
            return String::new();
        }
        let Some(grams) = &self.co2e_grams else { return String::new() };
        let mut text = format!("{} a run", mass(grams));
        if let Some(year) = &self.year {
            let _ = write!(
                text,
                "; a year {} kWh, {}",
                signed(year.energy_kwh.value),
                mass(&year.co2e_grams)
            );
            if let Some(usd) = &year.usd {
                let sign = if usd.value < 0.0 { "-" } else { "+" };
                let _ = write!(text, ", {sign}${:.2}", usd.value.abs());
            }
        }
        text
    }
}

/// `Cart.total` is also `total`.
fn is_named(function: Option<&str>, name: &str) -> bool {
    function.is_some_and(|function| {
        function == name || function.rsplit(['.', ':']).next() == Some(name)
    })
}

fn signed(value: f64) -> String {
    format!("{}{}", if value < 0.0 { "-" } else { "+" }, amount(value.abs()))
}

/// Grams of CO2e with their interval, in a unit that keeps them short.
fn mass(grams: &Estimate) -> String {
    let size = grams.value.abs();
    let (unit, name) = match size {
        tiny if tiny < 1e-3 => (1e-6, "µg"),
        small if small < 1.0 => (1e-3, "mg"),
        middle if middle < 1e3 => (1.0, "g"),
        large if large < 1e6 => (1e3, "kg"),
        _ => (1e6, "t"),
    };
    let shown = |value: f64| signed(value / unit);
    format!("{} {name} CO2e ({} to {})", shown(grams.value), shown(grams.low), shown(grams.high))
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Improved => "improved",
        Verdict::Regressed => "**regressed**",
        Verdict::NoChangeDetectable => "no change",
    }
}

impl Report {
    pub(super) fn write_measured(&self, page: &mut String) {
        let Some(measured) = &self.measured else { return };
        let has_emissions = measured.benchmarks.iter().any(|one| !one.emissions().is_empty());
        let _ = writeln!(
            page,
            "**Measured**, base against head on {}:\n",
            prose(&one_line(&measured.machine))
        );
        if !measured.benchmarks.is_empty() {
            page.push_str("| Benchmark | | Change | Base → head |");
            page.push_str(if has_emissions {
                " Emissions |\n|---|---|---|---|---|\n"
            } else {
                "\n|---|---|---|---|\n"
            });
        }
        for one in &measured.benchmarks {
            let _ = write!(
                page,
                "| {} | {} | {}, {} | {} → {} |",
                cell(&one.name),
                name(one.verdict),
                cell(&one.words()),
                count(one.pairs, "pair"),
                cell(&one.base),
                cell(&one.head),
            );
            if has_emissions {
                let _ = write!(page, " {} |", one.emissions());
            }
            page.push('\n');
        }
        page.push('\n');
        for line in measured.threshold_lines() {
            let _ = writeln!(page, "- {}", prose(&line));
        }
        for note in &measured.notes {
            let _ = writeln!(page, "- {}", prose(&one_line(note)));
        }
        page.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn benchmark(verdict: Verdict, covers: &[&str]) -> MeasuredBenchmark {
        let times =
            |factor: f64| Estimate { value: 12.0 * factor, low: 8.0 * factor, high: 15.0 * factor };
        MeasuredBenchmark {
            name: "parse".into(),
            verdict,
            metric: "CPU time".into(),
            base: "15.2 ms".into(),
            head: "17.0 ms".into(),
            change_percent: times(1.0),
            noise_floor_percent: 2.5,
            pairs: 24,
            joules: Some(times(1e-3)),
            co2e_grams: Some(times(1e-7)),
            year: Some(MeasuredYear {
                executions: 1.2e9,
                energy_kwh: times(0.5),
                co2e_grams: times(100.0),
                usd: Some(times(0.1)),
            }),
            covers: covers.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[test]
    fn a_benchmark_covers_files_or_single_functions() {
        let found = |file: &str, function: Option<&str>| {
            let finding = serde_json::json!({
                "file_path": file, "start_line": 1, "end_line": 1, "severity": "Low", "category": "Performance",
                "description": "", "recommendation": "", "rule_id": "query-in-loop", "title": "", "excerpt": "",
                "function": function, "fingerprint": "", "source": "analyzer",
            });
            serde_json::from_value::<Recommendation>(finding).unwrap()
        };
        let one = benchmark(Verdict::Regressed, &["shop/*.py", "lib/cart.rs#total"]);
        assert!(one.covers(&found("shop/parse.py", None)));
        assert!(!one.covers(&found("other/parse.py", None)));
        assert!(one.covers(&found("lib/cart.rs", Some("Cart.total"))));
        assert!(!one.covers(&found("lib/cart.rs", Some("Cart.subtotal"))));
        assert!(!one.covers(&found("lib/cart.rs", None)));
    }

    #[test]
    fn a_change_is_told_with_its_interval_and_none_with_its_noise() {
        let changed = benchmark(Verdict::Regressed, &[]);
        let same = benchmark(Verdict::NoChangeDetectable, &[]);
        insta::assert_snapshot!(
            [changed.words(), changed.emissions(), same.words(), same.emissions()].join("\n"),
            @r"
            CPU time +12.0 % (95 % interval 8.0 to 15.0)
            +1.2 µg CO2e (+0.8 to +1.5) a run; a year +6 kWh, +1.2 kg CO2e (+0.8 to +1.5), +$1.20
            no change detectable (noise floor 2.5 %)
            "
        );
    }
}
