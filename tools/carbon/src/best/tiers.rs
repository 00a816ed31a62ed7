//! Four ways to know the energy of an execution, the best first.

use serde::Serialize;

use super::Sigmas;
use super::power::Power;
use super::tables::BestTables;
use super::workload::{Boundary, Machine, Reserved, Workload};
use crate::energy;
use crate::units::{Gigabytes, KilowattHours, Watts, WattsPerVcpu};

/// How the energy is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// T1: energy counters were read.
    Measured,
    /// T2: watts per vCPU of the instance's processor family, or of the mean of those that clouds run.
    Processor,
    /// T3: a model of power over the processor's TDP.
    Fitted,
    /// T4: nothing is known of the machine.
    Fallback,
}

impl Tier {
    /// As the documentation numbers them.
    pub fn number(self) -> &'static str {
        match self {
            Self::Measured => "T1",
            Self::Processor => "T2",
            Self::Fitted => "T3",
            Self::Fallback => "T4",
        }
    }
}

/// Energy of one execution before the building is counted.
#[derive(Debug, Clone)]
pub(super) struct Energy {
    pub(super) tier: Tier,
    pub(super) power: Power,
    pub(super) cpu: KilowattHours,
    /// Of memory that `cpu` does not include.
    pub(super) memory: KilowattHours,
    /// What leads from what was measured to the wall socket.
    pub(super) to_wall: f64,
    /// Instead of that of `processor-family`.
    family_deviation: Option<f64>,
    pub(super) sigmas: Sigmas,
}

impl Energy {
    pub(super) fn total(&self) -> KilowattHours {
        KilowattHours((self.cpu + self.memory).0 * self.to_wall)
    }

    pub(super) fn deviations(&self) -> impl Iterator<Item = f64> {
        self.sigmas.iter().map(|sigma| self.deviation(sigma.name.as_str(), sigma.deviation))
    }

    /// A family has its own spread.
    pub(super) fn deviation(&self, name: &str, usual: f64) -> f64 {
        if name == "processor-family" { self.family_deviation.unwrap_or(usual) } else { usual }
    }
}

/// Below this load the fitted model is poor.
const IDLE: f64 = 0.05;

pub(super) fn energy(
    tables: &'static BestTables,
    workload: &Workload,
    power: &Power,
    reserved: Reserved,
) -> Energy {
    let of_memory = |above| energy::of_memory(above, tables.memory, reserved.wall);
    let mut drawn = Energy {
        tier: power.tier,
        power: *power,
        cpu: KilowattHours(0.0),
        memory: KilowattHours(0.0),
        to_wall: 1.0,
        family_deviation: power.family.map(|family| family.sigma),
        sigmas: Vec::new(),
    };
    let names: &[&str] = match workload.machine {
        Machine::Measured { joules, boundary } => {
            drawn.cpu = joules.into();
            if boundary == Boundary::Packages {
                drawn.memory = of_memory(reserved.memory);
            }
            if boundary == Boundary::Wall {
                &["counter"]
            } else {
                drawn.to_wall = tables.counter_to_wall;
                &["counter", "counter-to-wall"]
            }
        }
        Machine::Processor { tdp, chips, threads } => {
            let share = reserved.vcpus.0 / f64::from(threads);
            let load = reserved.load();
            drawn.cpu = fitted(tables, tdp, f64::from(chips), load, share) * reserved.wall;
            drawn.memory = energy::of_memory(reserved.memory, tables.fit.memory, reserved.wall);
            drawn.to_wall = tables.fit.bias;
            if load < IDLE {
                &["fitted-idle", "machine-not-tuned"]
            } else {
                &["fitted", "machine-not-tuned"]
            }
        }
        Machine::Unknown if power.tier == Tier::Fallback => {
            drawn.cpu = WattsPerVcpu(tables.fallback_thread) * reserved.busy;
            drawn.memory = of_memory(reserved.memory);
            &["fallback"]
        }
        _ => {
            let vcpu = &power.vcpu;
            drawn.cpu = energy::of_cpu(vcpu, reserved.busy, reserved.vcpu_time());
            let included = Gigabytes(vcpu.memory.0 * reserved.vcpus.0);
            drawn.memory = of_memory(energy::memory_above_baseline(reserved.memory, included));
            match (power.family, workload.wall) {
                (Some(_), Some(_)) => &["processor-family"],
                (Some(_), None) => &["processor-family", "host-share"],
                (None, Some(_)) => &["processor-unknown"],
                (None, None) => &["processor-unknown", "host-share"],
            }
        }
    };
    drawn.sigmas = names.iter().filter_map(|name| tables.all.sigma(name)).collect();
    drawn
}

/// Power of a share of a machine, without its memory.
fn fitted(tables: &BestTables, tdp: Watts, chips: f64, load: f64, share: f64) -> Watts {
    let fit = &tables.fit;
    let of_tdp = fit.idle + fit.load * tables.shape(load);
    Watts((chips * (tdp.0 * of_tdp + fit.chip)).max(0.0) * share)
}
