//! Watts per vCPU (per device for GPUs) of the processors that Cloud Carbon Footprint knows.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Provider;
use crate::factors::rows;
use crate::units::{Gigabytes, WattsPerVcpu};

/// What a vCPU draws idle and at full load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerRange {
    pub min: WattsPerVcpu,
    pub max: WattsPerVcpu,
}

/// Of an instance that runs on any of these processors: their mean, or the median if the old Bridges are among them.
///
/// A processor without a row makes it the provider's average, as there.
pub fn power(provider: Provider, processors: &[&str]) -> PowerRange {
    let known: Option<Vec<&Row>> =
        processors.iter().map(|processor| provider.row(processor)).collect();
    let with_bridge = processors.iter().any(|name| ["Sandy Bridge", "Ivy Bridge"].contains(name));
    let middle = if with_bridge { median } else { mean };
    let of = |watts: fn(&Row) -> WattsPerVcpu| {
        let known: Vec<f64> = known.iter().flatten().map(|row| watts(row).0).collect();
        middle(&known).or_else(|| provider.row(UNKNOWN).map(|row| watts(row).0)).unwrap_or_default()
    };
    PowerRange { min: WattsPerVcpu(of(|row| row.min_w)), max: WattsPerVcpu(of(|row| row.max_w)) }
}

const TABLE: &str = include_str!("../../data/ccf_power.csv");
const UNKNOWN: &str = "Unknown";

#[derive(Debug, Deserialize)]
struct Row {
    provider: Provider,
    processor: String,
    min_w: WattsPerVcpu,
    max_w: WattsPerVcpu,
    gb_per_chip: Option<Gigabytes>,
}

impl Provider {
    fn row(self, processor: &str) -> Option<&'static Row> {
        table().iter().find(|row| row.provider == self && row.processor == processor)
    }

    /// Memory per chip of the servers behind a processor's watts.
    pub fn memory_per_chip(self, processor: &str) -> Option<Gigabytes> {
        self.row(processor)?.gb_per_chip
    }
}

fn table() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| rows(TABLE))
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { mean(&[values[middle - 1], upper]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watts(processors: &[&str]) -> (f64, f64) {
        let power = power(Provider::Aws, processors);
        (power.min.0, power.max.0)
    }

    #[test]
    fn every_row_of_the_table_reads() {
        assert_eq!(table().len(), TABLE.lines().count() - 1);
    }

    #[test]
    fn old_bridges_make_it_a_median() {
        assert_eq!(
            watts(&["Skylake", "Broadwell", "Haswell", "Sandy Bridge", "Ivy Bridge"]),
            (1.0, 4.74)
        );
        assert_eq!(watts(&["Haswell", "Sandy Bridge"]), (1.585, 6.66));
    }

    #[test]
    fn a_processor_without_a_row_makes_it_the_average() {
        assert_eq!(watts(&["Unknown"]), (0.74, 3.5));
        assert_eq!(watts(&["Skylake", "Zen 9"]), (0.74, 3.5));
        assert_eq!(watts(&[]), (0.74, 3.5));
    }
}
