//! One measurement from end to end: worktrees, builds, benchmarks, verdicts.

use std::time::{Duration, Instant};

use crate::compare::{Paired, Runner};
use crate::energy::EnergySource;
use crate::error::MeasureError;
use crate::git::Repository;
use crate::metric::Metric;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{Callgrind, Failure, Machine, Measurement, Report, Revision};
use crate::request::{Benchmark, Request, Side};
use crate::run::{Meters, callgrind};
use crate::statistics::benjamini_hochberg;
use crate::verdict::Comparison;
use crate::warnings::warnings;
use crate::worktrees::{Worktrees, sweep};

/// Measures base against head. It blocks for as long as the runs take, and leaves neither worktree nor process behind.
///
/// A benchmark that fails does not take the others with it: it stands in [`Report::failed`]. Only when all of them fail is
/// the first one's failure the answer.
pub fn measure(
    request: &Request,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Report, MeasureError> {
    request.check()?;
    let left = sweep(&request.state);
    if left > 0 {
        on_progress(Progress::Swept { measurements: left });
    }
    let repository = Repository::open(&request.repository, &request.interrupt)?;
    let base = repository.commit(Side::Base, &request.base)?;
    let head = repository
        .commit(Side::Head, if request.self_check { &request.base } else { &request.head })?;
    let warnings = warnings(request, &repository, &base, &head)?;
    on_progress(Progress::CheckingOut { base: &base, head: &head });
    let worktrees = Worktrees::check_out(&repository, &request.state, &base, &head)?;
    let meters = Meters::of_this_machine();
    let session = Session { request, worktrees: &worktrees, meters: &meters };
    session.build(on_progress)?;
    let (paired, failed) = session.run_all(on_progress)?;
    let measured = session.conclude(paired, on_progress)?;
    let head_name = if request.self_check { &request.base } else { &request.head };
    Ok(Report {
        base: Revision { name: request.base.clone(), commit: base },
        head: Revision { name: head_name.clone(), commit: head },
        self_check: request.self_check,
        machine: Machine::here(meters.counting()),
        effort: request.effort.clone(),
        factors: request.factors.clone(),
        warnings,
        benchmarks: measured,
        failed,
    })
}

struct Session<'a> {
    request: &'a Request,
    worktrees: &'a Worktrees,
    meters: &'a Meters,
}

type AllPaired<'a> = Vec<(&'a Benchmark, Paired)>;

impl<'a> Session<'a> {
    fn build(&self, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), MeasureError> {
        let Some(command) = &self.request.build else { return Ok(()) };
        for side in Side::BOTH {
            on_progress(Progress::Building { side });
            self.runner(self.request.limits.build).prepare(
                "the build",
                side,
                command,
                &self.worktrees.path(side),
            )?;
        }
        Ok(())
    }

    fn run_all(
        &self,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(AllPaired<'a>, Vec<Failure>), MeasureError> {
        let count = self.request.benchmarks.len();
        let (mut done, mut failed, mut first) = (Vec::new(), Vec::new(), None);
        let mut left = self.request.effort.budget;
        for (index, benchmark) in self.request.benchmarks.iter().enumerate() {
            let budget = left / u32::try_from(count - index).unwrap_or(u32::MAX);
            let start = Instant::now();
            match self.run_one(benchmark, index, budget, on_progress) {
                Ok(paired) => done.push((benchmark, paired)),
                Err(MeasureError::Interrupted) => return Err(MeasureError::Interrupted),
                Err(error) => {
                    failed.push(Failure { name: benchmark.name.clone(), error: error.to_string() });
                    first = first.or(Some(error));
                }
            }
            left = left.saturating_sub(start.elapsed()).max(Duration::from_millis(1));
        }
        match first {
            Some(error) if done.is_empty() => Err(error),
            _ => Ok((done, failed)),
        }
    }

    fn run_one(
        &self,
        benchmark: &Benchmark,
        index: usize,
        budget: Duration,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Paired, MeasureError> {
        let folders = Side::BOTH.map(|side| self.worktrees.path(side));
        if let Some(setup) = &benchmark.setup {
            let what = format!("the setup of {:?}", benchmark.name);
            for side in Side::BOTH {
                on_progress(Progress::SettingUp { benchmark: &benchmark.name, side });
                self.runner(self.request.limits.build).prepare(
                    &what,
                    side,
                    setup,
                    &folders[side as usize],
                )?;
            }
        }
        let effort = &self.request.effort;
        let seed = effort.seed.wrapping_add(index as u64);
        let plan = Plan::new(effort, budget, self.request.benchmarks.len(), seed);
        let [base, head] = &folders;
        self.runner(self.request.limits.run).compare(
            benchmark,
            [base, head],
            effort,
            plan,
            on_progress,
        )
    }

    /// With the p-values of all benchmarks known, says a verdict for each.
    fn conclude(
        &self,
        all: AllPaired<'a>,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Measurement>, MeasureError> {
        let p_values: Vec<f64> = all.iter().map(|(_, paired)| paired.p_value).collect();
        let adjusted = benjamini_hochberg(&p_values);
        let mut measured = Vec::with_capacity(all.len());
        for ((benchmark, paired), p_value) in all.into_iter().zip(adjusted) {
            let callgrind = self.count(benchmark, on_progress)?;
            measured.push(self.measurement(benchmark, paired, p_value, callgrind));
        }
        Ok(measured)
    }

    fn measurement(
        &self,
        benchmark: &Benchmark,
        paired: Paired,
        p_value: f64,
        callgrind: Option<Callgrind>,
    ) -> Measurement {
        let effort = &self.request.effort;
        let compared = |metric| Comparison::new(metric, &paired.pairs, effort.threshold);
        let comparisons: Vec<Comparison> = Metric::ALL.into_iter().filter_map(compared).collect();
        let missing = Metric::ALL
            .into_iter()
            .filter(|metric| comparisons.iter().all(|found| found.metric != *metric));
        let why = |metric: Metric| {
            let said = paired
                .pairs
                .iter()
                .find_map(|pair| pair.base.missing.get(&metric).or(pair.head.missing.get(&metric)));
            said.cloned().unwrap_or_else(|| "it is nothing on one side".to_owned())
        };
        let missing = missing.map(|metric| (metric, why(metric))).collect();
        let found = |metric: Metric| comparisons.iter().find(|found| found.metric == metric);
        let energy = self.request.factors.as_ref().and_then(|factors| {
            let measured = found(Metric::Joules).map(|joules| (EnergySource::Measured, joules));
            let (source, found) =
                measured.or(found(Metric::CpuSeconds).map(|cpu| (EnergySource::CpuTime, cpu)))?;
            Some(factors.delta(source, found.base_median, found.change))
        });
        Measurement {
            name: benchmark.name.clone(),
            command: benchmark.command.clone(),
            verdict: paired.assessment.verdict(p_value, effort.threshold),
            p_value,
            pairs_asked: paired.asked,
            stopped: paired.stopped,
            comparisons,
            missing,
            energy,
            callgrind,
            pairs: paired.pairs,
        }
    }

    fn count(
        &self,
        benchmark: &Benchmark,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Option<Callgrind>, MeasureError> {
        if !self.request.callgrind {
            return Ok(None);
        }
        let mut counts = Vec::with_capacity(2);
        for side in Side::BOTH {
            on_progress(Progress::Counting { benchmark: &benchmark.name, side });
            let folder = self.worktrees.path(side);
            let runner = self.runner(self.request.limits.run);
            counts.push(callgrind(&runner.program(&benchmark.command, &folder)));
            if self.request.interrupt.is_set() {
                return Err(MeasureError::Interrupted);
            }
        }
        Ok(Some(match &counts[..] {
            [Ok(base), Ok(head)] => {
                Callgrind::Counted { base: *base, head: *head, change: head / base - 1.0 }
            }
            [Err(why), _] | [_, Err(why)] => Callgrind::Missing { why: why.clone() },
            _ => Callgrind::Missing { why: "not counted".to_owned() },
        }))
    }

    fn runner(&self, limit: Duration) -> Runner<'_> {
        Runner {
            meters: self.meters,
            hidden_variables: &self.request.hidden_variables,
            limit,
            interrupt: &self.request.interrupt,
        }
    }
}
