//! Providers, and the intensities of their regions in Cloud Carbon Footprint.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::factors::rows;
use crate::units::{Intensity, Pue};

/// Whose cloud it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Aws,
    Azure,
    Gcp,
}

impl Provider {
    /// Its average.
    pub fn pue(self) -> Pue {
        match self {
            Self::Aws => Pue(1.135),
            Self::Azure => Pue(1.185),
            Self::Gcp => Pue(1.1),
        }
    }
}

/// Of a region, or of the provider's average where the region has no row. There are none for GCP.
pub fn intensity(provider: Provider, region: &str) -> Option<Intensity> {
    let look_up =
        |name: &str| table().iter().find(|row| row.provider == provider && row.region == name);
    look_up(region).or_else(|| look_up("Unknown")).map(|row| row.g_per_kwh)
}

const TABLE: &str = include_str!("../../data/ccf_intensity.csv");

#[derive(Debug, Deserialize)]
struct Row {
    provider: Provider,
    region: String,
    g_per_kwh: Intensity,
}

fn table() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| rows(TABLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_reads() {
        assert_eq!(table().len(), TABLE.lines().count() - 1);
    }

    #[test]
    fn a_region_without_a_row_is_the_average() {
        assert_eq!(intensity(Provider::Aws, "mars-1"), intensity(Provider::Aws, "Unknown"));
        assert_eq!(intensity(Provider::Gcp, "us-east1"), None);
    }
}
