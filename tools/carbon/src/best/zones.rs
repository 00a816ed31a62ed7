//! The zones of the grid that feed the regions of AWS: data under the Open Database License, which a build may leave out.

use crate::factors::Source;
use crate::units::Intensity;

/// Yearly average of a grid zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zone {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) intensity: Intensity,
    /// Another zone that claims the region.
    pub(super) other: Option<(&'static str, Intensity)>,
    source: &'static str,
    pub(super) year: u16,
    licence: &'static str,
}

/// The zone of a region; none in a build without the data.
#[cfg(feature = "odbl-data")]
pub(super) fn of(region: &str) -> Option<&'static Zone> {
    bundled::table().iter().find(|(name, _)| *name == region).map(|(_, zone)| zone)
}

#[cfg(not(feature = "odbl-data"))]
pub(super) fn of(_region: &str) -> Option<&'static Zone> {
    None
}

/// The code of that zone, for a service that goes by zones.
#[cfg(feature = "live")]
pub(crate) fn code_of(region: &str) -> Option<&'static str> {
    of(region).map(|zone| zone.code)
}

impl Zone {
    pub(super) fn source(&self) -> Source {
        let other = self.other.map(|(zone, intensity)| {
            format!("; {zone} with {} g claims the region too", intensity.0)
        });
        Source {
            id: format!("intensity/{}", self.code),
            what: format!("grid intensity of {} ({})", self.code, self.name),
            value: self.intensity.0,
            unit: "g CO2e/kWh".to_owned(),
            source: format!("{}{}", self.source, other.unwrap_or_default()),
            year: Some(self.year),
            licence: self.licence.to_owned(),
        }
    }
}

#[cfg(feature = "odbl-data")]
mod bundled {
    use std::sync::OnceLock;

    use super::Zone;
    use crate::records::records;
    use crate::units::Intensity;

    const ZONES: &str = include_str!("../../data/zones_ODbL.csv");

    pub(super) fn table() -> &'static [(&'static str, Zone)] {
        static ROWS: OnceLock<Vec<(&str, Zone)>> = OnceLock::new();
        ROWS.get_or_init(|| records(ZONES).filter_map(zone).collect())
    }

    fn zone(row: [&'static str; 9]) -> Option<(&'static str, Zone)> {
        let [region, code, name, grams, other, other_grams, source, year, licence] = row;
        let zone = Zone {
            code,
            name,
            intensity: Intensity(grams.parse().ok()?),
            other: other_grams.parse().ok().map(|grams| (other, Intensity(grams))),
            source,
            year: year.parse().ok()?,
            licence,
        };
        Some((region, zone))
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::place::IntensityTable;

        #[test]
        fn every_row_reads_and_belongs_to_a_region() {
            let lines = ZONES.lines().filter(|line| !line.starts_with('#')).count() - 1;
            assert_eq!(table().len(), lines);
            for (region, zone) in table() {
                assert!(IntensityTable::bundled().find(region).is_ok(), "{region}");
                assert_eq!(zone.licence, "ODbL-1.0");
            }
        }
    }
}
