//! An intensity that goes before the bundled one, and why there may be no answer.

use contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::factors::Source;
use crate::units::Intensity;

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

/// Above any grid: lignite alone is about 1,200.
pub(crate) const MOST_INTENSITY: f64 = 2000.0;
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
