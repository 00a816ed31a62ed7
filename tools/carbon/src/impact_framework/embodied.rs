//! Embodied emissions as `SciEmbodied` computes them.
//!
//! Its defaults are not those of Cloud Carbon Footprint: 100 kg for each vCPU above one instead of each socket, and SSD and HDD
//! exchanged.

use crate::units::{Footprint, Gigabytes, Seconds, Utilization};

/// The server that is shared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Server {
    pub vcpus: f64,
    pub memory: Gigabytes,
    pub ssds: f64,
    pub hdds: f64,
    pub gpus: f64,
}

/// One vCPU and 16 GB.
const BASELINE: Footprint = Footprint(1_000_000.0);
const PER_VCPU: f64 = 100_000.0;
const PER_GIGABYTE: f64 = 533.0 / 384.0 * 1000.0;
const PER_SSD: f64 = 50_000.0;
const PER_HDD: f64 = 100_000.0;
const PER_GPU: f64 = 150_000.0;
/// Four years.
const LIFE: Seconds = Seconds(126_144_000.0);

impl Server {
    /// What making it emitted.
    pub fn embodied(self) -> Footprint {
        BASELINE
            + Footprint((self.vcpus - 1.0) * PER_VCPU)
            + Footprint((self.memory.0 - 16.0) * PER_GIGABYTE)
            + Footprint(self.ssds * PER_SSD + self.hdds * PER_HDD + self.gpus * PER_GPU)
    }

    /// The part of it that using a share of the server for a time stands for.
    pub fn embodied_of(self, share: Utilization, time: Seconds) -> Footprint {
        Footprint(self.embodied().0 * share.0 * (time / LIFE))
    }
}
