//! What a measurement found, and its forms: JSON with a schema, a table for a terminal, a page with plots.

mod html;
mod plot;
#[cfg(test)]
mod sample;
mod table;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::energy::{EnergyDelta, FrozenFactors};
use crate::metric::Metric;
use crate::plan::Stopped;
use crate::request::Effort;
use crate::verdict::{Comparison, Pair, Verdict};

/// Base against head, measured on one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub base: Revision,
    pub head: Revision,
    /// Base was measured against itself.
    pub self_check: bool,
    pub machine: Machine,
    pub effort: Effort,
    /// The same for both sides.
    pub factors: Option<FrozenFactors>,
    pub warnings: Vec<String>,
    pub benchmarks: Vec<Measurement>,
    pub failed: Vec<Failure>,
}

/// A commit, and the name by which it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    pub name: String,
    pub commit: String,
}

/// Where it was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    pub processor: String,
    pub processors: usize,
    /// Which processes of a run are counted, and how.
    pub counting: String,
}

impl Machine {
    pub(crate) fn here(counting: String) -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        let processor = model
            .map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned());
        Self {
            processor,
            processors: std::thread::available_parallelism().map_or(1, Into::into),
            counting,
        }
    }
}

/// One benchmark on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    pub name: String,
    pub command: Vec<String>,
    /// About the metric that was asked for ([`Effort::metric`]).
    pub verdict: Verdict,
    /// What the verdict rests on: after all looks and all benchmarks.
    pub p_value: f64,
    /// Pairs needed to find the effect that was asked for, as this data scatters.
    pub pairs_asked: usize,
    pub stopped: Stopped,
    pub comparisons: Vec<Comparison>,
    /// Why a metric has no comparison.
    pub missing: BTreeMap<Metric, String>,
    pub energy: Option<EnergyDelta>,
    pub callgrind: Option<Callgrind>,
    pub pairs: Vec<Pair>,
}

impl Measurement {
    pub fn comparison(&self, metric: Metric) -> Option<&Comparison> {
        self.comparisons.iter().find(|found| found.metric == metric)
    }
}

/// Instructions as callgrind counted them in one run of each side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Callgrind {
    Counted { base: f64, head: f64, change: f64 },
    Missing { why: String },
}

/// A benchmark without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    pub name: String,
    pub error: String,
}

impl Report {
    /// All of it, pairs included.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// The schema of that JSON.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}
