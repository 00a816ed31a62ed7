//! What is read from one run: each quantity with its value, or with the reason why there is none.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A quantity of one run, children included.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// User and system time.
    CpuSeconds,
    WallSeconds,
    /// What the processors' own meters counted while the run went on: the whole package, whoever used it.
    Joules,
    /// Instructions that ended in user mode.
    Instructions,
    PeakMemoryBytes,
    /// Through system calls, so a pipe counts like a file, and a cache does not hide anything.
    BytesRead,
    BytesWritten,
}

impl Metric {
    pub const ALL: [Self; 7] = [
        Self::CpuSeconds,
        Self::WallSeconds,
        Self::Joules,
        Self::Instructions,
        Self::PeakMemoryBytes,
        Self::BytesRead,
        Self::BytesWritten,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::CpuSeconds => "CPU time",
            Self::WallSeconds => "wall time",
            Self::Joules => "energy",
            Self::Instructions => "instructions",
            Self::PeakMemoryBytes => "peak memory",
            Self::BytesRead => "bytes read",
            Self::BytesWritten => "bytes written",
        }
    }

    /// The value as a person reads it.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::CpuSeconds | Self::WallSeconds => scaled(value, &SECONDS),
            Self::Joules => scaled(value, &JOULES),
            Self::Instructions => scaled(value, &COUNTS),
            Self::PeakMemoryBytes | Self::BytesRead | Self::BytesWritten => scaled(value, &BYTES),
        }
    }
}

const SECONDS: [(f64, &str); 3] = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs")];
pub(crate) const JOULES: [(f64, &str); 4] = [(1e3, "kJ"), (1.0, "J"), (1e-3, "mJ"), (1e-6, "µJ")];
const COUNTS: [(f64, &str); 4] = [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
const BYTES: [(f64, &str); 4] =
    [(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1024.0, "KiB"), (1.0, "B")];

/// Four digits that count, in the largest unit that the value fills.
pub(crate) fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().find(|(size, _)| value.abs() >= *size).or(units.last());
    let (size, unit) = fits.copied().unwrap_or((1.0, ""));
    let value = value / size;
    let digits = match value.abs() {
        // Counted, not measured.
        whole if matches!(unit, "" | "B") && whole.fract() == 0.0 => 0,
        large if large >= 1000.0 => 0,
        hundreds if hundreds >= 100.0 => 1,
        tens if tens >= 10.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

/// What one run took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    pub values: BTreeMap<Metric, f64>,
    /// Why a quantity has no value.
    #[serde(skip)]
    pub missing: BTreeMap<Metric, String>,
}

impl Sample {
    pub(crate) fn put(&mut self, metric: Metric, found: Result<f64, String>) {
        match found {
            Ok(value) => {
                self.values.insert(metric, value);
            }
            Err(why) => {
                self.missing.insert(metric, why);
            }
        }
    }

    pub fn get(&self, metric: Metric) -> Option<f64> {
        self.values.get(&metric).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_in_the_unit_that_it_fills() {
        let shown = [
            Metric::CpuSeconds.show(0.015_234),
            Metric::WallSeconds.show(12.3456),
            Metric::PeakMemoryBytes.show(3_500_000.0),
            Metric::BytesRead.show(0.0),
            Metric::Instructions.show(1_234_567_890.0),
            Metric::Joules.show(0.25),
        ];
        assert_eq!(shown, ["15.23 ms", "12.35 s", "3.338 MiB", "0 B", "1.235 G", "250.0 mJ"]);
    }
}
