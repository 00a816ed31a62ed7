//! Where the work runs: the grid and the building. A place is looked up, never guessed.

use std::sync::OnceLock;

use super::Sigmas;
use super::tables::BestTables;
use super::workload::{Machine, Workload};
use super::zones::{self, Zone};
use crate::factors::{PueRow, Region, Scope, Sigma, Source};
use crate::nearest::nearest;
use crate::place::{IntensityTable, bundled_source, pue_source};
use crate::records::records;
use crate::units::{Intensity, Pue};
use crate::work::{CarbonError, OverrideIntensity};

/// What is known of the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location<'a> {
    /// Of AWS: `us-east-1`.
    Region(&'a str),
    /// ISO 3166 with three letters.
    Country(&'a str),
    Unknown,
}

/// What a place adds to the estimate.
#[derive(Debug, Clone)]
pub(super) struct Site<'a> {
    pub(super) grid: Grid,
    pub(super) given: Option<&'a OverrideIntensity>,
    pub(super) intensity: Intensity,
    pub(super) building: Building,
    pub(super) pue: Pue,
    pub(super) sigmas: Sigmas,
}

/// The row that stands for the grid.
#[derive(Debug, Clone, Copy)]
pub(super) enum Grid {
    /// A zone of the grid, and the region in it.
    Zone(&'static Zone, &'static Region),
    /// What the table of regions has for it.
    Region(&'static Region),
    Country(&'static Country),
    World(&'static Region),
}

/// The row that stands for the building.
#[derive(Debug, Clone, Copy)]
pub(super) enum Building {
    Given,
    Row(&'static PueRow),
    /// A machine that stands in no data center.
    Own,
}

/// Yearly average of a country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) intensity: Intensity,
    source: &'static str,
    year: u16,
    licence: &'static str,
}

const COUNTRIES: &str = include_str!("../../data/countries.csv");
const PROPOSALS: usize = 3;

impl<'a> Site<'a> {
    pub(super) fn of(
        tables: &'static BestTables,
        workload: &Workload<'a>,
    ) -> Result<Self, CarbonError> {
        let grid = Grid::of(workload.location)?;
        let given = workload.intensity;
        let (building, pue) = building(tables, workload, grid)?;
        let mut sigmas = Vec::with_capacity(4);
        for name in grid.deviations(given.is_some()) {
            sigmas.push(tables.sigma(name)?);
        }
        sigmas.push(tables.sigma(building.deviation(grid))?);
        Ok(Self {
            grid,
            given,
            intensity: given.map_or(grid.intensity(), |given| given.intensity),
            building,
            pue,
            sigmas,
        })
    }

    pub(super) fn in_cloud(&self) -> bool {
        matches!(self.grid, Grid::Zone(..) | Grid::Region(_))
    }

    /// Nobody has said where it is, nor what the grid there is like.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.grid, Grid::World(_)) && self.given.is_none()
    }

    pub(super) fn deviations(&self) -> impl Iterator<Item = f64> {
        self.sigmas.iter().map(|sigma: &&Sigma| sigma.deviation)
    }

    pub(super) fn intensity_source(&self) -> Source {
        match (self.given, self.grid) {
            (Some(given), grid) => given.as_source(grid.name()),
            (None, Grid::Zone(zone, _)) => zone.source(),
            (None, Grid::Region(region) | Grid::World(region)) => bundled_source(region),
            (None, Grid::Country(country)) => country.source(),
        }
    }

    pub(super) fn pue_source(&self, tables: &BestTables) -> Option<Source> {
        match self.building {
            Building::Row(row) => Some(pue_source(row)),
            Building::Own => tables.source("pue-own-machine").cloned(),
            Building::Given => Some(Source {
                id: "pue/given".to_owned(),
                what: "PUE that was given with the work".to_owned(),
                value: self.pue.0,
                unit: "kWh/kWh".to_owned(),
                source: "given with the work".to_owned(),
                year: None,
                licence: "given".to_owned(),
            }),
        }
    }
}

impl Grid {
    fn of(location: Location) -> Result<Self, CarbonError> {
        let table = IntensityTable::bundled();
        match location {
            Location::Region(name) => {
                let region = table.find(name)?;
                Ok(zones::of(name).map_or(Self::Region(region), |zone| Self::Zone(zone, region)))
            }
            Location::Country(code) => Country::find(code).map(Self::Country),
            Location::Unknown => table.world().map(Self::World),
        }
    }

    fn intensity(self) -> Intensity {
        match self {
            Self::Zone(zone, _) => zone.intensity,
            Self::Region(region) | Self::World(region) => region.intensity,
            Self::Country(country) => country.intensity,
        }
    }

    /// How it is called in an answer.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Zone(_, region) | Self::Region(region) | Self::World(region) => &region.name,
            Self::Country(country) => country.code,
        }
    }

    fn deviations(self, given: bool) -> &'static [&'static str] {
        match self {
            // Whoever gives a value for a place is taken to mean its grid zone.
            _ if given => &["intensity-zone", "intensity-year"],
            Self::Zone(zone, _) if zone.other.is_some() => {
                &["intensity-zone", "intensity-two-zones", "intensity-year"]
            }
            Self::Zone(..) => &["intensity-zone", "intensity-year"],
            Self::Country(_) => &["intensity-country", "intensity-year"],
            Self::World(_) => &["intensity-world", "intensity-year"],
            Self::Region(region) => match region.scope {
                Scope::CountryZone => &["intensity-zone", "intensity-year"],
                Scope::Country => &["intensity-country", "intensity-year"],
                Scope::Part => &["intensity-part", "intensity-year"],
                Scope::World => &["intensity-world", "intensity-year"],
            },
        }
    }
}

impl Building {
    fn deviation(self, grid: Grid) -> &'static str {
        match self {
            Self::Given => "pue-region",
            Self::Row(row) if !row.region.is_empty() => "pue-region",
            Self::Row(_) if matches!(grid, Grid::Zone(..) | Grid::Region(_)) => "pue-provider",
            Self::Row(_) | Self::Own => "pue-unknown",
        }
    }
}

/// A machine of one's own stands in no data center, unless a cloud's region is named.
fn building(
    tables: &'static BestTables,
    workload: &Workload,
    grid: Grid,
) -> Result<(Building, Pue), CarbonError> {
    if let Some(pue) = workload.pue {
        return Ok((Building::Given, pue));
    }
    let in_cloud = matches!(grid, Grid::Zone(..) | Grid::Region(_));
    let own = matches!(
        workload.machine,
        Machine::Measured { .. } | Machine::Processor { .. } | Machine::Unknown
    );
    if own && !in_cloud {
        return Ok((Building::Own, tables.own_pue));
    }
    let of = |name: &str| tables.all.pue.iter().find(|row| row.region == name);
    let row = of(grid.name()).or_else(|| of("")).ok_or(CarbonError::MissingFactor("pue"))?;
    Ok((Building::Row(row), row.pue))
}

impl Country {
    fn find(code: &str) -> Result<&'static Self, CarbonError> {
        let table = Self::table();
        let given = code.get(..3).filter(|_| code.len() == 3).map(str::to_ascii_uppercase);
        let found = given.and_then(|given| table.iter().find(|row| row.code == given));
        found.ok_or_else(|| CarbonError::UnknownMachine {
            kind: "country (ISO 3166, three letters)",
            given: code.chars().take(40).collect(),
            nearest: nearest(code, table.iter().map(|row| row.code), PROPOSALS).join(", "),
        })
    }

    fn table() -> &'static [Self] {
        static ROWS: OnceLock<Vec<Country>> = OnceLock::new();
        ROWS.get_or_init(|| {
            let row = |[code, name, grams, source, year, licence]: [&'static str; 6]| {
                let (intensity, year) = (Intensity(grams.parse().ok()?), year.parse().ok()?);
                Some(Self { code, name, intensity, source, year, licence })
            };
            records(COUNTRIES).filter_map(row).collect()
        })
    }

    fn source(&self) -> Source {
        Source {
            id: format!("intensity/{}", self.code),
            what: format!("grid intensity of {}", self.name),
            value: self.intensity.0,
            unit: "g CO2e/kWh".to_owned(),
            source: self.source.to_owned(),
            year: Some(self.year),
            licence: self.licence.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_of_countries_reads() {
        assert_eq!(Country::table().len(), COUNTRIES.lines().count() - 1);
    }

    #[test]
    fn a_country_that_does_not_exist_is_refused() {
        assert_eq!(Country::find("deu").unwrap().name, "Germany");
        insta::assert_snapshot!(Country::find("DEX").unwrap_err(), @r#"unknown country (ISO 3166, three letters) "DEX"; the nearest known ones are DEU, MEX, DJI"#);
        assert!(Country::find("€").is_err() && Country::find("Germany").is_err());
    }
}
