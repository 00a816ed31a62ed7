//! Runs one benchmark on both sides until there are enough pairs.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::MeasureError;
use crate::metric::Sample;
use crate::plan::{Plan, Step, Stopped};
use crate::progress::Progress;
use crate::request::{Benchmark, Effort, Interrupt, Side};
use crate::run::{Ending, Meters, Outcome, Program};
use crate::verdict::{Assessment, Pair};

/// What every command of a measurement is run with.
#[derive(Debug)]
pub(crate) struct Runner<'a> {
    pub(crate) meters: &'a Meters,
    pub(crate) hidden_variables: &'a [String],
    pub(crate) limit: Duration,
    pub(crate) interrupt: &'a Interrupt,
}

/// The pairs of one benchmark.
#[derive(Debug)]
pub(crate) struct Paired {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) asked: usize,
    pub(crate) stopped: Stopped,
    pub(crate) p_value: f64,
    pub(crate) assessment: Assessment,
}

impl Runner<'_> {
    /// Runs warm-ups, and then pairs as the plan says.
    pub(crate) fn compare(
        &self,
        benchmark: &Benchmark,
        folders: [&Path; 2],
        effort: &Effort,
        mut plan: Plan<'_>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Paired, MeasureError> {
        let start = Instant::now();
        on_progress(Progress::WarmingUp { benchmark: &benchmark.name });
        for round in 0..effort.warm_ups.max(1) {
            // Warm-ups that use up the time would leave nothing to measure.
            if round > 0 && start.elapsed() > plan.budget / 4 {
                break;
            }
            for side in Side::BOTH {
                let program = self.program(&benchmark.command, folders[side as usize]);
                // The first run shows whether there is such a program, which a control group's entrance would hide.
                let outcome = if round == 0 {
                    self.meters.try_out(&program)
                } else {
                    self.meters.run(&program)
                };
                self.sample(benchmark, side, outcome)?;
            }
        }
        let mut pairs: Vec<Pair> = Vec::new();
        let mut log_ratios = Vec::new();
        loop {
            let base_first = match plan.next(&log_ratios, pairs.len(), start.elapsed()) {
                Step::Pair { base_first } => base_first,
                Step::Stop(stopped) => return finish(benchmark, effort, &plan, pairs, stopped),
            };
            let first = if base_first { Side::Base } else { Side::Head };
            let one = |side: Side| {
                let program = self.program(&benchmark.command, folders[side as usize]);
                self.sample(benchmark, side, self.meters.run(&program))
            };
            let (earlier, later) = (one(first)?, one(first.other())?);
            let (base, head) = if base_first { (earlier, later) } else { (later, earlier) };
            let pair = Pair { base_first, base, head };
            log_ratios.extend(pair.log_ratio(effort.metric));
            pairs.push(pair);
            on_progress(Progress::Pair {
                benchmark: &benchmark.name,
                done: pairs.len(),
                asked: plan.asked,
                elapsed: start.elapsed(),
                budget: plan.budget,
            });
        }
    }

    /// Runs something whose cost is of no interest.
    pub(crate) fn prepare(
        &self,
        what: &str,
        side: Side,
        command: &[String],
        folder: &Path,
    ) -> Result<(), MeasureError> {
        let outcome = self.meters.try_out(&self.program(command, folder));
        self.ended_well(what, side, command, outcome).map(drop)
    }

    pub(crate) fn program<'b>(&'b self, command: &'b [String], folder: &'b Path) -> Program<'b> {
        Program {
            command,
            folder,
            hidden_variables: self.hidden_variables,
            limit: self.limit,
            interrupt: self.interrupt,
        }
    }

    fn sample(
        &self,
        benchmark: &Benchmark,
        side: Side,
        outcome: Result<Outcome, Ending>,
    ) -> Result<Sample, MeasureError> {
        let what = format!("benchmark {:?}", benchmark.name);
        self.ended_well(&what, side, &benchmark.command, outcome).map(|outcome| outcome.sample)
    }

    fn ended_well(
        &self,
        what: &str,
        side: Side,
        command: &[String],
        outcome: Result<Outcome, Ending>,
    ) -> Result<Outcome, MeasureError> {
        let what = what.to_owned();
        match outcome {
            Ok(outcome) if outcome.status.success() => Ok(outcome),
            Ok(Outcome { status, output, .. }) => {
                Err(MeasureError::Failed { what, side, status: status.to_string(), output })
            }
            Err(Ending::NoProgram) => {
                let program = command.first().cloned().unwrap_or_default();
                Err(MeasureError::MissingCommand { what, side, program })
            }
            Err(Ending::Start(source)) => Err(MeasureError::Start { what, side, source }),
            Err(Ending::TooLong { output }) => {
                Err(MeasureError::TooLong { what, side, limit: self.limit, output })
            }
            Err(Ending::Interrupted) => Err(MeasureError::Interrupted),
        }
    }
}

fn finish(
    benchmark: &Benchmark,
    effort: &Effort,
    plan: &Plan<'_>,
    pairs: Vec<Pair>,
    stopped: Stopped,
) -> Result<Paired, MeasureError> {
    let nothing = |why: String| MeasureError::NothingToCompare {
        what: format!("benchmark {:?}", benchmark.name),
        why,
    };
    let Some(assessment) = plan
        .assessment
        .filter(|_| pairs.iter().any(|pair| pair.log_ratio(effort.metric).is_some()))
    else {
        let name = effort.metric.name();
        let missing = pairs.iter().find_map(|pair| pair.base.missing.get(&effort.metric)).cloned();
        return Err(nothing(format!(
            "no pair has a value of {name} ({})",
            missing.unwrap_or_else(|| "it is nothing".to_owned())
        )));
    };
    Ok(Paired { pairs, asked: plan.asked, stopped, p_value: plan.p_value(), assessment })
}
