//! The model: work in, footprint out, with an interval, and a source for every figure.

use serde::{Deserialize, Serialize};

use crate::energy::{self, VcpuPower};
use crate::factors::{Region, Source, Tables};
use crate::interval::{self, Contribution, Interval};
use crate::methodology;
use crate::place::{IntensityTable, Place};
use crate::units::{
    Executions, Footprint, FootprintPerVcpuHour, Intensity, KilowattHours, Pue, Seconds,
    WattsPerGigabyte,
};
use crate::work::{CarbonError, Work};

/// Turns work into a footprint.
#[derive(Debug, Clone)]
pub struct CarbonModel {
    tables: &'static Tables,
}

/// The footprint of the work; serialized, this is the answer of the tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Of all executions, energy and making the hardware.
    pub co2e_grams: Footprint,
    pub co2e_per_execution: Footprint,
    pub carbon_intensity_gco2_per_kwh: Intensity,
    /// Of all executions, PUE included.
    pub energy_consumed_kwh: KilowattHours,
    pub equivalents: Equivalents,
    pub methodology: String,
    /// Around `co2e_grams`.
    pub interval_90: Interval,
    /// The part of `co2e_grams` that making the hardware stands for.
    pub embodied_grams: Footprint,
    pub pue: Pue,
    /// Why the interval is as wide as it is.
    pub uncertainty: Vec<Contribution>,
    pub sources: Vec<Source>,
    pub assumptions: Vec<String>,
}

/// What the same amount of CO2e stands for elsewhere, after the US EPA.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Equivalents {
    pub smartphone_charges: f64,
    pub km_driven: f64,
    pub tree_hours: f64,
}

/// What is uncertain about the energy wherever it is drawn.
const POWER_SIGMAS: [&str; 2] = ["processor-unknown", "host-share"];

impl CarbonModel {
    pub fn bundled() -> Self {
        Self { tables: Tables::bundled() }
    }

    pub fn regions(&self) -> impl Iterator<Item = &'static Region> {
        IntensityTable::bundled().regions()
    }

    pub fn footprint(&self, work: &Work) -> Result<Answer, CarbonError> {
        work.check()?;
        let region = IntensityTable::bundled().find(&work.region)?;
        self.footprint_at(&Place::new(self.tables, region, work.intensity.as_ref())?, work)
    }

    /// The same for work at a place that is already known; `work` has been checked.
    pub(crate) fn footprint_at(&self, place: &Place, work: &Work) -> Result<Answer, CarbonError> {
        let factors = Factors::of(self.tables)?;
        let energy = factors.energy(work) * place.pue;
        let operational = energy * place.intensity;
        let embodied = factors.embodied * work.cpu_time();
        let per_execution = operational + embodied;
        let executions = Executions(work.execution_count);
        let total = per_execution * executions;

        let of_energy = self.contributions(&[&POWER_SIGMAS[..], &place.sigmas].concat())?;
        let of_making = self.contributions(&["embodied"])?;
        let sigma = interval::of_sum(&[
            (operational, interval::of_product(&of_energy)),
            (embodied, interval::of_product(&of_making)),
        ]);
        Ok(Answer {
            co2e_grams: total,
            co2e_per_execution: per_execution,
            carbon_intensity_gco2_per_kwh: place.intensity,
            energy_consumed_kwh: energy * executions,
            equivalents: self.equivalents(total)?,
            methodology: methodology::methodology(&factors.power, place),
            interval_90: Interval::around(total, sigma),
            embodied_grams: embodied * executions,
            pue: place.pue,
            uncertainty: [of_energy, of_making].concat(),
            sources: self.sources(&factors, place),
            assumptions: methodology::assumptions(&factors.power, place, work.memory()),
        })
    }

    pub(crate) fn equivalents(&self, footprint: Footprint) -> Result<Equivalents, CarbonError> {
        let count = |id| value(self.tables, id).map(|grams| footprint / Footprint(grams));
        Ok(Equivalents {
            smartphone_charges: count("smartphone-charge")?,
            km_driven: count("passenger-vehicle-km")?,
            tree_hours: count("tree-hour")?,
        })
    }

    fn contributions(&self, names: &[&str]) -> Result<Vec<Contribution>, CarbonError> {
        let contributions = names.iter().map(|name| {
            let row = self.tables.sigma(name).ok_or(CarbonError::MissingFactor("uncertainty"))?;
            Ok(Contribution {
                name: row.name.clone(),
                sigma: row.deviation,
                basis: row.basis.clone(),
            })
        });
        contributions.collect()
    }

    fn sources(&self, factors: &Factors, place: &Place) -> Vec<Source> {
        let mut sources =
            vec![place.intensity_source.clone(), place.pue_source.clone(), factors.power_source()];
        sources
            .extend(self.tables.factors.iter().filter(|factor| factor.id != "grid-usa").cloned());
        sources
    }
}

impl Answer {
    /// Adds a sentence to the methodology.
    #[cfg(feature = "aws")]
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        self.methodology.push(' ');
        self.methodology.push_str(note);
        self
    }
}

/// The factors that do not depend on the place.
struct Factors {
    power: VcpuPower,
    memory: WattsPerGigabyte,
    embodied: FootprintPerVcpuHour,
}

impl Factors {
    fn of(tables: &Tables) -> Result<Self, CarbonError> {
        let vcpu_hours = value(tables, "server-vcpus")? * value(tables, "server-life")?;
        Ok(Self {
            power: VcpuPower::of_unknown_processor(tables)
                .ok_or(CarbonError::MissingFactor("power"))?,
            memory: WattsPerGigabyte(value(tables, "memory-power")?),
            embodied: FootprintPerVcpuHour(value(tables, "server-embodied")? / vcpu_hours),
        })
    }

    /// Energy of one execution, before PUE: one vCPU, busy all the time.
    fn energy(&self, work: &Work) -> KilowattHours {
        let above = energy::memory_above_baseline(work.memory(), self.power.memory);
        energy::of_cpu(&self.power, work.cpu_time(), work.cpu_time())
            + energy::of_memory(above, self.memory, Seconds(work.cpu_time_seconds))
    }

    fn power_source(&self) -> Source {
        Source {
            id: "power/unknown-processor".to_owned(),
            what: format!("power of a busy vCPU, mean of {} server families", self.power.families),
            value: self.power.max.0,
            unit: "W/vCPU".to_owned(),
            source: "ccf-coefficients b0032d9 (2026-04-24); EPYC 4th and 5th Gen recomputed from SPECpower results".to_owned(),
            year: Some(2026),
            licence: "Apache-2.0".to_owned(),
        }
    }
}

fn value(tables: &Tables, id: &'static str) -> Result<f64, CarbonError> {
    tables.factor(id).map(|factor| factor.value).ok_or(CarbonError::MissingFactor(id))
}
