//! What the same amount of CO2e stands for elsewhere, after the US EPA.

use serde::{Deserialize, Serialize};

use super::tables::BestTables;
use crate::units::Footprint;
use crate::work::CarbonError;

/// Of all executions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Equivalents {
    pub smartphone_charges: f64,
    pub km_driven: f64,
    pub tree_hours: f64,
}

/// Ids of the sources.
pub(super) const IDS: [&str; 3] = ["smartphone-charge", "passenger-vehicle-km", "tree-hour"];

impl Equivalents {
    pub(super) fn of(tables: &BestTables, footprint: Footprint) -> Result<Self, CarbonError> {
        let count = |id| {
            let one = tables.source(id).ok_or(CarbonError::MissingFactor(id))?;
            Ok(footprint / Footprint(one.value))
        };
        let [charge, kilometer, tree_hour] = IDS;
        Ok(Self {
            smartphone_charges: count(charge)?,
            km_driven: count(kilometer)?,
            tree_hours: count(tree_hour)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn equivalents_are_those_of_the_epa() {
        let golden: Value =
            serde_json::from_str(include_str!("../../tests/golden/equivalents.json")).unwrap();
        for case in golden["golden"].as_array().unwrap() {
            let expected = |name: &str| case[name].as_f64().unwrap();
            let footprint = Footprint(expected("co2e_g"));
            let all = Equivalents::of(BestTables::bundled().unwrap(), footprint).unwrap();
            for (value, name) in [
                (all.smartphone_charges, "smartphone_charges"),
                (all.km_driven, "km"),
                (all.tree_hours, "tree_hours"),
            ] {
                assert!((value / expected(name) - 1.0).abs() < 1e-9, "{name}: {value} of {case}");
            }
        }
    }
}
