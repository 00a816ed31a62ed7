//! One model of a benchmark, added up.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::run::{Contender, Trial, Trials};
use super::statistics::{mean, wilson};
use super::suite::Suite;
use crate::cost::percentile;

/// Grams of CO2e that so many tokens of a model's answers stand for; `None` where nobody knows.
pub type Footprint = dyn Fn(&str, u64) -> Option<Grams>;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Grams {
    pub low: f64,
    pub high: f64,
}

/// The smallest values that half, 95 % and 99 % do not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
}

/// The figures of one model. Its first five are what `models cost --bench` reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub model: String,
    /// Tasks that were asked; each counts once, however often it was repeated.
    pub tasks: u64,
    /// The mean score. What failed counts as wrong.
    pub quality: f64,
    pub low: f64,
    pub high: f64,
    pub driver: String,
    /// Tasks that were wholly right each time.
    pub right: u64,
    pub calls: u64,
    pub answered: u64,
    /// Of answered calls, as their caller waits for them.
    pub latency_ms: Option<Percentiles>,
    /// Of those that came in pieces.
    pub first_token_ms: Option<Percentiles>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Calls whose tokens the service did not count.
    pub estimated_calls: u64,
    /// Of answered calls with a known price; `None` where none has one.
    pub usd: Option<f64>,
    pub unpriced_calls: u64,
    /// Of the answers' tokens.
    pub co2e_grams: Option<Grams>,
    /// Calls that failed, by kind.
    pub errors: BTreeMap<&'static str, u64>,
    pub last_error: Option<String>,
    /// Why it was not asked everything.
    pub stopped: Option<String>,
    /// By the suite's groups, where anything of them was asked.
    pub groups: Vec<GroupScore>,
    pub scores: Vec<TaskScore>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupScore {
    pub group: String,
    pub tasks: u64,
    pub quality: f64,
}

/// The mean score of a task over its repetitions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskScore {
    pub task: String,
    pub score: f64,
}

impl Row {
    pub(super) fn of(
        suite: &Suite,
        contender: &Contender,
        trials: Trials,
        footprint: &Footprint,
    ) -> Self {
        let by_task = scores(suite.tasks.len(), &trials.all);
        let asked: Vec<f64> = by_task.iter().copied().flatten().collect();
        let quality = if asked.is_empty() { 0.0 } else { mean(&asked) };
        let interval = wilson(quality, asked.len());
        let sums = Sums::of(&trials.all);
        let known = contender.asks.is_ok().then(|| footprint(&contender.model, sums.output_tokens));
        Self {
            model: contender.model.clone(),
            tasks: asked.len() as u64,
            quality,
            low: interval.low,
            high: interval.high,
            driver: contender.driver.clone(),
            right: asked.iter().filter(|score| **score >= 1.0).count() as u64,
            calls: trials.all.len() as u64,
            answered: sums.answered,
            latency_ms: percentiles(sums.latencies),
            first_token_ms: percentiles(sums.firsts),
            input_tokens: sums.input_tokens,
            output_tokens: sums.output_tokens,
            estimated_calls: sums.estimated,
            usd: (sums.answered > sums.unpriced).then_some(sums.usd),
            unpriced_calls: sums.unpriced,
            co2e_grams: known.flatten().filter(|_| sums.answered > 0),
            errors: sums.errors,
            last_error: sums.last_error,
            stopped: trials.stopped,
            groups: groups(suite, &by_task),
            scores: tasks(suite, &by_task),
        }
    }

    /// US dollars of a thousand answers.
    pub fn usd_per_thousand(&self) -> Option<f64> {
        let priced = self.answered - self.unpriced_calls;
        self.usd.filter(|_| priced > 0).map(|usd| usd / priced as f64 * 1000.0)
    }
}

/// Of each task the mean over its repetitions; `None` where it was not asked.
fn scores(tasks: usize, trials: &[Trial]) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_u32); tasks];
    for trial in trials {
        let (task, score) = match trial {
            Trial::Answered { task, score, .. } => (*task, *score),
            Trial::Failed { task, .. } => (*task, 0.0),
        };
        if let Some((sum, count)) = sums.get_mut(task) {
            *sum += score;
            *count += 1;
        }
    }
    sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
}

fn groups(suite: &Suite, by_task: &[Option<f64>]) -> Vec<GroupScore> {
    let of = |at: usize| -> Vec<f64> {
        let tasks = suite.tasks.iter().zip(by_task).filter(|(task, _)| task.group == at);
        tasks.filter_map(|(_, score)| *score).collect()
    };
    let groups = suite.groups.iter().enumerate().map(|(at, group)| (group, of(at)));
    groups
        .filter(|(_, scores)| !scores.is_empty())
        .map(|(group, scores)| GroupScore {
            group: group.id.clone(),
            tasks: scores.len() as u64,
            quality: mean(&scores),
        })
        .collect()
}

fn tasks(suite: &Suite, by_task: &[Option<f64>]) -> Vec<TaskScore> {
    let asked = suite
        .tasks
        .iter()
        .zip(by_task)
        .filter_map(|(task, score)| score.map(|score| (task, score)));
    asked.map(|(task, score)| TaskScore { task: task.id.clone(), score }).collect()
}

#[derive(Default)]
struct Sums {
    answered: u64,
    latencies: Vec<Duration>,
    firsts: Vec<Duration>,
    input_tokens: u64,
    output_tokens: u64,
    estimated: u64,
    usd: f64,
    unpriced: u64,
    errors: BTreeMap<&'static str, u64>,
    last_error: Option<String>,
}

impl Sums {
    fn of(trials: &[Trial]) -> Self {
        let mut sums = Self::default();
        for trial in trials {
            match trial {
                Trial::Answered { latency, first, usage, usage_is_estimated, cost_usd, .. } => {
                    sums.answered += 1;
                    sums.latencies.push(*latency);
                    sums.firsts.extend(*first);
                    sums.input_tokens = sums.input_tokens.saturating_add(usage.told());
                    sums.output_tokens = sums.output_tokens.saturating_add(usage.output_tokens);
                    sums.estimated += u64::from(*usage_is_estimated);
                    sums.usd += cost_usd.unwrap_or_default();
                    sums.unpriced += u64::from(cost_usd.is_none());
                }
                Trial::Failed { kind, message, .. } => {
                    *sums.errors.entry(kind.as_str()).or_default() += 1;
                    sums.last_error = Some(message.clone());
                }
            }
        }
        sums
    }
}

fn percentiles(mut times: Vec<Duration>) -> Option<Percentiles> {
    times.sort_unstable();
    let at = |share| percentile(&times, share).map(|time: Duration| time.as_secs_f64() * 1e3);
    Some(Percentiles { p50: at(0.5)?, p95: at(0.95)?, p99: at(0.99)? })
}
