//! A finding joined to the profile: its function, and its lines.

use contract::Recommendation;
use profile::Bottleneck;
use serde_json::Value;

use super::{Figure, FleetYear, LineFigure, fleet};

/// The function of a finding, where the profile holds it.
pub(super) struct Hot<'a> {
    function: &'a Bottleneck,
    /// `CALL#/bottlenecks/INDEX`
    evidence: String,
}

const UNIT: &str = "% of the profile";

impl<'a> Hot<'a> {
    pub(super) fn of(
        call: &str,
        bottlenecks: &'a [Bottleneck],
        found: &Recommendation,
    ) -> Option<Self> {
        let name = found.function.as_deref()?;
        let function =
            profile::find(bottlenecks, name, Some(&found.file_path), Some(found.start_line))?;
        let index = bottlenecks.iter().position(|other| std::ptr::eq(other, function))?;
        Some(Self { function, evidence: format!("{call}#/bottlenecks/{index}") })
    }

    pub(super) fn share(&self) -> Figure {
        Figure {
            value: self.function.cpu_percentage,
            unit: UNIT.into(),
            evidence: format!("{}/cpu_percentage", self.evidence),
        }
    }

    /// The line of the finding with the largest share: of a range, the rest is mostly layout.
    pub(super) fn line_share(&self, found: &Recommendation) -> Option<LineFigure> {
        let lines = self.function.lines.iter().enumerate();
        let (index, line) = lines
            .filter(|(_, line)| (found.start_line..=found.end_line).contains(&line.line_number))
            .max_by(|(_, one), (_, other)| one.cpu_percentage.total_cmp(&other.cpu_percentage))?;
        let figure = Figure {
            value: line.cpu_percentage,
            unit: UNIT.into(),
            evidence: format!("{}/lines/{index}/cpu_percentage", self.evidence),
        };
        Some(LineFigure { figure, with_callees: line.with_callees })
    }

    pub(super) fn fleet_year(&self, answer: &Value) -> Option<FleetYear> {
        fleet::year(answer, &self.evidence)
    }
}
