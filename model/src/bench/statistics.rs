//! How sure a share of so few tasks is, and whether two models differ on the same ones.

/// 95 % of a normal distribution lie within so many standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// From where to where something lies, with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Not a number where there are no values.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Wilson's interval for a mean of `count` scores (Journal of the American Statistical Association 22, 1927). It is meant for
/// right and wrong; scores between them scatter less, so for those it is rather too wide. Of nothing everything may hold.
pub(super) fn wilson(mean: f64, count: usize) -> Interval {
    if count == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let count = count as f64;
    let weight = Z * Z / count;
    let center = (mean + weight / 2.0) / (1.0 + weight);
    let half = Z / (1.0 + weight) * (mean * (1.0 - mean) / count + weight / (4.0 * count)).sqrt();
    // The ends touch 0 and 1 exactly there, which sums of rounded numbers would miss by a hair.
    Interval { low: (center - half).clamp(0.0, mean), high: (center + half).clamp(mean, 1.0) }
}

/// The mean of `one - other`, and its interval by Newcombe's tenth method (Statistics in Medicine 17:2635, 1998): from
/// Wilson's intervals of both and how far they go together. The percentile bootstrap would be too sure where few tasks
/// differ. `None` without tasks.
pub(super) fn difference(scores: &[(f64, f64)]) -> Option<(f64, Interval)> {
    let count = scores.len();
    if count == 0 {
        return None;
    }
    let (one, other): (Vec<f64>, Vec<f64>) = scores.iter().copied().unzip();
    let (one, other) = (mean(&one), mean(&other));
    let (of_one, of_other) = (wilson(one, count), wilson(other, count));
    let together = correlation(scores, one, other);
    let apart = |a: f64, b: f64| (a * a - 2.0 * together * a * b + b * b).max(0.0).sqrt();
    let value = one - other;
    let interval = Interval {
        low: value - apart(one - of_one.low, of_other.high - other),
        high: value + apart(of_one.high - one, other - of_other.low),
    };
    Some((value, interval))
}

/// Newcombe's phi with its correction: a small positive one counts as none, which makes the interval wider.
fn correlation(scores: &[(f64, f64)], one: f64, other: f64) -> f64 {
    let count = scores.len() as f64;
    let scatter = one * (1.0 - one) * other * (1.0 - other);
    if scatter <= 0.0 {
        return 0.0;
    }
    let both: f64 = scores.iter().map(|(one, other)| one * other).sum();
    // In a table of right and wrong this is its determinant.
    let determinant = count * both - count * one * count * other;
    let corrected =
        if determinant > 0.0 { (determinant - count / 2.0).max(0.0) } else { determinant };
    corrected / (count * count * scatter.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(both: usize, first: usize, second: usize, neither: usize) -> Vec<(f64, f64)> {
        let repeated = [((1.0, 1.0), both), ((1.0, 0.0), first), ((0.0, 1.0), second)];
        let mut scores: Vec<_> =
            repeated.iter().flat_map(|(score, count)| vec![*score; *count]).collect();
        scores.extend(vec![(0.0, 0.0); neither]);
        scores
    }

    fn rounded(interval: Interval) -> String {
        format!("{:.4} {:.4}", interval.low, interval.high)
    }

    #[test]
    fn a_share_lies_where_the_published_formula_puts_it() {
        // By statsmodels 0.15.0: proportion_confint(count, nobs, method="wilson").
        assert_eq!(rounded(wilson(1.0, 36)), "0.9036 1.0000");
        assert_eq!(rounded(wilson(30.0 / 36.0, 36)), "0.6811 0.9213");
        assert_eq!(rounded(wilson(0.0, 10)), "0.0000 0.2775");
        assert_eq!(rounded(wilson(f64::NAN, 0)), "0.0000 1.0000");
    }

    #[test]
    fn a_difference_lies_where_its_author_puts_it() {
        // Of the paper's own examples the one with 36 right of both, 12 and 2 of one alone, and none wrong of both.
        let (value, interval) = difference(&table(36, 12, 2, 0)).unwrap();
        assert_eq!(
            (format!("{value:.4}"), rounded(interval)),
            ("0.2000".into(), "0.0569 0.3404".into())
        );
        assert_eq!(difference(&[]), None);
    }

    #[test]
    fn few_tasks_that_differ_tell_no_models_apart() {
        let low = |scores: &[(f64, f64)]| difference(scores).unwrap().1.low;
        assert!(low(&table(32, 4, 0, 0)) < 0.0);
        assert!(low(&table(26, 10, 0, 0)) > 0.0);
        let turned: Vec<_> =
            table(26, 10, 0, 0).iter().map(|(one, other)| (*other, *one)).collect();
        assert!(difference(&turned).unwrap().1.high < 0.0);
    }

    #[test]
    fn of_equal_models_about_one_pair_in_twenty_looks_different() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut wrong = 0;
        for _ in 0..4000 {
            // What is hard for one is hard for the other, too.
            let scores: Vec<_> = (0..36)
                .map(|task| {
                    let easy = if task % 3 == 0 { 0.5 } else { 0.9 };
                    let mut right = || f64::from(u8::from(random.f64() < easy));
                    (right(), right())
                })
                .collect();
            let (_, interval) = difference(&scores).unwrap();
            wrong += u32::from(interval.low > 0.0 || interval.high < 0.0);
        }
        assert!((40..=240).contains(&wrong), "{wrong} of 4000");
    }
}
