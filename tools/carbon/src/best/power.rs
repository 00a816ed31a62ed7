//! What is known of the power of the machine.

use super::instances::Instance;
use super::site::Site;
use super::tables::BestTables;
use super::tiers::Tier;
use super::workload::{Machine, Workload};
use crate::cloud_carbon_footprint::Server;
use crate::energy::VcpuPower;
use crate::factors::Family;
use crate::nearest::nearest;
use crate::units::{Footprint, FootprintPerVcpuHour, Gigabytes, Vcpus};
use crate::work::CarbonError;

/// How the energy will be known, and what the machine is otherwise good for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Power {
    pub(super) tier: Tier,
    /// Of a vCPU, where it goes by families.
    pub(super) vcpu: VcpuPower,
    pub(super) family: Option<&'static Family>,
    pub(super) instance: Option<&'static Instance>,
    /// What the machine gives to one execution, if it implies that.
    pub(super) vcpus: Option<Vcpus>,
    /// Memory that comes with that many vCPUs.
    memory: Gigabytes,
    server: Making,
}

#[derive(Debug, Clone, Copy)]
enum Making {
    Default,
    Of { server: Footprint, vcpus: f64 },
}

const PROPOSALS: usize = 3;
const GIGABYTES_PER_MEBIBYTE: f64 = 0.001_048_576;
/// Lambda and Fargate say ARM without saying which.
const ARM: &str = "Graviton2";

pub(super) fn of(
    tables: &'static BestTables,
    workload: &Workload,
    site: &Site,
) -> Result<Power, CarbonError> {
    let unknown = Power {
        tier: Tier::Processor,
        vcpu: tables.unknown,
        family: None,
        instance: None,
        vcpus: None,
        memory: Gigabytes(0.0),
        server: Making::Default,
    };
    let arm = |arm: bool, power: Power| if arm { in_family(tables, ARM, power) } else { Ok(power) };
    match workload.machine {
        Machine::Measured { .. } => Ok(Power { tier: Tier::Measured, ..unknown }),
        Machine::Instance(name) => of_instance(tables, name, unknown),
        Machine::Family(name) => in_family(tables, name, unknown),
        Machine::Lambda { megabytes, arm: on_arm } => {
            let power = Power {
                vcpus: Some(Vcpus(megabytes / tables.lambda_megabytes)),
                memory: Gigabytes(megabytes * GIGABYTES_PER_MEBIBYTE),
                ..unknown
            };
            arm(on_arm, power)
        }
        Machine::Fargate { vcpus, memory, arm: on_arm } => {
            arm(on_arm, Power { vcpus: Some(vcpus), memory, ..unknown })
        }
        Machine::Processor { chips, threads, .. } => {
            let server = Server {
                sockets: f64::from(chips),
                memory: Gigabytes(workload.memory.0.max(16.0)),
                ..Server::default()
            };
            let server = Making::Of { server: server.embodied(), vcpus: f64::from(threads) };
            Ok(Power { tier: Tier::Fitted, server, ..unknown })
        }
        // A cloud runs servers: their mean is better than a guess by threads.
        Machine::Unknown if site.in_cloud() => Ok(unknown),
        Machine::Unknown => Ok(Power { tier: Tier::Fallback, ..unknown }),
    }
}

fn of_instance(
    tables: &'static BestTables,
    name: &str,
    power: Power,
) -> Result<Power, CarbonError> {
    let instance = Instance::find(name)?;
    let server = instance
        .server
        .map_or(Making::Default, |server| Making::Of { server, vcpus: instance.vcpus_of_server });
    let power = Power {
        instance: Some(instance),
        vcpus: Some(instance.vcpus),
        memory: instance.memory,
        server,
        ..power
    };
    if instance.family.is_empty() { Ok(power) } else { in_family(tables, instance.family, power) }
}

fn in_family(tables: &'static BestTables, name: &str, power: Power) -> Result<Power, CarbonError> {
    let family = tables.family(name).ok_or_else(|| CarbonError::UnknownMachine {
        kind: "processor family",
        given: name.chars().take(40).collect(),
        nearest: nearest(name, tables.all.families.iter().map(|row| row.name.as_str()), PROPOSALS)
            .join(", "),
    })?;
    let vcpu = VcpuPower {
        min: family.min_w,
        max: family.max_w,
        memory: tables.memory_in(family),
        families: 1,
    };
    Ok(Power { vcpu, family: Some(family), ..power })
}

impl Power {
    /// What is reserved with some of the vCPUs.
    pub(super) fn memory_of(&self, vcpus: Vcpus) -> Gigabytes {
        let share = self.vcpus.map_or(0.0, |all| (vcpus.0 / all.0).min(1.0));
        Gigabytes(self.memory.0 * share)
    }

    /// What making the server stands for, per hour of a vCPU.
    pub(super) fn making(&self, tables: &BestTables) -> FootprintPerVcpuHour {
        match self.server {
            Making::Default => tables.making,
            Making::Of { server, vcpus } => tables.making_of(server, vcpus),
        }
    }

    pub(super) fn has_default_server(&self) -> bool {
        matches!(self.server, Making::Default)
    }
}
