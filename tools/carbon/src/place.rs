//! The table of regions, and the sources of what it says of a place. A place is looked up, never guessed.

use crate::factors::{PueRow, Region, Scope, Source, Tables};
use crate::nearest::{LONGEST_NAME, nearest};
use crate::work::CarbonError;

/// The bundled grid intensities.
#[derive(Debug, Clone, Copy)]
pub struct IntensityTable {
    tables: &'static Tables,
}

/// How many regions an error proposes.
const PROPOSALS: usize = 3;

impl IntensityTable {
    pub fn bundled() -> Self {
        Self { tables: Tables::bundled() }
    }

    /// The regions that can be asked for, in the order of the table.
    pub fn regions(self) -> impl Iterator<Item = &'static Region> {
        self.tables.regions.iter().filter(|region| region.scope != Scope::World)
    }

    pub fn find(self, region: &str) -> Result<&'static Region, CarbonError> {
        self.regions().find(|row| row.name == region).ok_or_else(|| CarbonError::UnknownRegion {
            given: region.chars().take(LONGEST_NAME).collect(),
            nearest: nearest(region, self.regions().map(|row| row.name.as_str()), PROPOSALS)
                .join(", "),
        })
    }

    /// The average of the world's grids, for work whose location nobody knows.
    pub(crate) fn world(self) -> Result<&'static Region, CarbonError> {
        self.tables
            .regions
            .iter()
            .find(|row| row.scope == Scope::World)
            .ok_or(CarbonError::MissingFactor("world"))
    }
}

pub(crate) fn bundled_source(region: &Region) -> Source {
    Source {
        id: format!("intensity/{}", region.zone),
        what: format!("grid intensity of {}", region.zone_name),
        value: region.intensity.0,
        unit: "g CO2e/kWh".to_owned(),
        source: region.source.clone(),
        year: Some(region.year),
        licence: region.licence.clone(),
    }
}

pub(crate) fn pue_source(row: &PueRow) -> Source {
    let (id, what) = match row.region.as_str() {
        "" => ("pue/provider".to_owned(), "average PUE of the provider".to_owned()),
        region => (format!("pue/{region}"), format!("PUE of {region}")),
    };
    Source {
        id,
        what,
        value: row.pue.0,
        unit: "kWh/kWh".to_owned(),
        source: row.source.clone(),
        year: Some(row.year),
        licence: row.licence.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_region_is_refused_with_the_nearest_ones_named() {
        let refused = |given: &str| IntensityTable::bundled().find(given).unwrap_err().to_string();
        assert_eq!(
            refused("us-east-1a"),
            "unknown AWS region \"us-east-1a\"; the nearest known ones are us-east-1, us-east-2, us-west-1"
        );
        assert_eq!(
            refused("EU-CENTRAL-1"),
            "unknown AWS region \"EU-CENTRAL-1\"; the nearest known ones are eu-central-1, eu-central-2, ca-central-1"
        );
        assert!(refused("us").contains("us-"), "{}", refused("us"));
        assert!(refused("world").starts_with("unknown AWS region"));
        assert!(refused(&"é".repeat(1_000_000)).len() < 300);
    }

    #[test]
    fn each_region_says_which_zone_stands_for_it() {
        let table = IntensityTable::bundled();
        let zone = |region| table.find(region).unwrap().zone.as_str();
        assert_eq!(zone("us-east-1"), "US-VA");
        assert_eq!(zone("ca-central-1"), "CA-QC");
        assert_eq!(zone("cn-northwest-1"), "CN-NX");
        assert_eq!(zone("eu-central-1"), "DEU");
    }
}
