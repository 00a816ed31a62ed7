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

use std::ops::{Add, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

const JOULES_PER_KWH: f64 = 3.6e6;
const SECONDS_PER_HOUR: f64 = 3600.0;

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

additive!(Seconds, CpuSeconds, Gigabytes, Watts, KilowattHours, Footprint);

product! {
    Watts * Seconds = KilowattHours / JOULES_PER_KWH;
    WattsPerVcpu * CpuSeconds = KilowattHours / JOULES_PER_KWH;
    WattsPerGigabyte * Gigabytes = Watts;
    KilowattHours * Pue = KilowattHours;
    KilowattHours * Intensity = Footprint;
    FootprintPerVcpuHour * CpuSeconds = Footprint / SECONDS_PER_HOUR;
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
