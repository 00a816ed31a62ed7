//! The repository's benchmarks, and from which change on a measurement fails.

use std::fmt;
use std::str::FromStr;

use measure::{Benchmark, Estimate, Measurement, Metric, Report};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::measured::{Judgment, ThresholdResult};

/// Something to run on base and on head.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenchmarkSettings {
    pub name: String,
    /// Run again and again on both sides.
    pub command: CommandLine,
    /// Run once on each side before the benchmark.
    #[serde(default)]
    pub setup: Option<CommandLine>,
    /// What it exercises: path globs, or `PATH#FUNCTION`. Findings there are told with its result.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Executions of what it measures in a month, for the yearly projection.
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    #[serde(default)]
    pub executions_per_month: Option<u64>,
    /// How many such executions one run of the command stands for.
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    #[serde(default = "one")]
    pub executions_per_run: u64,
}

fn one() -> u64 {
    1
}

/// A program with its arguments, or one line for the shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CommandLine {
    Shell(String),
    Program(Vec<String>),
}

impl CommandLine {
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Shell(line) => ["sh", "-c", line].map(ToOwned::to_owned).into(),
            Self::Program(words) => words.clone(),
        }
    }
}

impl BenchmarkSettings {
    pub fn benchmark(&self) -> Benchmark {
        Benchmark {
            name: self.name.clone(),
            command: self.command.words(),
            setup: self.setup.as_ref().map(CommandLine::words),
        }
    }
}

/// `co2e_increase > 5%`: a change that is not accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^\s*(cpu_time|wall_time|memory|instructions|energy|co2e)_increase\s*>\s*\d+(\.\d+)?\s*%\s*$"))]
pub struct Threshold {
    quantity: Quantity,
    percent: f64,
}

const MOST_PERCENT: f64 = 10_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    CpuTime,
    WallTime,
    Memory,
    Instructions,
    Energy,
    Co2e,
}

const QUANTITIES: [(&str, Quantity); 6] = [
    ("cpu_time", Quantity::CpuTime),
    ("wall_time", Quantity::WallTime),
    ("memory", Quantity::Memory),
    ("instructions", Quantity::Instructions),
    ("energy", Quantity::Energy),
    ("co2e", Quantity::Co2e),
];

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let names: Vec<_> = QUANTITIES.iter().map(|(name, _)| *name).collect();
            format!(
                "{text:?} is not a threshold: write QUANTITY_increase > PERCENT%, where QUANTITY is one of {}",
                names.join(", ")
            )
        };
        let (left, right) = text.split_once('>').ok_or_else(wrong)?;
        let name = left.trim().strip_suffix("_increase").ok_or_else(wrong)?;
        let (_, quantity) =
            QUANTITIES.iter().find(|(known, _)| *known == name).ok_or_else(wrong)?;
        let percent = right.trim().strip_suffix('%').ok_or_else(wrong)?.trim_end();
        let percent: f64 = percent.parse().map_err(|_| wrong())?;
        if !(0.0..=MOST_PERCENT).contains(&percent) {
            return Err(wrong());
        }
        Ok(Self { quantity: *quantity, percent })
    }
}

impl TryFrom<String> for Threshold {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.to_string()
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = QUANTITIES.iter().find(|(_, known)| *known == self.quantity);
        let name = name.map_or("", |(name, _)| *name);
        write!(formatter, "{name}_increase > {}%", self.percent)
    }
}

/// What a measurement says of each threshold, of what could not be run too.
pub fn judge(thresholds: &[Threshold], report: &Report) -> Vec<ThresholdResult> {
    let of_all = |threshold: &Threshold| {
        let (name, threshold) = (threshold.to_string(), threshold.clone());
        let measured =
            report.benchmarks.iter().map(move |one| (one.name.clone(), threshold.judge(one)));
        let failed = report.failed.iter().map(|one| (one.name.clone(), Judgment::NotMeasured));
        measured.chain(failed).map(move |(benchmark, judgment)| ThresholdResult {
            benchmark,
            threshold: name.clone(),
            judgment,
        })
    };
    thresholds.iter().flat_map(of_all).collect()
}

impl Threshold {
    fn judge(&self, measured: &Measurement) -> Judgment {
        let share = self.percent / 100.0;
        match self.change(measured) {
            None => Judgment::NotMeasured,
            Some(change) if change.low > share => Judgment::Exceeded,
            Some(change) if change.high > share => Judgment::CannotTell,
            Some(_) => Judgment::Held,
        }
    }

    /// Head against base as a share. Base and head are converted by the same factors, so that energy and emissions change
    /// as joules do, or as CPU time where no joules can be read.
    fn change(&self, measured: &Measurement) -> Option<Estimate> {
        let of = |metric| measured.comparison(metric).map(|found| found.change);
        match self.quantity {
            Quantity::CpuTime => of(Metric::CpuSeconds),
            Quantity::WallTime => of(Metric::WallSeconds),
            Quantity::Memory => of(Metric::PeakMemoryBytes),
            Quantity::Instructions => of(Metric::Instructions),
            Quantity::Energy | Quantity::Co2e => {
                of(Metric::Joules).or_else(|| of(Metric::CpuSeconds))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_reads_as_it_is_written() {
        for text in ["co2e_increase > 5%", "memory_increase > 0%", "cpu_time_increase > 2.5%"] {
            assert_eq!(text.parse::<Threshold>().unwrap().to_string(), text);
        }
        assert_eq!(" co2e_increase>5 % ".parse(), "co2e_increase > 5%".parse::<Threshold>());
        for wrong in [
            "",
            "co2e > 5%",
            "co2e_increase > 5",
            "co2e_increase > NaN%",
            "co2e_increase > -1%",
            "joy_increase > 1%",
        ] {
            let error = wrong.parse::<Threshold>().unwrap_err();
            assert!(error.contains("write QUANTITY_increase > PERCENT%"), "{error}");
        }
    }

    #[test]
    fn a_line_is_for_the_shell_and_a_list_is_not() {
        let read = |text: &str| serde_saphyr::from_str::<CommandLine>(text).unwrap().words();
        assert_eq!(read("make bench"), ["sh", "-c", "make bench"]);
        assert_eq!(read("[make, bench]"), ["make", "bench"]);
    }
}
