//! What became of earlier decisions, per model, task and complexity.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::capability::{self, WEIGHT};
use super::complexity::{Complexity, Task};

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
    /// Between 0 and 1; `None` is a failure of whatever kind, a timeout too, and counts as 0.
    pub quality: Option<f64>,
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
struct Arm {
    good: f64,
    bad: f64,
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
    /// The Beta distribution of its quality.
    pub good: f64,
    pub bad: f64,
    pub outcomes: u64,
    pub failures: u64,
    /// `None` until something was seen.
    pub cost_usd: Option<f64>,
    pub latency_seconds: Option<f64>,
    pub latency_p90_seconds: Option<f64>,
}

impl Experience {
    /// Learns from one outcome. A failure is always learned of, whatever else is broken about the outcome.
    pub fn record(&mut self, outcome: &Outcome) {
        let key = key(&outcome.model_id, outcome.task, outcome.complexity);
        let full = self.arms.len() >= MOST_ARMS && !self.arms.contains_key(&key);
        if full || outcome.model_id.len() > LONGEST_ID {
            tracing::warn!(arms = self.arms.len(), "nothing is learned of a further model");
            return;
        }
        self.arms.entry(key).or_default().record(outcome);
    }

    /// Learns from an answer that nobody has judged: it is taken for as good as was thought before anything was seen,
    /// so that failures weigh as much as they are frequent.
    pub fn record_unjudged(&mut self, outcome: &Outcome) {
        let prior = capability::prior(&outcome.model_id, outcome.task, outcome.complexity);
        self.record(&Outcome { quality: Some(prior), ..outcome.clone() });
    }

    pub(super) fn expected(&self, model_id: &str, task: Task, complexity: Complexity) -> Expected {
        let prior = capability::prior(model_id, task, complexity);
        let arm = self.arms.get(&key(model_id, task, complexity)).filter(|arm| arm.is_sound());
        let seen = |of: fn(&Arm) -> f64| arm.filter(|arm| arm.outcomes > 0).map(of);
        Expected {
            good: prior * WEIGHT + arm.map_or(0.0, |arm| arm.good),
            bad: (1.0 - prior) * WEIGHT + arm.map_or(0.0, |arm| arm.bad),
            outcomes: arm.map_or(0, |arm| arm.outcomes),
            failures: arm.map_or(0, |arm| arm.failures),
            cost_usd: seen(|arm| arm.mean_cost_usd),
            latency_seconds: seen(|arm| arm.mean_latency_seconds),
            latency_p90_seconds: seen(Arm::p90),
        }
    }
}

impl Arm {
    fn record(&mut self, outcome: &Outcome) {
        // Neither not-a-number nor a quality above 1 is praise.
        let quality = outcome
            .quality
            .filter(|quality| quality.is_finite())
            .map_or(0.0, |quality| quality.clamp(0.0, 1.0));
        if self.good + self.bad + 1.0 > REMEMBERED {
            let kept = (REMEMBERED - 1.0) / (self.good + self.bad);
            self.good *= kept;
            self.bad *= kept;
        }
        self.good += quality;
        self.bad += 1.0 - quality;
        self.failures += u64::from(outcome.quality.is_none());
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
        [self.good, self.bad, self.mean_cost_usd, self.mean_latency_seconds]
            .iter()
            .all(|value| (0.0..1e9).contains(value))
    }
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

    fn outcome(quality: Option<f64>, seconds: u64) -> Outcome {
        Outcome {
            model_id: "gpt-4o".to_owned(),
            task: Task::Review,
            complexity: Complexity::Small,
            quality,
            latency: Duration::from_secs(seconds),
            cost_usd: 0.01,
        }
    }

    #[test]
    fn a_timeout_is_a_failure_and_takes_its_time() {
        let mut experience = Experience::default();
        let before = experience.expected("gpt-4o", Task::Review, Complexity::Small);
        experience.record(&outcome(None, 30));
        let after = experience.expected("gpt-4o", Task::Review, Complexity::Small);
        assert!((after.bad - before.bad - 1.0).abs() < 1e-9);
        assert!((after.good - before.good).abs() < 1e-9);
        assert_eq!((after.failures, after.outcomes), (1, 1));
        assert_eq!(after.latency_seconds, Some(30.0));
        assert_eq!(after.latency_p90_seconds, Some(32.0));
    }

    #[test]
    fn what_was_learned_survives_being_written_down() {
        let mut experience = Experience::default();
        for index in 0..50 {
            experience.record(&outcome((index % 3 != 0).then_some(0.75), index));
        }
        let text = serde_json::to_string(&experience).unwrap();
        assert_eq!(serde_json::from_str::<Experience>(&text).unwrap(), experience);
    }

    #[test]
    fn old_outcomes_fade() {
        let mut experience = Experience::default();
        let quality = |experience: &Experience| {
            let expected = experience.expected("gpt-4o", Task::Review, Complexity::Small);
            expected.good / (expected.good + expected.bad)
        };
        (0..1000).for_each(|_| experience.record(&outcome(Some(1.0), 1)));
        assert!(quality(&experience) > 0.95);
        (0..300).for_each(|_| experience.record(&outcome(None, 1)));
        assert!(quality(&experience) < 0.3, "{}", quality(&experience));
    }

    #[test]
    fn answers_that_nobody_judged_leave_the_quality_as_it_was_thought() {
        let mut experience = Experience::default();
        let quality = |experience: &Experience| {
            let expected = experience.expected("gpt-4o", Task::Review, Complexity::Small);
            expected.good / (expected.good + expected.bad)
        };
        let before = quality(&experience);
        (0..500).for_each(|_| experience.record_unjudged(&outcome(None, 1)));
        assert!((quality(&experience) - before).abs() < 1e-9);
        (0..100).for_each(|index| match index % 2 {
            0 => experience.record(&outcome(None, 1)),
            _ => experience.record_unjudged(&outcome(None, 1)),
        });
        assert!(quality(&experience) < before * 0.9, "half of the last ones failed");
    }

    #[test]
    fn nonsense_is_learned_as_a_bad_outcome() {
        let mut experience = Experience::default();
        let nonsense = Outcome { cost_usd: f64::NAN, ..outcome(Some(f64::NAN), 1) };
        experience.record(&nonsense);
        let expected = experience.expected("gpt-4o", Task::Review, Complexity::Small);
        assert!(expected.good.is_finite() && expected.cost_usd == Some(0.0));
        assert!(expected.bad > 1.0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut experience = Experience::default();
        for index in 0..2_000 {
            experience.record(&Outcome { model_id: format!("m{index}"), ..outcome(Some(1.0), 1) });
        }
        assert_eq!(experience.arms.len(), MOST_ARMS);
    }
}
