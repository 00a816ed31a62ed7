//! What ran, checked at the edge.

use contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::factors::Source;
use crate::units::{CpuSeconds, Gigabytes, Intensity};

/// What ran. CPU time and memory are those of one execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    pub cpu_time_seconds: f64,
    pub ram_usage_mb: f64,
    /// As AWS writes it: `us-east-1`.
    pub region: String,
    pub execution_count: u64,
    /// Takes the place of the bundled intensity of the region.
    pub intensity: Option<OverrideIntensity>,
}

/// A grid intensity from outside the bundled table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverrideIntensity {
    pub intensity: Intensity,
    /// Where it was read, as the reader may look it up.
    pub source: String,
    pub year: Option<u16>,
    pub read_at: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarbonError {
    #[error("`{field}` must be {expected}")]
    Invalid { field: &'static str, expected: &'static str },
    #[error("unknown AWS region {given:?}; the nearest known ones are {nearest}")]
    UnknownRegion { given: String, nearest: String },
    #[error("unknown {kind} {given:?}; the nearest known ones are {nearest}")]
    UnknownMachine { kind: &'static str, given: String, nearest: String },
    /// The other tool gives no number either.
    #[error("{tool} fails on these inputs: {reason}")]
    ToolFails { tool: &'static str, reason: String },
    /// The tables that ship with the program are broken.
    #[error("the bundled tables have no {0:?}")]
    MissingFactor(&'static str),
}

const MOST_CPU_SECONDS: f64 = 1e9;
const MOST_MEGABYTES: f64 = 1e9;
const MOST_EXECUTIONS: u64 = 1_000_000_000_000_000;
/// Above any grid: lignite alone is about 1,200.
pub(crate) const MOST_INTENSITY: f64 = 2000.0;
const MEGABYTES_PER_GIGABYTE: f64 = 1000.0;

impl Work {
    pub(crate) fn check(&self) -> Result<(), CarbonError> {
        let within = |value: f64, most: f64| value.is_finite() && (0.0..=most).contains(&value);
        if !within(self.cpu_time_seconds, MOST_CPU_SECONDS) {
            return Err(CarbonError::Invalid {
                field: "cpu_time_seconds",
                expected: "a number of seconds from 0 to 1e9",
            });
        }
        if !within(self.ram_usage_mb, MOST_MEGABYTES) {
            return Err(CarbonError::Invalid {
                field: "ram_usage_mb",
                expected: "a number of megabytes from 0 to 1e9",
            });
        }
        if !(1..=MOST_EXECUTIONS).contains(&self.execution_count) {
            return Err(CarbonError::Invalid {
                field: "execution_count",
                expected: "a whole number from 1 to 1e15",
            });
        }
        if self.intensity.as_ref().is_some_and(|given| !within(given.intensity.0, MOST_INTENSITY)) {
            return Err(CarbonError::Invalid {
                field: "intensity",
                expected: "grams per kWh from 0 to 2000",
            });
        }
        Ok(())
    }

    pub(crate) fn cpu_time(&self) -> CpuSeconds {
        CpuSeconds(self.cpu_time_seconds)
    }

    pub(crate) fn memory(&self) -> Gigabytes {
        Gigabytes(self.ram_usage_mb / MEGABYTES_PER_GIGABYTE)
    }
}

impl OverrideIntensity {
    /// `Parameter Store ... (2024, own meter), read at 2026-11-21T16:05:00Z`
    pub(crate) fn origin(&self) -> String {
        let year = self.year.map(|year| format!(", {year}")).unwrap_or_default();
        let read =
            self.read_at.map(|time| format!(", read at {}", time.rfc3339())).unwrap_or_default();
        format!("{}{year}{read}", self.source)
    }

    pub(crate) fn as_source(&self, region: &str) -> Source {
        Source {
            id: format!("intensity/{region}/override"),
            what: format!("grid intensity set for {region}"),
            value: self.intensity.0,
            unit: "g CO2e/kWh".to_owned(),
            source: self.source.clone(),
            year: self.year,
            licence: "set by the operator".to_owned(),
        }
    }
}
