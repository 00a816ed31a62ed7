//! Which run comes next, and when there are enough: decides, and does nothing.
//!
//! The order within pairs is random, each side first as often as the other in every four pairs. How many pairs are needed is
//! found from the scatter of those so far. Looks at the data come at growing distances, and each may use only its part of the
//! error rate ([`Spending`]), so looking often does not make a false verdict more likely.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::request::Effort;
use crate::statistics::{Spending, normal_quantile};
use crate::verdict::{Assessment, DETECTABLE};

/// Chance of a false verdict over all looks.
pub(crate) const ERROR_RATE: f64 = 0.05;
const BLOCK: usize = 4;
/// Each look comes after half as many pairs again.
const GROWTH: f64 = 1.5;

/// Why no more pairs were run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// The verdict could not have become another.
    Certain,
    /// As many as it takes to find the effect that was asked for.
    Enough,
    /// As many as were allowed.
    MostPairs,
    TimeBudget,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Pair { base_first: bool },
    Stop(Stopped),
}

/// The course of one comparison.
#[derive(Debug)]
pub struct Plan<'a> {
    effort: &'a Effort,
    pub(crate) budget: Duration,
    /// What all looks together may use: a share of the error rate for each benchmark.
    alpha: f64,
    random: fastrand::Rng,
    block: Vec<bool>,
    next_look: usize,
    extended: bool,
    pub asked: usize,
    spending: Spending,
    /// At the last look.
    pub assessment: Option<Assessment>,
}

impl<'a> Plan<'a> {
    pub fn new(effort: &'a Effort, budget: Duration, benchmarks: usize, seed: u64) -> Self {
        Self {
            effort,
            budget,
            alpha: ERROR_RATE / benchmarks.max(1) as f64,
            random: fastrand::Rng::with_seed(seed),
            block: Vec::new(),
            next_look: effort.least_pairs,
            extended: false,
            asked: effort.least_pairs,
            spending: Spending::new(),
            assessment: None,
        }
    }

    /// The next step after these pairs, given the time that they and their warm-ups took.
    pub fn next(&mut self, log_ratios: &[f64], pairs: usize, elapsed: Duration) -> Step {
        let one_more =
            elapsed.checked_div(u32::try_from(pairs).unwrap_or(u32::MAX)).unwrap_or_default();
        let stopped = if pairs >= self.effort.most_pairs {
            Some(Stopped::MostPairs)
        } else if pairs > 0 && elapsed + one_more > self.budget {
            Some(Stopped::TimeBudget)
        } else if pairs >= self.next_look {
            self.look(log_ratios, pairs)
        } else {
            None
        };
        match stopped {
            None => Step::Pair { base_first: self.base_first() },
            Some(Stopped::Certain) => Step::Stop(Stopped::Certain),
            Some(stopped) => {
                let found = Assessment::new(log_ratios);
                self.asked = self.pairs_for(&found);
                self.spending.look(1.0);
                self.assessment = Some(found);
                Step::Stop(stopped)
            }
        }
    }

    /// The p-value of the whole course: the smallest error rate at which its last look is a result.
    pub fn p_value(&self) -> f64 {
        self.assessment.as_ref().map_or(1.0, |found| self.spending.overall(found.p_value))
    }

    fn look(&mut self, log_ratios: &[f64], pairs: usize) -> Option<Stopped> {
        let found = Assessment::new(log_ratios);
        self.asked = self.pairs_for(&found);
        if pairs >= self.asked {
            if self.extended || !self.is_torn(&found) {
                return Some(Stopped::Enough);
            }
            self.extended = true;
            self.asked = (pairs as f64 * GROWTH).ceil() as usize;
        }
        self.next_look = (pairs as f64 * GROWTH).ceil() as usize;
        // Beyond the end nothing is looked at.
        self.next_look = self.next_look.min(self.asked);
        if !self.effort.early_stop {
            return None;
        }
        self.spending.look(pairs as f64 / self.asked as f64);
        let certain = found.p_value <= self.spending.added(self.alpha)
            && found.is_change(self.effort.threshold);
        self.assessment = Some(found);
        certain.then_some(Stopped::Certain)
    }

    fn pairs_for(&self, found: &Assessment) -> usize {
        pairs_for(found.scatter(), self.effort).clamp(self.effort.least_pairs, MOST_ASKED)
    }

    /// Whether there is a change by its size and none by the test, as a few disturbed pairs with the largest ranks can bring
    /// about. That is worth half as many pairs again, once.
    fn is_torn(&self, found: &Assessment) -> bool {
        let mut spending = self.spending.clone();
        spending.look(1.0);
        self.effort.early_stop
            && found.is_change(self.effort.threshold)
            && found.p_value > spending.added(self.alpha)
    }

    fn base_first(&mut self) -> bool {
        if self.block.is_empty() {
            self.block = (0..BLOCK).map(|place| place % 2 == 0).collect();
            self.random.shuffle(&mut self.block);
        }
        self.block.pop().unwrap_or_default()
    }
}

const MOST_ASKED: usize = 1_000_000;

/// How many pairs it takes until a change of just the effect asked for is found as often as asked for, with log-ratios whose
/// median scatters by `scatter` divided by the root of their number.
///
/// A change is found when the estimate exceeds both the detectable change and the threshold, so both distances must be
/// wide enough for the estimate to miss them rarely.
pub fn pairs_for(scatter: f64, effort: &Effort) -> usize {
    let wanted = effort.effect.ln_1p();
    let missed = normal_quantile(effort.power);
    let for_detection = (DETECTABLE + missed) * scatter / wanted;
    let for_threshold = missed * scatter / (wanted - effort.threshold.ln_1p());
    let pairs = for_detection.max(for_threshold).powi(2).ceil();
    if pairs.is_finite() { (pairs as usize).max(1) } else { MOST_ASKED }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_TIME: Duration = Duration::ZERO;

    fn effort() -> Effort {
        Effort::default()
    }

    /// Runs a plan on log-ratios that come from a function of the pair's number.
    fn course(effort: &Effort, log_ratio: impl Fn(usize) -> f64) -> (Stopped, usize) {
        let mut plan = Plan::new(effort, Duration::from_hours(1), 1, 0);
        let mut log_ratios = Vec::new();
        loop {
            match plan.next(&log_ratios, log_ratios.len(), NO_TIME) {
                Step::Pair { .. } => log_ratios.push(log_ratio(log_ratios.len())),
                Step::Stop(stopped) => return (stopped, log_ratios.len()),
            }
        }
    }

    /// Scatters evenly between -1 and 1.
    fn scatter(number: usize) -> f64 {
        ((number * 7) % 13) as f64 / 6.0 - 1.0
    }

    #[test]
    fn few_pairs_are_enough_where_nothing_scatters() {
        assert_eq!(course(&effort(), |number| 0.001 * scatter(number)), (Stopped::Enough, 16));
    }

    #[test]
    fn a_large_change_ends_it_long_before_the_pairs_that_a_small_one_needs() {
        let (stopped, pairs) = course(&effort(), |number| 0.3 + 0.1 * scatter(number));
        let (_, without_change) = course(&effort(), |number| 0.1 * scatter(number));
        assert_eq!(stopped, Stopped::Certain);
        assert!(pairs * 3 < without_change, "{pairs} and {without_change}");
    }

    #[test]
    fn without_early_stop_all_pairs_are_run() {
        let effort = Effort { early_stop: false, most_pairs: 60, ..effort() };
        assert_eq!(course(&effort, |number| 0.3 + 0.1 * scatter(number)), (Stopped::MostPairs, 60));
    }

    #[test]
    fn the_time_budget_ends_it_before_it_is_exceeded() {
        let effort = effort();
        let mut plan = Plan::new(&effort, Duration::from_secs(10), 1, 0);
        assert!(matches!(plan.next(&[0.0; 4], 4, Duration::from_secs(8)), Step::Pair { .. }));
        assert_eq!(
            plan.next(&[0.0; 5], 5, Duration::from_secs(9)),
            Step::Stop(Stopped::TimeBudget)
        );
        assert!(plan.p_value() > 0.99);
        let mut plan = Plan::new(&effort, Duration::from_secs(10), 1, 0);
        let scattered: Vec<f64> = (0..10).map(scatter).collect();
        assert_eq!(
            plan.next(&scattered, 10, Duration::from_secs(10)),
            Step::Stop(Stopped::TimeBudget)
        );
        assert!(plan.asked > 1_000, "{}", plan.asked);
    }

    /// (2.802 + 2.054) x 0.1 / ln 1.05 = 9.95, squared 99.1; the threshold asks for (2.054 x 0.1 / (ln 1.05 - ln 1.02))^2 = 50.2.
    #[test]
    fn the_pairs_asked_for_grow_with_the_square_of_the_scatter() {
        assert_eq!(pairs_for(0.1, &effort()), 100);
        assert_eq!(pairs_for(0.2, &effort()), 397);
        // Here the threshold asks for more: (2.054 x 0.1 / (ln 1.03 - ln 1.02))^2 = 443.3.
        assert_eq!(pairs_for(0.1, &Effort { effect: 0.03, ..effort() }), 444);
        assert_eq!(pairs_for(f64::NAN, &effort()), MOST_ASKED);
    }

    #[test]
    fn equal_sides_are_found_different_rarely() {
        let different = |seed: &u64| {
            let mut random = fastrand::Rng::with_seed(*seed);
            let effort = Effort { most_pairs: 40, ..effort() };
            let mut plan = Plan::new(&effort, Duration::from_hours(1), 1, 0);
            let mut log_ratios: Vec<f64> = Vec::new();
            while let Step::Pair { .. } = plan.next(&log_ratios, log_ratios.len(), NO_TIME) {
                log_ratios.push(0.1 * (random.f64() + random.f64() - random.f64() - random.f64()));
            }
            let found = plan.assessment.unwrap();
            found.verdict(plan.p_value(), effort.threshold)
                != crate::verdict::Verdict::NoChangeDetectable
        };
        assert!((0..12).filter(different).count() <= 1);
    }
}
