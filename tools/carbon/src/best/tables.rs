//! What the model reads again and again, looked up once.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::energy::VcpuPower;
use crate::factors::{Family, Sigma, Source, Tables, rows};
use crate::units::{Footprint, FootprintPerVcpuHour, Gigabytes, Pue, WattsPerGigabyte};
use crate::work::CarbonError;

const BEST: &str = include_str!("../../data/best.csv");
const CURVE: &str = include_str!("../../data/load_curve.csv");

/// The factors of the best layer beside those that all layers share.
#[derive(Debug)]
pub(super) struct BestTables {
    pub(super) all: &'static Tables,
    pub(super) factors: Vec<Source>,
    curve: Vec<CurvePoint>,
    pub(super) unknown: VcpuPower,
    pub(super) memory: WattsPerGigabyte,
    pub(super) vcpus_per_chip: f64,
    pub(super) making: FootprintPerVcpuHour,
    pub(super) server_life_hours: f64,
    pub(super) embodied: &'static Sigma,
    pub(super) fit: Fit,
    pub(super) counter_to_wall: f64,
    pub(super) fallback_thread: f64,
    pub(super) lambda_megabytes: f64,
    pub(super) own_pue: Pue,
}

/// Coefficients of the model of power over TDP.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    pub(super) idle: f64,
    pub(super) load: f64,
    pub(super) memory: WattsPerGigabyte,
    pub(super) chip: f64,
    pub(super) bias: f64,
}

#[derive(Debug, Deserialize)]
struct CurvePoint {
    load: f64,
    share: f64,
}

impl BestTables {
    pub(super) fn bundled() -> Result<&'static Self, CarbonError> {
        static TABLES: OnceLock<Result<BestTables, CarbonError>> = OnceLock::new();
        TABLES.get_or_init(Self::load).as_ref().map_err(Clone::clone)
    }

    fn load() -> Result<Self, CarbonError> {
        let all = Tables::bundled();
        let factors: Vec<Source> = rows(BEST);
        let shared = |id| value(&all.factors, id);
        let own = |id| value(&factors, id);
        let server_life_hours = shared("server-life")?;
        let vcpu_hours = shared("server-vcpus")? * server_life_hours;
        Ok(Self {
            all,
            curve: rows(CURVE),
            unknown: VcpuPower::of_unknown_processor(all)
                .ok_or(CarbonError::MissingFactor("power"))?,
            memory: WattsPerGigabyte(shared("memory-power")?),
            vcpus_per_chip: shared("threads-per-chip")?,
            making: FootprintPerVcpuHour(shared("server-embodied")? / vcpu_hours),
            server_life_hours,
            embodied: all.sigma("embodied").ok_or(CarbonError::MissingFactor("embodied"))?,
            fit: Fit {
                idle: own("fit-tdp-idle")?,
                load: own("fit-tdp-load")?,
                memory: WattsPerGigabyte(own("fit-memory")?),
                chip: own("fit-chip")?,
                bias: own("fit-bias")?,
            },
            counter_to_wall: own("counter-to-wall")?,
            fallback_thread: own("fallback-thread")?,
            lambda_megabytes: own("lambda-vcpu")?,
            own_pue: Pue(own("pue-own-machine")?),
            factors,
        })
    }

    pub(super) fn family(&self, name: &str) -> Option<&'static Family> {
        self.all.families.iter().find(|family| family.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn sigma(&self, name: &'static str) -> Result<&'static Sigma, CarbonError> {
        self.all.sigma(name).ok_or(CarbonError::MissingFactor(name))
    }

    /// A factor of either table, for the list of sources.
    pub(super) fn source(&self, id: &str) -> Option<&Source> {
        self.factors.iter().chain(&self.all.factors).find(|source| source.id == id)
    }

    /// A vCPU's share of making a server.
    pub(super) fn making_of(&self, server: Footprint, vcpus: f64) -> FootprintPerVcpuHour {
        FootprintPerVcpuHour(server.0 / (vcpus * self.server_life_hours))
    }

    /// Memory per vCPU that the watts of a family include; the mean of all where the family has no figure.
    pub(super) fn memory_in(&self, family: &Family) -> Gigabytes {
        family
            .gb_per_chip
            .map_or(self.unknown.memory, |gigabytes| Gigabytes(gigabytes.0 / self.vcpus_per_chip))
    }

    /// Power above idle as a share of that at full load.
    pub(super) fn shape(&self, load: f64) -> f64 {
        let load = load.clamp(0.0, 1.0);
        let after = self.curve.iter().position(|point| point.load >= load).unwrap_or(0).max(1);
        let (Some(left), Some(right)) = (self.curve.get(after - 1), self.curve.get(after)) else {
            return load;
        };
        let along = (load - left.load) / (right.load - left.load);
        left.share + (right.share - left.share) * along
    }
}

fn value(sources: &[Source], id: &'static str) -> Result<f64, CarbonError> {
    let row = sources.iter().find(|source| source.id == id);
    row.map(|source| source.value).ok_or(CarbonError::MissingFactor(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_table_reads_and_names_its_source() {
        let tables = BestTables::bundled().unwrap();
        assert_eq!(tables.factors.len(), BEST.lines().count() - 1);
        assert_eq!(tables.curve.len(), CURVE.lines().count() - 1);
        assert!(tables.factors.iter().all(|row| !row.source.is_empty() && !row.licence.is_empty()));
    }

    #[test]
    fn the_curve_passes_through_its_points_and_rises() {
        let tables = BestTables::bundled().unwrap();
        let shape = |load| tables.shape(load);
        assert!((shape(0.3) - 0.315).abs() < 1e-12 && (shape(0.25) - 0.2825).abs() < 1e-12);
        assert_eq!(
            (shape(0.0).to_bits(), shape(1.0).to_bits()),
            (0.0_f64.to_bits(), 1.0_f64.to_bits())
        );
        assert!((0..1000).all(|i| shape(f64::from(i + 1) / 1000.0) > shape(f64::from(i) / 1000.0)));
    }
}
