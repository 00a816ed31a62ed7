//! The intensity that `CodeCarbon` takes for a place, from its own tables; no Electricity Maps token is assumed.

use std::sync::OnceLock;

use crate::records::records;
use crate::units::Intensity;

/// What its user says of the place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Location<'a> {
    /// `("gcp", "us-east1")`; it has no rows for AWS and Azure.
    pub cloud: Option<(&'a str, &'a str)>,
    /// ISO 3166 with three letters.
    pub country: Option<&'a str>,
    /// A state, province or bidding zone.
    pub part: Option<&'a str>,
}

/// A row of its tables: provider and region, country and part, or country alone. The world has neither.
struct Row {
    place: &'static str,
    part: &'static str,
    g_per_kwh: Intensity,
}

const TABLE: &str = include_str!("../../data/codecarbon_intensity.csv");
/// Countries of which it knows parts, whatever the part is called.
const WITH_PARTS: [&str; 6] = ["USA", "CAN", "CHN", "SWE", "NOR", "FIN"];
/// What may follow the name of a Chinese province.
const CHINESE_SUFFIXES: [&str; 6] =
    ["autonomous region", "municipality", "province", "sheng", "shi", "zizhiqu"];

fn table() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let row = |[place, part, grams]: [&'static str; 3]| {
            Some(Row { place, part, g_per_kwh: Intensity(grams.parse().ok()?) })
        };
        records(TABLE).filter_map(row).collect()
    })
}

/// Cloud region, else part of the country, else country, else 475 g/kWh, which is the world of 2019.
pub fn intensity(location: &Location) -> Intensity {
    let country = location.country.unwrap_or_default().to_uppercase();
    location
        .cloud
        .and_then(|(provider, region)| look_up(provider, region))
        .or_else(|| location.part.and_then(|part| of_part(&country, part)))
        .or_else(|| look_up(&country, ""))
        .or_else(|| look_up("", ""))
        .unwrap_or_default()
}

/// What its online tracker takes where it cannot find out where it is: Quebec, 120 times below the world.
pub fn intensity_where_location_failed() -> Intensity {
    intensity(&Location { country: Some("CAN"), part: Some("Quebec"), ..Location::default() })
}

fn of_part(country: &str, part: &str) -> Option<Intensity> {
    if !WITH_PARTS.contains(&country) {
        return None;
    }
    let part = part.to_lowercase();
    look_up(country, if country == "CHN" { province(&part) } else { part }.as_str())
}

/// A Chinese province without what kind of province it is.
fn province(name: &str) -> String {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = CHINESE_SUFFIXES
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix)?.strip_suffix(' ').map(str::to_owned));
    short.unwrap_or(name)
}

fn look_up(place: &str, part: &str) -> Option<Intensity> {
    table().iter().find(|row| row.place == place && row.part == part).map(|row| row.g_per_kwh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(country: &str, part: &str) -> f64 {
        intensity(&Location { country: Some(country), part: Some(part), cloud: None }).0
    }

    #[test]
    fn every_row_of_the_table_reads() {
        assert_eq!(table().len(), TABLE.lines().count() - 1);
    }

    #[test]
    fn chinese_provinces_go_by_their_short_name() {
        for name in ["Guangxi", "guangxi zhuang  Autonomous Region", "Guangxi Zhuang"] {
            assert!((grams("CHN", name) - 447.6).abs() < 1e-9, "{name}");
        }
        assert!((grams("CHN", "Beijing Shi") - 555.4).abs() < 1e-9);
        assert!((grams("CHN", "Tibet") - 582.317).abs() < 1e-9);
    }

    #[test]
    fn what_nobody_knows_is_the_world_or_the_country() {
        assert!((grams("", "") - 475.0).abs() < 1e-9);
        assert!((grams("DEU", "bavaria") - 380.95).abs() < 1e-9);
        assert!((grams("swe", "Se3") - 27.0).abs() < 1e-9);
        assert!((grams("USA", "") - 369.473).abs() < 1e-9);
        assert!((intensity_where_location_failed().0 - 3.937_355_026_597_340_5).abs() < 1e-12);
    }

    #[test]
    fn a_cloud_region_without_a_row_is_its_country() {
        let cloud = |provider, region, country| {
            intensity(&Location { cloud: Some((provider, region)), country, part: None }).0
        };
        assert!((cloud("gcp", "europe-west3", None) - 345.0).abs() < 1e-9);
        // Its table spells the region wrong.
        assert!((cloud("gcp", "me-central1", None) - 475.0).abs() < 1e-9);
        assert!((cloud("aws", "eu-west-1", Some("IRL")) - 290.805).abs() < 1e-9);
    }
}
