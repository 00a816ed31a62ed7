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
pub(crate) enum Step {
    Pair { base_first: bool },
    Stop(Stopped),
}

/// The course of one comparison.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    effort: &'a Effort,
    pub(crate) budget: Duration,
    /// What all looks together may use: a share of the error rate for each benchmark.
    alpha: f64,
    random: fastrand::Rng,
    block: Vec<bool>,
    next_look: usize,
    pub(crate) asked: usize,
    spending: Spending,
    /// At the last look.
    pub(crate) assessment: Option<Assessment>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(effort: &'a Effort, budget: Duration, benchmarks: usize, seed: u64) -> Self {
        Self {
            effort,
            budget,
            alpha: ERROR_RATE / benchmarks.max(1) as f64,
            random: fastrand::Rng::with_seed(seed),
            block: Vec::new(),
            next_look: effort.least_pairs,
            asked: effort.least_pairs,
            spending: Spending::new(),
            assessment: None,
        }
    }

    /// The next step after these pairs, given the time that they and their warm-ups took.
    pub(crate) fn next(&mut self, log_ratios: &[f64], pairs: usize, elapsed: Duration) -> Step {
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
                self.spending.look(1.0);
                self.assessment = Some(Assessment::new(log_ratios));
                Step::Stop(stopped)
            }
        }
    }

    /// The p-value of the whole course: the smallest error rate at which its last look is a result.
    pub(crate) fn p_value(&self) -> f64 {
        self.assessment.as_ref().map_or(1.0, |found| self.spending.overall(found.p_value))
    }

    fn look(&mut self, log_ratios: &[f64], pairs: usize) -> Option<Stopped> {
        let found = Assessment::new(log_ratios);
        self.asked =
            pairs_for(found.scatter(), self.effort).clamp(self.effort.least_pairs, MOST_ASKED);
        if pairs >= self.asked {
            return Some(Stopped::Enough);
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
