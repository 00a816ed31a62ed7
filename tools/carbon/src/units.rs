//! Quantities of the model as types: what is not physics does not compile.
//!
//! ```
//! use carbon::units::{Intensity, KilowattHours};
//! let footprint = KilowattHours(2.0) * Intensity(300.0);
//! assert_eq!(footprint.0, 600.0);
//! ```
//!
//! Energy and power cannot be added, nor can power be turned into a footprint without time:
//!
//! ```compile_fail,E0308
//! use carbon::units::{KilowattHours, Watts};
//! let nonsense = KilowattHours(2.0) + Watts(300.0);
//! ```
//! ```compile_fail,E0277
//! use carbon::units::{Intensity, Watts};
//! let nonsense = Watts(300.0) * Intensity(300.0);
//! ```
//!
//! Joules are not kilowatt-hours until they are converted, and a load belongs to power, not to energy:
//!
//! ```compile_fail,E0308
//! use carbon::units::{Joules, KilowattHours};
//! let nonsense = KilowattHours(2.0) + Joules(3.6e6);
//! ```
//! ```compile_fail,E0277
//! use carbon::units::{Intensity, Joules};
//! let nonsense = Joules(3.6e6) * Intensity(300.0);
//! ```
//! ```compile_fail,E0277
//! use carbon::units::{KilowattHours, Seconds, Utilization, Watts};
//! let nonsense = Watts(300.0) * Seconds(1.0) + KilowattHours(1.0) * Utilization(0.5);
//! ```
//! ```
//! use carbon::units::{Joules, KilowattHours};
//! assert_eq!(KilowattHours(2.0) + Joules(3.6e6).into(), KilowattHours(3.0));
//! ```

use std::ops::{Add, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

const JOULES_PER_KWH: f64 = 3.6e6;
const SECONDS_PER_HOUR: f64 = 3600.0;
const WATT_HOURS_PER_KWH: f64 = 1000.0;
const GRAMS_PER_KILOGRAM: f64 = 1000.0;
const MEGABYTES_PER_GIGABYTE: f64 = 1000.0;

macro_rules! quantity {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);
    )+};
}

macro_rules! additive {
    ($($name:ident),+) => {$(
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        /// How often the other fits in.
        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }
    )+};
}

macro_rules! product {
    ($($left:ident * $right:ident = $output:ident $(/ $divisor:expr)?;)+) => {$(
        impl Mul<$right> for $left {
            type Output = $output;
            fn mul(self, right: $right) -> $output {
                $output(self.0 * right.0 $(/ $divisor)?)
            }
        }
    )+};
}

quantity! {
    /// Elapsed time.
    Seconds,
    /// Time on a CPU: one second on two vCPUs is two of these.
    CpuSeconds,
    Gigabytes,
    Watts,
    WattsPerVcpu,
    WattsPerGigabyte,
    /// Energy.
    KilowattHours,
    /// Energy, as counters report it.
    Joules,
    /// Virtual processors; a part of one is possible.
    Vcpus,
    /// A share of the capacity, from 0 to 1.
    Utilization,
    /// Memory that is held over time.
    GigabyteHours,
    /// Storage that is held over time.
    TerabyteHours,
    KilowattHoursPerGigabyteHour,
    KilowattHoursPerGigabyte,
    WattHoursPerTerabyteHour,
    /// Primary energy: of the fuel, before it was turned into power.
    Megajoules,
    /// Abiotic depletion, as antimony.
    KilogramsAntimony,
    /// Water.
    Liters,
    /// Water usage effectiveness: water of the building per energy.
    LitersPerKilowattHour,
    /// Power usage effectiveness: energy of the building per energy of the machines in it.
    Pue,
    /// Grams of CO2e per kilowatt-hour of a grid.
    Intensity,
    /// Grams of CO2e.
    Footprint,
    /// Grams of CO2e of making a server, per hour of one of its vCPUs.
    FootprintPerVcpuHour,
}

/// How many times the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Executions(pub u64);

additive!(
    Seconds,
    CpuSeconds,
    Gigabytes,
    GigabyteHours,
    Watts,
    WattsPerVcpu,
    Joules,
    KilowattHours,
    Liters,
    Footprint
);

product! {
    Watts * Seconds = KilowattHours / JOULES_PER_KWH;
    WattsPerVcpu * CpuSeconds = KilowattHours / JOULES_PER_KWH;
    Vcpus * Seconds = CpuSeconds;
    WattsPerGigabyte * Gigabytes = Watts;
    KilowattHours * Pue = KilowattHours;
    KilowattHours * Intensity = Footprint;
    KilowattHours * LitersPerKilowattHour = Liters;
    FootprintPerVcpuHour * CpuSeconds = Footprint / SECONDS_PER_HOUR;
    Watts * Utilization = Watts;
    WattsPerVcpu * Utilization = WattsPerVcpu;
    GigabyteHours * KilowattHoursPerGigabyteHour = KilowattHours;
    Gigabytes * KilowattHoursPerGigabyte = KilowattHours;
    TerabyteHours * WattHoursPerTerabyteHour = KilowattHours / WATT_HOURS_PER_KWH;
}

impl From<Joules> for KilowattHours {
    fn from(joules: Joules) -> Self {
        Self(joules.0 / JOULES_PER_KWH)
    }
}

impl Gigabytes {
    pub fn from_megabytes(megabytes: f64) -> Self {
        Self(megabytes / MEGABYTES_PER_GIGABYTE)
    }
}

impl Footprint {
    pub fn from_kilograms(kilograms: f64) -> Self {
        Self(kilograms * GRAMS_PER_KILOGRAM)
    }

    pub fn kilograms(self) -> f64 {
        self.0 / GRAMS_PER_KILOGRAM
    }
}

impl Mul<Executions> for Footprint {
    type Output = Self;
    fn mul(self, executions: Executions) -> Self {
        Self(self.0 * executions.0 as f64)
    }
}

impl Mul<Executions> for KilowattHours {
    type Output = Self;
    fn mul(self, executions: Executions) -> Self {
        Self(self.0 * executions.0 as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilowatt_for_an_hour_is_a_kilowatt_hour() {
        assert_eq!(Watts(1000.0) * Seconds(3600.0), KilowattHours(1.0));
        assert_eq!(WattsPerVcpu(2.0) * CpuSeconds(1.8e6), KilowattHours(1.0));
        assert_eq!(FootprintPerVcpuHour(0.5) * CpuSeconds(7200.0), Footprint(1.0));
    }
}
