//! Draws from the distributions that the inputs name.

use fastrand::Rng;

/// Strictly between 0 and 1, so that its logarithm exists.
pub fn uniform(random: &mut Rng) -> f64 {
    1.0 - random.f64()
}

pub fn exponential(random: &mut Rng, mean: f64) -> f64 {
    -mean * uniform(random).ln()
}

/// Half of the draws lie below `median`; `spread` is the standard deviation of the logarithm.
pub fn lognormal(random: &mut Rng, median: f64, spread: f64) -> f64 {
    let angle = std::f64::consts::TAU * random.f64();
    let normal = (-2.0 * uniform(random).ln()).sqrt() * angle.cos();
    median * (spread * normal).exp()
}

/// A rank, from 0, out of `ranks`: the share of rank r is proportional to 1 / (r + flat).
pub fn zipf_mandelbrot(random: &mut Rng, ranks: f64, flat: f64) -> u32 {
    let rank = flat * ((ranks / flat + 1.0).powf(random.f64()) - 1.0);
    rank.min(ranks - 1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_draws_lie_below_the_median() {
        let mut random = Rng::with_seed(1);
        let below = (0..100_000).filter(|_| lognormal(&mut random, 8.0, 0.7) < 8.0).count();
        assert!((49_000..51_000).contains(&below), "{below}");
    }

    #[test]
    fn the_first_rank_gets_its_share() {
        let mut random = Rng::with_seed(1);
        let draws = 1_000_000;
        let first =
            (0..draws).filter(|_| zipf_mandelbrot(&mut random, 10_000.0, 10.0) == 0).count();
        let share = (1.1_f64).ln() / (1001.0_f64).ln();
        let expected = share * f64::from(draws);
        assert!((first as f64 / expected - 1.0).abs() < 0.05, "{first} of {expected}");
    }
}
