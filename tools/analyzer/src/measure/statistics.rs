//! Pairs of samples to a ratio and the interval that it lies in.

/// Enough that the ends of the interval stand still in the second digit.
const RESAMPLES: usize = 2_000;

/// How two sides compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) slow_ns: f64,
    pub(crate) fast_ns: f64,
    pub(crate) ratio: f64,
    /// 95 % interval of the ratio.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The ratio of the medians. The interval is a percentile bootstrap over rounds: a round's two samples were taken one after the
/// other, so they stay together. The seed is fixed; the same samples give the same interval.
pub(crate) fn compare(rounds: &[(f64, f64)]) -> Comparison {
    let (slow_ns, fast_ns) = medians(rounds.to_vec());
    let mut random = fastrand::Rng::with_seed(0);
    let mut ratios: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let resample = rounds.iter().filter_map(|_| random.choice(rounds)).copied().collect();
            let (slow, fast) = medians(resample);
            slow / fast
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = slow_ns / fast_ns;
    let at = |share: f64| ratios[((RESAMPLES - 1) as f64 * share).round() as usize];
    Comparison {
        slow_ns: rounded(slow_ns),
        fast_ns: rounded(fast_ns),
        ratio: rounded(ratio),
        low: rounded(at(0.025).min(ratio)),
        high: rounded(at(0.975).max(ratio)),
    }
}

fn medians(rounds: Vec<(f64, f64)>) -> (f64, f64) {
    let (slow, fast) = rounds.into_iter().unzip();
    (median(slow), median(fast))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// Four digits that count: what lies beyond is noise.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_pair_has_a_narrow_interval() {
        let rounds: Vec<_> =
            (0..30).map(|round| (30.0 + f64::from(round % 3) * 0.1, 10.0)).collect();
        let compared = compare(&rounds);
        assert_eq!((compared.slow_ns, compared.fast_ns, compared.ratio), (30.1, 10.0, 3.01));
        assert!(compared.low >= 3.0 && compared.high <= 3.02, "{compared:?}");
    }

    #[test]
    fn the_interval_of_equal_sides_holds_one_nearly_always() {
        let holds_one = |seed: &u64| {
            let mut random = fastrand::Rng::with_seed(*seed);
            let rounds: Vec<_> =
                (0..30).map(|_| (10.0 + random.f64() * 4.0, 10.0 + random.f64() * 4.0)).collect();
            let compared = compare(&rounds);
            compared.low <= 1.0 && compared.high >= 1.0
        };
        let held = (0..60).filter(holds_one).count();
        assert!(held >= 54, "{held} of 60");
    }

    #[test]
    fn one_disturbed_round_changes_little() {
        let mut rounds = vec![(20.0, 10.0); 30];
        rounds[4] = (20.0, 9_000.0);
        let compared = compare(&rounds);
        assert_eq!((compared.ratio, compared.low, compared.high), (2.0, 2.0, 2.0));
    }

    #[test]
    fn the_same_samples_give_the_same_interval() {
        let rounds: Vec<_> = (0..20).map(|round| (f64::from(round) + 1.0, 3.0)).collect();
        assert_eq!(compare(&rounds), compare(&rounds));
    }
}
