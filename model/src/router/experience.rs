//! What became of earlier decisions, per model, task and complexity.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::Timestamp;
use fastrand::Rng;
use serde::{Deserialize, Serialize};

use super::beta;
use super::capability::{self, WEIGHT};
use super::complexity::{Complexity, Task, Work};

/// A hundred models of every task and complexity; what is beyond is not learned of.
const MOST_ARMS: usize = 1_200;
const LONGEST_ID: usize = 2_048;
/// As many outcomes count; older ones fade, because models and services change. By time they fade besides.
const REMEMBERED: f64 = 200.0;
/// The upper bound of the first step of latencies, in milliseconds; each further is twice as long.
const FIRST_STEP: f64 = 250.0;
const STEPS: usize = 12;

/// After a day half of what failures and usable answers say has faded: services are down for hours, and a model that was
/// left for one that answers is asked too seldom to show by its own calls that it is back.
const USABLE_HALVES: Duration = Duration::from_hours(24);
/// How good, dear and slow answers are changes with versions and prices, over months; and few answers are judged.
const QUALITY_HALVES: Duration = Duration::from_hours(30 * 24);

/// What a model made of a task, by one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub at: Timestamp,
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
    /// Of the answers that could be used, which is what they weigh. Before it was kept, means were those of all outcomes.
    answers: Option<f64>,
    mean_cost_usd: f64,
    mean_latency_seconds: f64,
    /// How many were not longer than each step.
    latencies: [u64; STEPS],
    /// Until when all of this has faded.
    faded: Option<Timestamp>,
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
    /// What the means of cost and time weigh.
    pub answers: f64,
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
            arm.fade(outcome.at);
            arm.record(outcome);
        }
    }

    /// Learns from a judgment of what a model said, between 0 and 1. Answers that nobody judges leave it as it is.
    pub fn judge(&mut self, model_id: &str, work: Work, quality: f64, now: Timestamp) {
        if let Some(arm) = self.arm(model_id, work.task, work.complexity) {
            arm.fade(now);
            arm.judged = arm.judged.saturating_add(1);
            remember(&mut arm.good, &mut arm.bad, quality);
        }
    }

    /// What was written down before anything faded does so from now on. Whether there was such.
    pub fn date(&mut self, now: Timestamp) -> bool {
        let undated = self.arms.values_mut().filter(|arm| arm.faded.is_none());
        undated.map(|arm| arm.faded = Some(now)).count() > 0
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

    pub(super) fn expected(
        &self,
        model_id: &str,
        task: Task,
        complexity: Complexity,
        now: Timestamp,
    ) -> Expected {
        let prior = capability::prior(model_id, task, complexity);
        let known = self.arms.get(&key(model_id, task, complexity)).filter(|arm| arm.is_sound());
        let mut arm = known.cloned().unwrap_or_default();
        arm.fade(now);
        let answers = arm.answers();
        let seen = |mean: f64| (answers > 0.0).then_some(mean);
        Expected {
            good: prior * WEIGHT + arm.good,
            bad: (1.0 - prior) * WEIGHT + arm.bad,
            usable: WEIGHT + arm.usable,
            unusable: arm.unusable,
            outcomes: arm.outcomes,
            judged: arm.judged,
            failures: arm.failures,
            answers,
            cost_usd: seen(arm.mean_cost_usd),
            latency_seconds: seen(arm.mean_latency_seconds),
            latency_p90_seconds: seen(arm.p90()),
        }
    }
}

impl Arm {
    fn record(&mut self, outcome: &Outcome) {
        remember(&mut self.usable, &mut self.unusable, outcome.usable);
        self.outcomes = self.outcomes.saturating_add(1);
        // What failed took no money and little time, or all the time that there was: that says nothing about answers.
        if outcome.usable > 0.0 {
            self.count(outcome);
        } else {
            self.failures = self.failures.saturating_add(1);
        }
    }

    fn count(&mut self, outcome: &Outcome) {
        let answers = self.answers().min(REMEMBERED - 1.0) + 1.0;
        self.answers = Some(answers);
        let cost = if outcome.cost_usd.is_finite() { outcome.cost_usd.max(0.0) } else { 0.0 };
        self.mean_cost_usd += (cost - self.mean_cost_usd) / answers;
        let seconds = outcome.latency.as_secs_f64();
        self.mean_latency_seconds += (seconds - self.mean_latency_seconds) / answers;
        let step = (0..STEPS - 1).find(|&step| seconds <= bound(step)).unwrap_or(STEPS - 1);
        self.latencies[step] = self.latencies[step].saturating_add(1);
    }

    fn answers(&self) -> f64 {
        let all = || self.outcomes.saturating_sub(self.failures) as f64;
        self.answers.unwrap_or_else(|| all().min(REMEMBERED))
    }

    /// By the time since it last did. A clock that was set back undoes nothing.
    fn fade(&mut self, now: Timestamp) {
        let since = self.faded.map_or(Duration::ZERO, |faded| now.since(faded));
        self.faded = Some(self.faded.map_or(now, |faded| faded.max(now)));
        let kept = |halves: Duration| 0.5_f64.powf(since.as_secs_f64() / halves.as_secs_f64());
        let (usable, quality) = (kept(USABLE_HALVES), kept(QUALITY_HALVES));
        self.usable *= usable;
        self.unusable *= usable;
        self.good *= quality;
        self.bad *= quality;
        self.answers = Some(self.answers() * quality);
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
        shares.iter().chain(&means).chain(&self.answers).all(|value| (0.0..1e9).contains(value))
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
            at: NOW,
            model_id: "gpt-4o".to_owned(),
            task: SMALL.task,
            complexity: SMALL.complexity,
            usable,
            latency: Duration::from_secs(seconds),
            cost_usd: 0.01,
        }
    }

    const NOW: Timestamp = Timestamp(1_795_262_400_000);

    fn expected(experience: &Experience) -> Expected {
        expected_at(experience, NOW)
    }

    fn expected_at(experience: &Experience, now: Timestamp) -> Expected {
        experience.expected("gpt-4o", SMALL.task, SMALL.complexity, now)
    }

    #[test]
    fn a_timeout_is_a_failure_and_says_nothing_about_what_answers_take() {
        let mut experience = Experience::default();
        let before = expected(&experience);
        experience.record(&outcome(0.0, 30));
        let after = expected(&experience);
        assert!((after.unusable - before.unusable - 1.0).abs() < 1e-9);
        assert!((after.usable - before.usable).abs() < 1e-9);
        assert_eq!((after.failures, after.outcomes), (1, 1));
        assert_eq!((after.cost_usd, after.latency_seconds), (None, None));
        (0..3).for_each(|_| experience.record(&outcome(1.0, 4)));
        let well = expected(&experience);
        (0..3).for_each(|_| experience.record(&Outcome { cost_usd: 0.0, ..outcome(0.0, 1) }));
        let after = expected(&experience);
        assert_eq!((after.cost_usd, after.latency_seconds), (well.cost_usd, Some(4.0)));
        assert_eq!((after.latency_p90_seconds, after.answers), (Some(4.0), well.answers));
    }

    #[test]
    fn an_outage_is_forgotten_in_days_and_what_answers_are_like_in_months() {
        let mut experience = Experience::default();
        let unseen = expected(&experience).quality();
        (0..20).for_each(|_| experience.record(&outcome(0.0, 1)));
        experience.record(&outcome(1.0, 4));
        (0..20).for_each(|_| experience.judge("gpt-4o", SMALL, 0.9, NOW));
        let after = |days: u64| expected_at(&experience, NOW + Duration::from_hours(24 * days));
        assert!((after(1).unusable - after(0).unusable / 2.0).abs() < 1e-9);
        assert!(
            after(0).quality() < unseen / 2.0 && after(7).quality() > unseen,
            "{}",
            after(7).quality()
        );
        assert!((after(30).answers - 0.5).abs() < 1e-9);
        assert!(after(30).good > after(30).bad, "what was judged is still known");
        assert_eq!((after(30).cost_usd, after(30).failures), (after(0).cost_usd, 20));
        // A clock that goes back.
        assert!(
            (expected_at(&experience, Timestamp(0)).quality() - after(0).quality()).abs() < 1e-9
        );
    }

    #[test]
    fn what_was_written_down_before_it_faded_is_read_and_fades_from_then_on() {
        let written = r#"{"arms":{"gpt-4o Review Small":{"good":1.8,"bad":0.2,"usable":3.0,"unusable":1.0,"judged":2,"failures":1,"outcomes":4,"mean_cost_usd":0.01,"mean_latency_seconds":4.0,"latencies":[0,0,0,0,4,0,0,0,0,0,0,0]}}}"#;
        let mut experience: Experience = serde_json::from_str(written).unwrap();
        assert!(experience.date(NOW) && !experience.date(NOW));
        let read = expected(&experience);
        assert!((read.unusable - 1.0).abs() < 1e-9 && (read.answers - 3.0).abs() < 1e-9);
        assert_eq!((read.cost_usd, read.latency_seconds), (Some(0.01), Some(4.0)));
        let later = expected_at(&experience, NOW + Duration::from_hours(24));
        assert!((later.unusable - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_was_learned_survives_being_written_down() {
        let mut experience = Experience::default();
        for index in 0..50_u64 {
            experience.record(&outcome(f64::from(u8::from(index % 3 != 0)), 4));
            experience.judge("gpt-4o", SMALL, 0.75, NOW);
        }
        let text = serde_json::to_string(&experience).unwrap();
        assert_eq!(serde_json::from_str::<Experience>(&text).unwrap(), experience);
    }

    #[test]
    fn old_outcomes_fade() {
        let mut experience = Experience::default();
        for _ in 0..1000 {
            experience.record(&outcome(1.0, 1));
            experience.judge("gpt-4o", SMALL, 1.0, NOW);
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
            (0..50).for_each(|_| experience.judge("gpt-4o", SMALL, judged, NOW));
            let after = expected(&experience);
            assert!(seen.contains(&after.quality()), "{judged}: {}", after.quality());
            assert_eq!((after.outcomes, after.failures, after.judged), (0, 0, 50));
        }
    }

    #[test]
    fn nonsense_is_learned_as_a_bad_outcome() {
        let mut experience = Experience::default();
        experience.record(&Outcome { cost_usd: f64::NAN, ..outcome(f64::NAN, 1) });
        experience.judge("gpt-4o", SMALL, f64::INFINITY, NOW);
        let expected = expected(&experience);
        assert!(expected.quality().is_finite() && expected.cost_usd.is_none());
        assert!(expected.bad > 1.0 && expected.unusable > 0.9);
        experience.record(&Outcome { cost_usd: f64::NAN, ..outcome(1.0, 1) });
        assert_eq!(super::tests::expected(&experience).cost_usd, Some(0.0));
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
