//! Where the work runs: the grid behind a region, and the building. A place is looked up, never guessed.

use crate::factors::{PueRow, Region, Scope, Source, Tables};
use crate::nearest::{LONGEST_NAME, nearest};
use crate::units::{Intensity, Pue};
use crate::work::{CarbonError, OverrideIntensity};

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

/// What a place adds to the calculation, each figure with its source and the names of its uncertainties.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) region: &'static Region,
    pub(crate) intensity: Intensity,
    pub(crate) intensity_source: Source,
    pub(crate) override_intensity: Option<OverrideIntensity>,
    pub(crate) pue: Pue,
    pub(crate) pue_source: Source,
    pub(crate) sigmas: Vec<&'static str>,
}

impl Place {
    pub(crate) fn new(
        tables: &'static Tables,
        region: &'static Region,
        given: Option<&OverrideIntensity>,
    ) -> Result<Self, CarbonError> {
        let own_row = tables.pue.iter().find(|row| row.region == region.name);
        let provider = tables.pue.iter().find(|row| row.region.is_empty());
        let row = own_row.or(provider).ok_or(CarbonError::MissingFactor("pue"))?;
        let mut sigmas = intensity_sigmas(region, given);
        sigmas.push(match (own_row, region.scope) {
            (Some(_), _) => "pue-region",
            (None, Scope::World) => "pue-unknown",
            (None, _) => "pue-provider",
        });
        Ok(Self {
            region,
            intensity: given.map_or(region.intensity, |given| given.intensity),
            intensity_source: given
                .map_or_else(|| bundled_source(region), |given| given.as_source(&region.name)),
            override_intensity: given.cloned(),
            pue: row.pue,
            pue_source: pue_source(row),
            sigmas,
        })
    }
}

fn intensity_sigmas(region: &Region, given: Option<&OverrideIntensity>) -> Vec<&'static str> {
    let fit = match region.scope {
        // Whoever sets a value for a region is taken to mean its grid zone.
        _ if given.is_some() => "intensity-zone",
        Scope::CountryZone => "intensity-zone",
        Scope::Country => "intensity-country",
        Scope::Part => "intensity-part",
        Scope::World => "intensity-world",
    };
    vec![fit, "intensity-year"]
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
