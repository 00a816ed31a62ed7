//! What became of earlier decisions, per model, task and complexity.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use super::beta;
use super::capability::{self, WEIGHT};
use super::complexity::{Complexity, Task, Work};

/// A hundred models of every task and complexity; what is beyond is not learned of.
const MOST_ARMS: usize = 1_200;
const LONGEST_ID: usize = 2_048;
/// As many outcomes count; older ones fade, because models and services change.
const REMEMBERED: f64 = 200.0;
/// The upper bound of the first step of latencies, in milliseconds; each further is twice as long.
const FIRST_STEP: f64 = 250.0;
const STEPS: usize = 12;

/// What a model made of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub model_id: String,
    pub task: Task,
    pub complexity: Complexity,
    /// How much of the answer could be used, between 0 and 1; a failure of whatever kind, a timeout too, is 0.
    pub usable: f64,
    pub latency: Duration,
    pub cost_usd: f64,
}

/// All that was learned. Serializable: the caller keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    /// By `model task complexity`.
    arms: BTreeMap<String, Arm>,
}

/// One model at one task of one complexity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Arm {
    /// By judgments of what was said.
    good: f64,
    bad: f64,
    /// By the form of all answers.
    usable: f64,
    unusable: f64,
    judged: u64,
    failures: u64,
    outcomes: u64,
    mean_cost_usd: f64,
    mean_latency_seconds: f64,
    /// How many were not longer than each step.
    latencies: [u64; STEPS],
}

/// What is expected of a model, for one task of one complexity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// The Beta distribution of the quality of what it says,
    pub good: f64,
    pub bad: f64,
    /// and of the share of it that can be used at all.
    pub usable: f64,
    pub unusable: f64,
    pub outcomes: u64,
    pub judged: u64,
    pub failures: u64,
    /// `None` until something was seen.
    pub cost_usd: Option<f64>,
    pub latency_seconds: Option<f64>,
    pub latency_p90_seconds: Option<f64>,
}

impl Expected {
    /// The mean.
    pub(super) fn quality(&self) -> f64 {
        self.good / (self.good + self.bad) * self.usable / (self.usable + self.unusable)
    }

    /// What it may be, for exploring.
    pub(super) fn draw(&self, random: &mut Rng) -> f64 {
        let said = beta::draw(self.good, self.bad, random);
        // Until something could not be used, nothing speaks for less than all.
        if self.unusable > 0.0 {
            said * beta::draw(self.usable, self.unusable, random)
        } else {
            said
        }
    }
}

impl Experience {
    /// Learns from one answer, or from its absence: how usable it was, and what it took.
    pub fn record(&mut self, outcome: &Outcome) {
        let Outcome { model_id, task, complexity, .. } = outcome;
        if let Some(arm) = self.arm(model_id, *task, *complexity) {
            arm.record(outcome);
        }
    }

    /// Learns from a judgment of what a model said, between 0 and 1. Answers that nobody judges leave it as it is.
    pub fn judge(&mut self, model_id: &str, work: Work, quality: f64) {
        if let Some(arm) = self.arm(model_id, work.task, work.complexity) {
            arm.judged = arm.judged.saturating_add(1);
            remember(&mut arm.good, &mut arm.bad, quality);
        }
    }

    fn arm(&mut self, model_id: &str, task: Task, complexity: Complexity) -> Option<&mut Arm> {
        let key = key(model_id, task, complexity);
        let full = self.arms.len() >= MOST_ARMS && !self.arms.contains_key(&key);
        if full || model_id.len() > LONGEST_ID {
            tracing::warn!(arms = self.arms.len(), "nothing is learned of a further model");
            return None;
        }
        Some(self.arms.entry(key).or_default())
    }

    pub(super) fn expected(&self, model_id: &str, task: Task, complexity: Complexity) -> Expected {
        let prior = capability::prior(model_id, task, complexity);
        let arm = self.arms.get(&key(model_id, task, complexity)).filter(|arm| arm.is_sound());
        let seen = |of: fn(&Arm) -> f64| arm.filter(|arm| arm.outcomes > 0).map(of);
        Expected {
            good: prior * WEIGHT + arm.map_or(0.0, |arm| arm.good),
            bad: (1.0 - prior) * WEIGHT + arm.map_or(0.0, |arm| arm.bad),
            usable: WEIGHT + arm.map_or(0.0, |arm| arm.usable),
            unusable: arm.map_or(0.0, |arm| arm.unusable),
            outcomes: arm.map_or(0, |arm| arm.outcomes),
            judged: arm.map_or(0, |arm| arm.judged),
            failures: arm.map_or(0, |arm| arm.failures),
            cost_usd: seen(|arm| arm.mean_cost_usd),
            latency_seconds: seen(|arm| arm.mean_latency_seconds),
            latency_p90_seconds: seen(Arm::p90),
        }
    }
}

impl Arm {
    fn record(&mut self, outcome: &Outcome) {
        remember(&mut self.usable, &mut self.unusable, outcome.usable);
        self.failures += u64::from(outcome.usable <= 0.0);
        self.outcomes = self.outcomes.saturating_add(1);
        let share = 1.0 / (self.outcomes as f64).min(REMEMBERED);
        let cost = if outcome.cost_usd.is_finite() { outcome.cost_usd.max(0.0) } else { 0.0 };
        self.mean_cost_usd += (cost - self.mean_cost_usd) * share;
        let seconds = outcome.latency.as_secs_f64();
        self.mean_latency_seconds += (seconds - self.mean_latency_seconds) * share;
        let step = (0..STEPS - 1).find(|&step| seconds <= bound(step)).unwrap_or(STEPS - 1);
        self.latencies[step] = self.latencies[step].saturating_add(1);
    }

    /// The step within which nine of ten answers came.
    fn p90(&self) -> f64 {
        let all: u64 = self.latencies.iter().sum();
        let mut so_far = 0;
        for (step, count) in self.latencies.iter().enumerate() {
            so_far += count;
            if so_far * 10 >= all * 9 {
                return bound(step);
            }
        }
        bound(STEPS - 1)
    }

    /// A file may hold anything.
    fn is_sound(&self) -> bool {
        let shares = [self.good, self.bad, self.usable, self.unusable];
        let means = [self.mean_cost_usd, self.mean_latency_seconds];
        shares.iter().chain(&means).all(|value| (0.0..1e9).contains(value))
    }
}

/// One more share of good. Neither not-a-number nor more than 1 is praise.
fn remember(good: &mut f64, bad: &mut f64, share: f64) {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    if *good + *bad + 1.0 > REMEMBERED {
        let kept = (REMEMBERED - 1.0) / (*good + *bad);
        *good *= kept;
        *bad *= kept;
    }
    *good += share;
    *bad += 1.0 - share;
}

/// In seconds.
fn bound(step: usize) -> f64 {
    FIRST_STEP * f64::from(1_u32 << step) / 1000.0
}

fn key(model_id: &str, task: Task, complexity: Complexity) -> String {
    format!("{model_id} {task:?} {complexity:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Work = Work { task: Task::Review, complexity: Complexity::Small };

    fn outcome(usable: f64, seconds: u64) -> Outcome {
        Outcome {
            model_id: "gpt-4o".to_owned(),
            task: SMALL.task,
            complexity: SMALL.complexity,
            usable,
            latency: Duration::from_secs(seconds),
            cost_usd: 0.01,
        }
    }

    fn expected(experience: &Experience) -> Expected {
        experience.expected("gpt-4o", SMALL.task, SMALL.complexity)
    }

    #[test]
    fn a_timeout_is_a_failure_and_takes_its_time() {
        let mut experience = Experience::default();
        let before = expected(&experience);
        experience.record(&outcome(0.0, 30));
        let after = expected(&experience);
        assert!((after.unusable - before.unusable - 1.0).abs() < 1e-9);
        assert!((after.usable - before.usable).abs() < 1e-9);
        assert_eq!((after.failures, after.outcomes), (1, 1));
        assert_eq!(after.latency_seconds, Some(30.0));
        assert_eq!(after.latency_p90_seconds, Some(32.0));
    }

    #[test]
    fn what_was_learned_survives_being_written_down() {
        let mut experience = Experience::default();
        for index in 0..50 {
            experience.record(&outcome(f64::from(u8::from(index % 3 != 0)), index));
            experience.judge("gpt-4o", SMALL, 0.75);
        }
        let text = serde_json::to_string(&experience).unwrap();
        assert_eq!(serde_json::from_str::<Experience>(&text).unwrap(), experience);
    }

    #[test]
    fn old_outcomes_fade() {
        let mut experience = Experience::default();
        for _ in 0..1000 {
            experience.record(&outcome(1.0, 1));
            experience.judge("gpt-4o", SMALL, 1.0);
        }
        assert!(expected(&experience).quality() > 0.95);
        (0..300).for_each(|_| experience.record(&outcome(0.0, 1)));
        let after = expected(&experience).quality();
        assert!(after < 0.3, "{after}");
    }

    #[test]
    fn answers_that_nobody_judges_leave_the_quality_as_it_was_thought() {
        let mut experience = Experience::default();
        let before = expected(&experience);
        (0..500).for_each(|_| experience.record(&outcome(1.0, 1)));
        let after = expected(&experience);
        assert_eq!((after.good, after.bad, after.judged), (before.good, before.bad, 0));
        assert!((after.quality() - before.quality()).abs() < 1e-9);
        (0..100).for_each(|index| experience.record(&outcome(f64::from(index % 2), 1)));
        let after = expected(&experience).quality();
        assert!(after < before.quality() * 0.9, "half of the last ones failed: {after}");
    }

    #[test]
    fn judgments_move_the_quality_and_nothing_else() {
        for (judged, seen) in [(1.0, 0.9..1.0), (0.25, 0.25..0.4), (0.0, 0.0..0.2)] {
            let mut experience = Experience::default();
            (0..50).for_each(|_| experience.judge("gpt-4o", SMALL, judged));
            let after = expected(&experience);
            assert!(seen.contains(&after.quality()), "{judged}: {}", after.quality());
            assert_eq!((after.outcomes, after.failures, after.judged), (0, 0, 50));
        }
    }

    #[test]
    fn nonsense_is_learned_as_a_bad_outcome() {
        let mut experience = Experience::default();
        experience.record(&Outcome { cost_usd: f64::NAN, ..outcome(f64::NAN, 1) });
        experience.judge("gpt-4o", SMALL, f64::INFINITY);
        let expected = expected(&experience);
        assert!(expected.quality().is_finite() && expected.cost_usd == Some(0.0));
        assert!(expected.bad > 1.0 && expected.unusable > 0.9);
    }

    #[test]
    fn memory_is_bounded() {
        let mut experience = Experience::default();
        for index in 0..2_000 {
            experience.record(&Outcome { model_id: format!("m{index}"), ..outcome(1.0, 1) });
        }
        assert_eq!(experience.arms.len(), MOST_ARMS);
    }
}
