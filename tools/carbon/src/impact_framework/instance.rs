//! The Cloud Carbon Footprint plugin of the Impact Framework (unofficial plugins 0.3.1).
//!
//! What it knows of instances is an argument here: the measured watts behind its spline are of a sheet whose license is not
//! known. Its two ways disagree by a factor of about three, so neither is our estimate. Where an instance may run on several
//! processors its linear way gives no number there, because it joins texts instead of adding numbers; here it is their mean.

use super::curve::Interpolation;
use crate::cloud_carbon_footprint::PowerRange;
use crate::units::{Footprint, KilowattHours, Seconds, Utilization, Watts};

/// What the plugin knows of an instance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instance {
    pub vcpus: f64,
    pub vcpus_of_server: f64,
    /// Of the processor, per vCPU.
    pub power: PowerRange,
    /// Of the instance idle and at 10, 50 and 100 % load.
    pub measured: Option<[Watts; 4]>,
    /// What making the server emitted.
    pub server: Footprint,
}

/// Four years.
const LIFE: Seconds = Seconds(4.0 * 8760.0 * 3600.0);

impl Instance {
    /// Energy of the instance. The spline needs measured watts.
    pub fn energy(
        &self,
        load: Utilization,
        interpolation: Interpolation,
        time: Seconds,
    ) -> Option<KilowattHours> {
        let watts = match interpolation {
            Interpolation::Linear => {
                let PowerRange { min, max } = self.power;
                Watts((min + (max - min) * load).0 * self.vcpus)
            }
            Interpolation::Spline => {
                Watts(interpolation.at(&self.measured?.map(|watts| watts.0), load))
            }
        };
        Some(watts * time)
    }

    pub fn embodied(&self, time: Seconds) -> Footprint {
        Footprint(self.server.0 * (time / LIFE) * (self.vcpus / self.vcpus_of_server))
    }
}
