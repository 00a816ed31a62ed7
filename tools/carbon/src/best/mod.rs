//! Our own model: the best of four ways to know the energy, the grid behind the place, the building, and making the hardware.
//!
//! An [`Estimate`] is numbers alone and takes about a microsecond; [`Estimate::report`] says how they came about, and puts what
//! `CodeCarbon` would say beside them.

mod assumptions;
mod compared;
mod equivalents;
mod instances;
mod methodology;
mod origins;
mod power;
mod report;
mod site;
mod steps;
mod tables;
mod tiers;
mod workload;
mod zones;

pub use equivalents::Equivalents;
pub use instances::Instance;
pub use report::Report;
pub use site::Location;
pub use steps::Step;
pub use tiers::Tier;
pub use workload::{Boundary, Machine, Workload};
pub(crate) use workload::{countable, within};
#[cfg(feature = "live")]
pub(crate) use zones::code_of as zone_of;

use crate::factors::Sigma;
use crate::impact_framework::{FunctionalUnits, sci};
use crate::interval::{self, Interval};
use crate::units::{Executions, Footprint, FootprintPerVcpuHour, Intensity, KilowattHours, Pue};
use crate::work::CarbonError;
use site::Site;
use tables::BestTables;
use tiers::Energy;
use workload::Reserved;

/// What the work stands for, of one execution unless it is said otherwise.
#[derive(Debug, Clone)]
pub struct Estimate<'a> {
    pub tier: Tier,
    /// With PUE.
    pub energy: KilowattHours,
    pub pue: Pue,
    pub intensity: Intensity,
    pub operational: Footprint,
    pub embodied: Footprint,
    pub per_execution: Footprint,
    /// Per functional unit: the score of ISO/IEC 21031.
    pub sci: Footprint,
    /// Of all executions.
    pub total: Footprint,
    /// Around `total`, 90 %.
    pub interval_90: Interval,
    pub location_unknown: bool,
    workload: &'a Workload<'a>,
    reserved: Reserved,
    drawn: Energy,
    site: Site<'a>,
    making: FootprintPerVcpuHour,
}

/// Why an estimate may be off; the order means nothing.
type Sigmas = Vec<&'static Sigma>;

impl<'a> Estimate<'a> {
    /// The work has to be possible: times that are numbers, no more CPU time than the vCPUs can give.
    pub fn of(workload: &'a Workload<'a>) -> Result<Self, CarbonError> {
        workload.check()?;
        let tables = BestTables::bundled()?;
        let site = Site::of(tables, workload)?;
        let power = power::of(tables, workload, &site)?;
        let reserved = workload.reserved(&power)?;
        let drawn = tiers::energy(tables, workload, &power, reserved);
        let making = power.making(tables);

        let energy = drawn.total() * site.pue;
        let operational = energy * site.intensity;
        let embodied = making * reserved.vcpu_time();
        let per_execution = operational + embodied;
        let units = FunctionalUnits(workload.units_per_execution.0);
        let total = per_execution * workload.executions;
        Ok(Self {
            tier: drawn.tier,
            energy,
            pue: site.pue,
            intensity: site.intensity,
            operational,
            embodied,
            per_execution,
            sci: sci(energy, site.intensity, embodied, units)?,
            total,
            interval_90: interval_90(total, operational, embodied, &drawn, &site, tables),
            location_unknown: site.is_unknown(),
            workload,
            reserved,
            drawn,
            site,
            making,
        })
    }

    pub fn executions(&self) -> Executions {
        self.workload.executions
    }
}

fn interval_90(
    total: Footprint,
    operational: Footprint,
    embodied: Footprint,
    drawn: &Energy,
    site: &Site,
    tables: &BestTables,
) -> Interval {
    let of_use = drawn.deviations().chain(site.deviations());
    let sigma = interval::of_sum(&[
        (operational, interval::of_independent(of_use)),
        (embodied, tables.embodied.deviation),
    ]);
    Interval::around(total, sigma)
}
