//! Draws from a Beta distribution, for exploring.

use fastrand::Rng;

/// A share drawn from Beta(good, bad): of two Gamma draws, the first one's part.
pub(super) fn draw(good: f64, bad: f64, random: &mut Rng) -> f64 {
    let (first, second) = (gamma(good, random), gamma(bad, random));
    if first + second > 0.0 { first / (first + second) } else { 0.5 }
}

/// Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000), <https://doi.org/10.1145/358407.358414>.
fn gamma(shape: f64, random: &mut Rng) -> f64 {
    if shape < 1.0 {
        let lift = (1.0 - random.f64()).powf(1.0 / shape.max(1e-6));
        return gamma(shape + 1.0, random) * lift;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    // More than 95 of 100 tries are accepted.
    for _ in 0..1000 {
        let normal = normal(random);
        let v = (1.0 + c * normal).powi(3);
        if v > 0.0 && (1.0 - random.f64()).ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
            return d * v;
        }
    }
    d
}

/// Box and Muller.
fn normal(random: &mut Rng) -> f64 {
    let (radius, angle) = (1.0 - random.f64(), random.f64());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_mean_and_the_spread_of_the_distribution() {
        let mut random = Rng::with_seed(7);
        for (good, bad) in [(6.0, 2.0), (0.5, 0.5), (100.0, 300.0)] {
            let draws: Vec<f64> = (0..20_000).map(|_| draw(good, bad, &mut random)).collect();
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let spread =
                draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / draws.len() as f64;
            let all: f64 = good + bad;
            let (true_mean, true_spread) = (good / all, good * bad / (all * all * (all + 1.0)));
            assert!((mean - true_mean).abs() < 0.01, "{mean} is not {true_mean}");
            assert!((spread / true_spread - 1.0).abs() < 0.05, "{spread} is not {true_spread}");
        }
    }
}
