//! The formulas of Cloud Carbon Footprint (core 0.17.3): energy of compute, memory, storage and network, and embodied emissions.
//!
//! Its watts per vCPU are those of whole servers, so memory counts only above what such servers have.

mod power;
mod region;

pub use power::{PowerRange, power};
pub use region::{Provider, intensity};

use crate::units::{
    CpuSeconds, Footprint, GigabyteHours, Gigabytes, KilowattHours, KilowattHoursPerGigabyte,
    KilowattHoursPerGigabyteHour, Pue, Seconds, TerabyteHours, Utilization,
    WattHoursPerTerabyteHour,
};

pub const MEMORY: KilowattHoursPerGigabyteHour = KilowattHoursPerGigabyteHour(0.000_392);
pub const NETWORK: KilowattHoursPerGigabyte = KilowattHoursPerGigabyte(0.001);
pub const SSD: WattHoursPerTerabyteHour = WattHoursPerTerabyteHour(1.2);
pub const HDD: WattHoursPerTerabyteHour = WattHoursPerTerabyteHour(0.65);
/// What it takes where nobody has measured.
pub const UTILIZATION: Utilization = Utilization(0.5);
/// How many vCPUs of the largest instance share a chip.
const VCPUS_PER_CHIP: f64 = 96.0;
/// Four years, in seconds.
const LIFE: Seconds = Seconds(35_040.0 * 3600.0);
/// AWS: "At 1,769 MB, a function has the equivalent of one vCPU".
const LAMBDA_MEGABYTES_PER_VCPU: f64 = 1769.0;

/// Copies of data or servers that are kept for one that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Copies(pub f64);

impl Copies {
    pub const ONE: Self = Self(1.0);

    fn of(self, energy: KilowattHours) -> KilowattHours {
        KilowattHours(energy.0 * self.0)
    }
}

/// Energy of vCPUs that are reserved for a time and busy for a share of it.
pub fn compute(
    power: PowerRange,
    utilization: Utilization,
    reserved: CpuSeconds,
    pue: Pue,
    copies: Copies,
) -> KilowattHours {
    copies.of((power.min + (power.max - power.min) * utilization) * reserved * pue)
}

/// Energy of memory, once it is known how much is above the servers' baseline.
pub fn memory(held: GigabyteHours, pue: Pue, copies: Copies) -> KilowattHours {
    copies.of(held * MEMORY * pue)
}

/// Energy of storage: [`SSD`] or [`HDD`].
pub fn storage(
    held: TerabyteHours,
    kind: WattHoursPerTerabyteHour,
    pue: Pue,
    copies: Copies,
) -> KilowattHours {
    copies.of(held * kind * pue)
}

/// Energy of moving data.
pub fn network(moved: Gigabytes, pue: Pue) -> KilowattHours {
    moved * NETWORK * pue
}

/// Memory of an instance, and of the largest instance of its family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InstanceMemory {
    pub instance: Gigabytes,
    pub largest: Gigabytes,
    pub chips: f64,
    /// What the servers behind the watts per vCPU have for each chip.
    pub baseline_per_chip: Gigabytes,
}

/// Chips of the largest instance of a family.
pub fn chips(vcpus_of_largest: f64) -> f64 {
    (vcpus_of_largest / VCPUS_PER_CHIP).ceil()
}

/// The instance's share of the memory above the baseline, over a time.
pub fn memory_above_baseline(memory: InstanceMemory, time: Seconds) -> GigabyteHours {
    let above = memory.largest.0 / memory.chips - memory.baseline_per_chip.0;
    let share = memory.instance / memory.largest;
    GigabyteHours(above.max(0.0) * share * (time.0 / 3600.0))
}

/// A vCPU's share of what making a server emitted.
pub fn embodied(server: Footprint, time: Seconds, vcpus: f64, vcpus_of_largest: f64) -> Footprint {
    Footprint(server.0 * (time / LIFE) * (vcpus / vcpus_of_largest))
}

/// What a server has above the baseline of one socket and 16 GB.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Server {
    pub sockets: f64,
    pub memory: Gigabytes,
    pub ssds: f64,
    pub hdds: f64,
    pub gpus: f64,
}

impl Server {
    /// What making it emitted: 1,000 kg, and so much for each part above the baseline.
    pub fn embodied(self) -> Footprint {
        Footprint::from_kilograms(
            1000.0
                + (self.memory.0 - 16.0) * 533.0 / 384.0
                + (self.sockets - 1.0) * 100.0
                + self.ssds * 100.0
                + self.hdds * 50.0
                + self.gpus * 150.0,
        )
    }
}

/// The vCPU time of a Lambda function, from its memory.
pub fn lambda(megabytes: f64, duration: Seconds) -> CpuSeconds {
    CpuSeconds(megabytes / LAMBDA_MEGABYTES_PER_VCPU * duration.0)
}
