//! The normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// The share below `z`.
///
/// Near the middle by the series of the integral, in the tails by Laplace's continued fraction; both run until they stand still
/// (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.11 and 26.2.14).
pub fn normal_cdf(z: f64) -> f64 {
    if z.is_nan() {
        return f64::NAN;
    }
    let density = (-0.5 * z * z).exp() / (SQRT_2 * PI.sqrt());
    if z.abs() < 2.5 {
        let (mut term, mut sum, mut odd) = (z, z, 1.0);
        while term.abs() > 1e-18 {
            odd += 2.0;
            term *= z * z / odd;
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let fraction = (1..200).rev().fold(z.abs(), |rest, level| z.abs() + f64::from(level) / rest);
    let tail = density / fraction;
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// The `z` that has this share below it.
pub fn normal_quantile(share: f64) -> f64 {
    // Beyond 38 the tail is smaller than the smallest number.
    let (mut low, mut high) = (-38.0, 38.0);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if normal_cdf(middle) < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}
