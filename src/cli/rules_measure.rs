//! `eco-coder rules measure`: runs the benchmarks of rules on this machine, and keeps what they show.

use std::path::PathBuf;
use std::time::Duration;

use analyzer::measure::{
    Effort, Machine, Measurement, Occasion, Toolchain, is_measured, program, write_machine,
    write_rows,
};
use analyzer::{Analyzer, Benchmark, Evidence, RuleInfo, Runtime};
use anyhow::anyhow;
use clap::Args;

use super::Failure;
use super::rules::{Source, find};
use crate::app;

/// Measure what rules gain on the runtimes of this machine, and write it to the evidence.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rules to measure [default: all that have benchmarks].
    ids: Vec<String>,
    /// Only on this runtime: python, node, java, go, rust, ruby, php, cpp, kotlin or sqlite, or with a library numpy, pandas,
    /// requests, django, boto3, activerecord or react. May be repeated.
    #[arg(long = "runtime", value_name = "NAME")]
    runtimes: Vec<Runtime>,
    /// How often both sides are timed, for each size of the input.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(6..=10_000))]
    rounds: u32,
    /// Seconds for each size of the input.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    budget: u32,
    /// Only what has no evidence yet, or has changed since.
    #[arg(long)]
    missing: bool,
    /// Where the evidence is kept.
    #[arg(long, value_name = "FOLDER", default_value = "tools/analyzer/evidence")]
    evidence: PathBuf,
    /// What to remark on this machine, where it is described for the first time.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Print the programs instead of running them.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    source: Source,
}

/// A benchmark and its rule.
type Job<'a> = (&'a RuleInfo, &'a Benchmark);

impl Arguments {
    pub async fn run(&self) -> Result<(), Failure> {
        let analyzer = self.source.analyzer()?;
        let jobs = self.jobs(&analyzer)?;
        if self.dry_run {
            show(&jobs);
            return Ok(());
        }
        if !self.evidence.is_dir() {
            let folder = self.evidence.display();
            return Err(Failure::Usage(anyhow!(
                "there is no folder {folder}; name one with --evidence"
            )));
        }
        let toolchains = self.toolchains(&jobs).await?;
        self.measure(&jobs, &toolchains).await
    }

    fn jobs<'a>(&self, analyzer: &'a Analyzer) -> Result<Vec<Job<'a>>, Failure> {
        for id in &self.ids {
            find(analyzer, id)?;
        }
        let asked =
            analyzer.rules().filter(|rule| self.ids.is_empty() || self.ids.contains(&rule.id));
        let jobs =
            asked.flat_map(|rule| rule.benchmarks.iter().map(move |benchmark| (rule, benchmark)));
        let jobs = jobs.filter(|(_, benchmark)| {
            self.runtimes.is_empty() || self.runtimes.contains(&benchmark.runtime)
        });
        let jobs: Vec<Job> =
            jobs.filter(|(rule, benchmark)| !self.is_done(rule, benchmark)).collect();
        if jobs.is_empty() && !self.missing {
            return Err(Failure::Usage(anyhow!("none of these rules has a benchmark to run")));
        }
        Ok(jobs)
    }

    fn is_done(&self, rule: &RuleInfo, benchmark: &Benchmark) -> bool {
        self.missing && is_measured(&self.evidence, &rule.id, benchmark)
    }

    /// The runtimes that the jobs need, as far as they are here. One that was asked for by name must be.
    async fn toolchains(&self, jobs: &[Job<'_>]) -> Result<Vec<Toolchain>, Failure> {
        let mut found = Vec::new();
        for runtime in Runtime::ALL {
            let needed = jobs.iter().filter(|(_, benchmark)| benchmark.runtime == runtime).count();
            if needed == 0 {
                continue;
            }
            let missing = format!(
                "{} is not on this machine: it takes {}",
                runtime.name(),
                Toolchain::needs(runtime)
            );
            match Toolchain::find(runtime).await {
                Some(toolchain) => found.push(toolchain),
                None if self.runtimes.contains(&runtime) => {
                    return Err(Failure::Outside(anyhow!(missing)));
                }
                None => say(&format!("{missing}; benchmarks left out: {needed}")),
            }
        }
        if found.is_empty() && !jobs.is_empty() {
            return Err(Failure::Outside(anyhow!(
                "no runtime of these benchmarks is on this machine"
            )));
        }
        Ok(found)
    }

    async fn measure(&self, jobs: &[Job<'_>], toolchains: &[Toolchain]) -> Result<(), Failure> {
        let day = (app::CLOCK)().rfc3339().chars().take(10).collect::<String>();
        let machine = Machine::here(&day, &self.note);
        let occasion = Occasion { day, machine: machine.name.clone() };
        let effort =
            Effort { rounds: self.rounds, budget: Duration::from_secs(self.budget.into()) };
        let mut failed = 0;
        for (number, (rule, benchmark)) in jobs.iter().enumerate() {
            let toolchain = toolchains.iter().find(|known| known.runtime == benchmark.runtime);
            let Some(toolchain) = toolchain else { continue };
            let measurement = Measurement {
                rule_id: &rule.id,
                benchmark,
                toolchain,
                effort,
                occasion: &occasion,
            };
            let place = format!("[{}/{}] {}", number + 1, jobs.len(), rule.id);
            match measurement.run(|row| say(&format!("{place}: {}", describe(row)))).await {
                Ok(rows) => write_rows(&self.evidence, benchmark.runtime, &rows)
                    .and_then(|()| write_machine(&self.evidence, &machine))
                    .map_err(|error| Failure::Outside(error.into()))?,
                Err(error) => {
                    failed += 1;
                    say(&format!("{place}: {error}"));
                }
            }
        }
        match failed {
            0 => Ok(()),
            failed => Err(Failure::Usage(anyhow!(
                "{failed} of {} benchmarks gave no evidence",
                jobs.len()
            ))),
        }
    }
}

fn describe(row: &Evidence) -> String {
    let weak = if row.is_weak() { ", may be no gain" } else { "" };
    format!("{} ({}{weak})", row.text(), row.interval())
}

#[expect(clippy::print_stdout, reason = "what was asked for")]
fn show(jobs: &[Job<'_>]) {
    for (rule, benchmark) in jobs {
        for file in program(benchmark) {
            println!("===== {} {} =====\n{}", rule.id, file.name, file.text.trim_end());
        }
    }
}

#[expect(clippy::print_stderr, reason = "progress, for the person who waits")]
fn say(line: &str) {
    eprintln!("{line}");
}
