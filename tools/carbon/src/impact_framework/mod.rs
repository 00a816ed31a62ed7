//! Software Carbon Intensity (ISO/IEC 21031:2024), and the plugins of the Impact Framework 1.1.0 that feed it.

mod curve;
mod embodied;
mod instance;

pub use curve::{Interpolation, teads_energy, teads_factor};
pub use embodied::Server;
pub use instance::Instance;

use serde::{Deserialize, Serialize};

use crate::units::{Footprint, Intensity, KilowattHours};
use crate::work::CarbonError;

/// How many functional units the carbon is shared over: requests, users, runs.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FunctionalUnits(pub f64);

/// Grams of CO2e per functional unit: `(E x I + M) / R`.
///
/// `E` includes the building (PUE) and counts what is reserved, `I` is location-based, and so is `M` free of offsets. The
/// framework warns and goes on where there are no units; a rate over nothing is no number, so it is an error here.
pub fn sci(
    energy: KilowattHours,
    intensity: Intensity,
    embodied: Footprint,
    units: FunctionalUnits,
) -> Result<Footprint, CarbonError> {
    if !(units.0.is_finite() && units.0 > 0.0) {
        return Err(CarbonError::Invalid {
            field: "functional_units",
            expected: "a number above 0: the carbon is shared over them",
        });
    }
    let carbon = energy * intensity + embodied;
    if !(carbon.0.is_finite() && carbon.0 >= 0.0) {
        return Err(CarbonError::Invalid {
            field: "energy, intensity, embodied",
            expected: "numbers that make a footprint of 0 or more",
        });
    }
    Ok(Footprint(carbon.0 / units.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_over_nothing_is_refused() {
        for units in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let refused =
                sci(KilowattHours(1.0), Intensity(1.0), Footprint(0.0), FunctionalUnits(units));
            assert_eq!(
                refused.unwrap_err().to_string(),
                "`functional_units` must be a number above 0: the carbon is shared over them"
            );
        }
        assert!(
            sci(KilowattHours(-1.0), Intensity(1.0), Footprint(0.0), FunctionalUnits(1.0)).is_err()
        );
    }
}
