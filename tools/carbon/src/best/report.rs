//! An estimate for its reader: both layers, each step, every source, what it takes for granted, and why it may be off.

use serde::Serialize;

use super::Estimate;
use super::equivalents::Equivalents;
use super::steps::Step;
use super::tables::BestTables;
use super::tiers::Tier;
use crate::codecarbon::Compat;
use crate::factors::Source;
use crate::interval::{Contribution, Interval};
use crate::units::{Executions, Footprint, Intensity, KilowattHours, Pue};
use crate::work::CarbonError;

/// Both layers of the answer: of `eco-coder footprint` and of the agent's tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub tier: Tier,
    /// Of all executions, energy and making the hardware.
    pub co2e_grams: Footprint,
    /// Around `co2e_grams`.
    pub interval_90: Interval,
    pub co2e_per_execution: Footprint,
    /// Per functional unit, after ISO/IEC 21031.
    pub sci_grams: Footprint,
    pub executions: Executions,
    /// Of all executions, PUE included.
    pub energy_consumed_kwh: KilowattHours,
    /// The part of `co2e_grams` that making the hardware stands for.
    pub embodied_grams: Footprint,
    pub carbon_intensity_gco2_per_kwh: Intensity,
    pub pue: Pue,
    /// Nobody has said where it runs: the intensity is the world's.
    pub location_unknown: bool,
    /// Why the bundled intensity counts although a service was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_failure: Option<String>,
    /// What contracts and certificates make of it; beside the answer, never in it.
    pub market_based_grams: Option<Footprint>,
    pub equivalents: Equivalents,
    /// How it came about, in a few sentences; `steps` has it figure by figure.
    pub methodology: String,
    pub steps: Vec<Step>,
    pub uncertainty: Vec<Contribution>,
    pub sources: Vec<Source>,
    pub assumptions: Vec<String>,
    /// What `CodeCarbon` 3.3.2 would say of one execution.
    pub codecarbon: Compat,
}

impl Estimate<'_> {
    pub fn report(&self) -> Result<Report, CarbonError> {
        let tables = BestTables::bundled()?;
        let market = self
            .workload
            .market_based
            .map(|intensity| (self.energy * intensity + self.embodied) * self.executions());
        Ok(Report {
            tier: self.tier,
            co2e_grams: self.total,
            interval_90: self.interval_90,
            co2e_per_execution: self.per_execution,
            sci_grams: self.sci,
            executions: self.executions(),
            energy_consumed_kwh: self.energy * self.executions(),
            embodied_grams: self.embodied * self.executions(),
            carbon_intensity_gco2_per_kwh: self.intensity,
            pue: self.pue,
            location_unknown: self.location_unknown,
            live_failure: self.workload.live_failure.map(str::to_owned),
            market_based_grams: market,
            equivalents: Equivalents::of(tables, self.total)?,
            methodology: self.methodology(),
            steps: self.steps(tables),
            uncertainty: self.contributions(tables),
            sources: self.sources(tables),
            assumptions: self.assumptions(),
            codecarbon: self.compared(),
        })
    }

    fn contributions(&self, tables: &BestTables) -> Vec<Contribution> {
        let of_energy = self
            .drawn
            .sigmas
            .iter()
            .map(|sigma| (*sigma, self.drawn.deviation(&sigma.name, sigma.deviation)));
        let others = self.site.sigmas.iter().copied().chain([tables.embodied]);
        of_energy
            .chain(others.map(|sigma| (sigma, sigma.deviation)))
            .map(|(row, sigma)| Contribution {
                name: row.name.clone(),
                sigma,
                basis: row.basis.clone(),
            })
            .collect()
    }
}
