//! The factors that ship: CSV tables under `data/`, each row with its source, year and licence.

use std::sync::LazyLock;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::units::{Gigabytes, Intensity, Pue, WattsPerVcpu};

/// Where a figure comes from; every figure of an answer has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub id: String,
    pub what: String,
    pub value: f64,
    pub unit: String,
    pub source: String,
    pub year: Option<u16>,
    pub licence: String,
}

/// A cloud region, and the grid that stands for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// As AWS writes it: `us-east-1`.
    #[serde(rename = "region")]
    pub name: String,
    pub location: String,
    /// `US-VA`, `CA-QC`, or a country's ISO code.
    pub zone: String,
    pub zone_name: String,
    #[serde(rename = "g_per_kwh")]
    pub intensity: Intensity,
    pub scope: Scope,
    pub year: u16,
    pub source: String,
    pub licence: String,
}

/// How well a zone's value fits the grid that feeds the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// A country that is one grid zone.
    CountryZone,
    /// A country of several zones, or with large imports.
    Country,
    /// A state or province: what is generated inside it, whatever crosses its border.
    Part,
    /// Location unknown.
    World,
}

/// PUE of a region, or of the provider where `region` is empty.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PueRow {
    pub(crate) region: String,
    pub(crate) pue: Pue,
    pub(crate) year: u16,
    pub(crate) source: String,
    pub(crate) licence: String,
}

/// Power of one vCPU of a processor family.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Family {
    #[serde(rename = "family")]
    pub(crate) name: String,
    pub(crate) min_w: WattsPerVcpu,
    pub(crate) max_w: WattsPerVcpu,
    pub(crate) gb_per_chip: Option<Gigabytes>,
    pub(crate) in_mean: String,
    /// Spread within the family.
    pub(crate) sigma: f64,
    pub(crate) source: String,
    pub(crate) licence: String,
}

/// One part of the uncertainty: a log-normal standard deviation and what it rests on.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Sigma {
    pub(crate) name: String,
    #[serde(rename = "sigma")]
    pub(crate) deviation: f64,
    pub(crate) basis: String,
}

#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) regions: Vec<Region>,
    pub(crate) pue: Vec<PueRow>,
    pub(crate) families: Vec<Family>,
    pub(crate) factors: Vec<Source>,
    pub(crate) sigmas: Vec<Sigma>,
}

static BUNDLED: LazyLock<Tables> = LazyLock::new(|| Tables {
    regions: rows(include_str!("../data/regions.csv")),
    pue: rows(include_str!("../data/pue.csv")),
    families: rows(include_str!("../data/power.csv")),
    factors: [
        rows(include_str!("../data/factors.csv")),
        rows(include_str!("../data/equivalents.csv")),
    ]
    .concat(),
    sigmas: rows(include_str!("../data/uncertainty.csv")),
});

impl Tables {
    pub(crate) fn bundled() -> &'static Self {
        &BUNDLED
    }

    pub(crate) fn factor(&self, id: &str) -> Option<&Source> {
        self.factors.iter().find(|factor| factor.id == id)
    }

    pub(crate) fn sigma(&self, name: &str) -> Option<&Sigma> {
        self.sigmas.iter().find(|sigma| sigma.name == name)
    }
}

/// The rows of a CSV text with a header line; lines that start with `#` are comments.
pub(crate) fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    // The tables are part of the program: the test below holds that no row is lost here.
    reader.into_deserialize().filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_table_reads_and_names_its_source() {
        let tables = Tables::bundled();
        let lines = |text: &str| text.lines().count() - 1;
        assert_eq!(tables.regions.len(), lines(include_str!("../data/regions.csv")));
        assert_eq!(tables.pue.len(), lines(include_str!("../data/pue.csv")));
        assert_eq!(tables.families.len(), lines(include_str!("../data/power.csv")));
        assert_eq!(
            tables.factors.len(),
            lines(include_str!("../data/factors.csv"))
                + lines(include_str!("../data/equivalents.csv"))
        );
        assert_eq!(tables.sigmas.len(), lines(include_str!("../data/uncertainty.csv")));
        assert!(
            tables
                .regions
                .iter()
                .all(|row| !row.source.is_empty() && !row.licence.is_empty() && row.year >= 2022)
        );
        assert!(
            tables
                .factors
                .iter()
                .all(|row| !row.source.is_empty() && !row.licence.is_empty() && row.year.is_some())
        );
        assert!(
            tables
                .pue
                .iter()
                .all(|row| !row.source.is_empty() && !row.licence.is_empty() && row.pue.0 > 1.0)
        );
    }

    #[test]
    fn no_region_rests_on_a_database_that_must_be_shared_alike() {
        for region in &Tables::bundled().regions {
            assert!(
                ["CC-BY-4.0", "MIT", "public domain (table: MIT)", "official figure (table: MIT)"]
                    .contains(&region.licence.as_str())
            );
        }
    }

    #[test]
    fn sigmas_that_claim_to_come_from_a_table_do() {
        let tables = Tables::bundled();
        let watts: Vec<f64> = tables
            .families
            .iter()
            .filter(|family| family.in_mean == "yes")
            .map(|family| family.max_w.0.ln())
            .collect();
        let mean = watts.iter().sum::<f64>() / watts.len() as f64;
        let spread = (watts.iter().map(|x| (x - mean).powi(2)).sum::<f64>()
            / (watts.len() - 1) as f64)
            .sqrt();
        assert!(
            (tables.sigma("processor-unknown").unwrap().deviation - spread).abs() < 0.005,
            "{spread}"
        );

        let world =
            tables.regions.iter().find(|region| region.scope == Scope::World).unwrap().intensity;
        let logs: Vec<f64> = tables
            .regions
            .iter()
            .filter(|region| region.scope != Scope::World)
            .map(|region| (region.intensity.0 / world.0).ln().powi(2))
            .collect();
        let spread = (logs.iter().sum::<f64>() / logs.len() as f64).sqrt();
        assert!(
            (tables.sigma("intensity-world").unwrap().deviation - spread).abs() < 0.005,
            "{spread}"
        );
    }
}
