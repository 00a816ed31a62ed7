//! Curves of power over load: Teads' points, joined by lines or by a natural cubic spline.

use crate::units::{KilowattHours, Seconds, Utilization, Watts};

/// How points are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    Linear,
    Spline,
}

/// Loads at which Teads measured.
pub(crate) const LOADS: [f64; 4] = [0.0, 0.1, 0.5, 1.0];
/// Share of the TDP that a processor drew there.
const SHARES_OF_TDP: [f64; 4] = [0.12, 0.32, 0.75, 1.02];

/// Share of the TDP at a load.
pub fn teads_factor(load: Utilization, interpolation: Interpolation) -> f64 {
    interpolation.at(&SHARES_OF_TDP, load)
}

/// Energy of a processor of which `share` is allocated.
pub fn teads_energy(
    tdp: Watts,
    load: Utilization,
    interpolation: Interpolation,
    time: Seconds,
    share: Utilization,
) -> KilowattHours {
    tdp * Utilization(teads_factor(load, interpolation)) * share * time
}

impl Interpolation {
    /// The value at a load, of four values at [`LOADS`].
    pub(crate) fn at(self, values: &[f64; 4], load: Utilization) -> f64 {
        let load = load.0.clamp(0.0, 1.0);
        let right =
            (1..LOADS.len() - 1).find(|place| load <= LOADS[*place]).unwrap_or(LOADS.len() - 1);
        let left = right - 1;
        let width = LOADS[right] - LOADS[left];
        let (from_left, from_right) = ((load - LOADS[left]) / width, (LOADS[right] - load) / width);
        let line = values[left] * from_right + values[right] * from_left;
        match self {
            Self::Linear => line,
            Self::Spline => {
                let bends = second_derivatives(values);
                let bend = |share: f64, at: f64| (share.powi(3) - share) * at;
                line + (bend(from_right, bends[left]) + bend(from_left, bends[right]))
                    * width.powi(2)
                    / 6.0
            }
        }
    }
}

/// Second derivatives at the points, none at the two ends: what makes a spline natural.
fn second_derivatives(values: &[f64; 4]) -> [f64; 4] {
    let width = |place: usize| LOADS[place + 1] - LOADS[place];
    let slope = |place: usize| (values[place + 1] - values[place]) / width(place);
    // Two inner points, so two equations: [2(h0+h1), h1; h1, 2(h1+h2)] m = 6 [s1-s0; s2-s1].
    let (first, last, shared) =
        (2.0 * (width(0) + width(1)), 2.0 * (width(1) + width(2)), width(1));
    let (a, b) = (6.0 * (slope(1) - slope(0)), 6.0 * (slope(2) - slope(1)));
    let determinant = first * last - shared * shared;
    [0.0, (a * last - b * shared) / determinant, (b * first - a * shared) / determinant, 0.0]
}
