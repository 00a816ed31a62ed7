//! Measures what rules gain: runs a benchmark's two sides on a runtime of this machine and compares them.
//!
//! One program holds both sides. It makes sure that they return the same, warms up, and then times them in many rounds, each
//! side first as often as the other in random order, so that what else the machine does meets both alike. The samples are
//! compared here, round by round.

mod child;
mod machine;
mod program;
mod rows;
mod statistics;
mod toolchain;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

pub use self::child::ChildError;
use self::child::Limits;
pub use self::machine::Machine;
pub use self::program::{File, program};
pub use self::rows::{RowsError, is_measured, write_machine, write_rows};
use self::statistics::Comparison;
pub use self::toolchain::Toolchain;
use crate::evidence::Evidence;
use crate::rule::{Benchmark, Host, Runtime};

/// Several processes, as a process may be lucky or unlucky with where its memory lies.
const PROCESSES: u32 = 3;
/// Below this many pairs an interval says nothing.
const FEWEST_ROUNDS: usize = 5;
/// What starting, making the input and two calls may take beside the budget.
const GRACE: Duration = Duration::from_mins(1);
const TEMPORARY: &str = "temporary";
const BUILD: Limits = Limits { time: Duration::from_mins(3), bytes: 1024 * 1024 };

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Pairs of samples for each size.
    pub rounds: u32,
    /// Time for each size.
    pub budget: Duration,
}

impl Default for Effort {
    fn default() -> Self {
        Self { rounds: 30, budget: Duration::from_secs(5) }
    }
}

/// Where and when it was measured.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// As `2026-11-21`.
    pub day: String,
    /// The name of the machine's row.
    pub machine: String,
}

/// A benchmark that gives no evidence.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    #[error("`{rule}` on {runtime} cannot be built: {source}")]
    Build { rule: String, runtime: &'static str, source: ChildError },
    #[error("`{rule}` on {runtime} with n={n} cannot be run: {source}")]
    Run { rule: String, runtime: &'static str, n: u64, source: ChildError },
    #[error(
        "the sides of `{rule}` on {runtime} differ with n={n}: slow gives {slow}, fast gives {fast}"
    )]
    Differ { rule: String, runtime: &'static str, n: u64, slow: String, fast: String },
    #[error("`{rule}` on {runtime} with n={n} gave {rounds} rounds, too few to tell anything")]
    TooFew { rule: String, runtime: &'static str, n: u64, rounds: usize },
    #[error("no scratch folder: {0}")]
    Scratch(#[from] std::io::Error),
}

/// What a program prints, a line each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Sample { slow_ns: f64, fast_ns: f64 },
    Differ { slow: String, fast: String },
}

/// One benchmark of a rule, with what it takes to run it.
pub struct Measurement<'a> {
    pub rule_id: &'a str,
    pub benchmark: &'a Benchmark,
    pub toolchain: &'a Toolchain,
    pub effort: Effort,
    pub occasion: &'a Occasion,
}

impl Measurement<'_> {
    /// Measures every size; `on_size` is told each as it is done.
    pub async fn run(
        &self,
        mut on_size: impl FnMut(&Evidence),
    ) -> Result<Vec<Evidence>, MeasureError> {
        let scratch = tempfile::tempdir()?;
        std::fs::create_dir(scratch.path().join(TEMPORARY))?;
        for file in program(self.benchmark) {
            let path = scratch.path().join(file.name);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, file.text)?;
        }
        if let Some(build) = self.toolchain.build() {
            self.call(build, scratch.path(), BUILD).await.map_err(|source| {
                MeasureError::Build {
                    rule: self.rule_id.to_owned(),
                    runtime: self.runtime(),
                    source,
                }
            })?;
        }
        let mut rows = Vec::with_capacity(self.benchmark.sizes.len());
        for &n in &self.benchmark.sizes {
            let row = self.size(n, scratch.path()).await?;
            on_size(&row);
            rows.push(row);
        }
        Ok(rows)
    }

    async fn size(&self, n: u64, folder: &Path) -> Result<Evidence, MeasureError> {
        let mut random = fastrand::Rng::with_seed(n);
        let mut samples = Vec::new();
        for _ in 0..PROCESSES {
            let order = order(self.effort.rounds.div_ceil(PROCESSES), &mut random);
            samples.extend(self.samples(n, &order, folder).await?);
        }
        let rounds = samples.len();
        if rounds < FEWEST_ROUNDS {
            let (rule, runtime) = (self.rule_id.to_owned(), self.runtime());
            return Err(MeasureError::TooFew { rule, runtime, n, rounds });
        }
        let Comparison { slow_ns, fast_ns, ratio, low, high } = statistics::compare(&samples);
        Ok(Evidence {
            rule_id: self.rule_id.to_owned(),
            runtime: self.benchmark.runtime,
            version: self.toolchain.version.clone(),
            n,
            ratio,
            low,
            high,
            rounds,
            slow_ns,
            fast_ns,
            measured_on: self.occasion.day.clone(),
            machine: self.occasion.machine.clone(),
            benchmark: self.benchmark.fingerprint(),
        })
    }

    /// The samples of one process: slow and fast, ns.
    async fn samples(
        &self,
        n: u64,
        order: &str,
        folder: &Path,
    ) -> Result<Vec<(f64, f64)>, MeasureError> {
        let budget = self.effort.budget / PROCESSES;
        let (warm, limit) = self.shares(budget);
        // Samples overshoot by up to half of what they aim at.
        let sample = (limit / (3 * order.len() as u32)).max(Duration::from_millis(1));
        let nanoseconds = [sample, warm, limit].map(|time| time.as_nanos().to_string());
        let mut command = self.toolchain.start();
        command.arg(n.to_string()).arg(order).args(nanoseconds);
        let limits = Limits { time: budget + GRACE, bytes: 4 * 1024 * 1024 };
        let printed = self.call(command, folder, limits).await.map_err(|source| {
            MeasureError::Run { rule: self.rule_id.to_owned(), runtime: self.runtime(), n, source }
        })?;
        let mut samples = Vec::new();
        for line in printed.lines() {
            match serde_json::from_str(line) {
                Ok(Line::Sample { slow_ns, fast_ns }) => samples.push((slow_ns, fast_ns)),
                Ok(Line::Differ { slow, fast }) => {
                    let (rule, runtime) = (self.rule_id.to_owned(), self.runtime());
                    return Err(MeasureError::Differ { rule, runtime, n, slow, fast });
                }
                // What is measured may print too.
                Err(_) => {}
            }
        }
        samples.retain(|(slow, fast)| *slow > 0.0 && *fast > 0.0);
        Ok(samples)
    }

    /// What of a process's time each side has to warm up, and what both have for their samples.
    fn shares(&self, budget: Duration) -> (Duration, Duration) {
        match self.benchmark.runtime.host() {
            // What compiles while it runs is slow at first.
            Host::Java | Host::Kotlin | Host::Node => (budget * 2 / 7, budget * 3 / 7),
            _ => (budget / 7, budget * 5 / 7),
        }
    }

    async fn call(
        &self,
        mut command: Command,
        folder: &Path,
        limits: Limits,
    ) -> Result<String, ChildError> {
        // What a benchmark writes goes with the scratch folder. Go takes no program that lies in the temporary folder itself.
        command.current_dir(folder).env("TMPDIR", folder.join(TEMPORARY));
        child::run(command, limits).await
    }

    fn runtime(&self) -> &'static str {
        Runtime::name(self.benchmark.runtime)
    }
}

/// Which side comes first in each round, `s` or `f`: each as often as the other.
fn order(rounds: u32, random: &mut fastrand::Rng) -> String {
    let mut sides: Vec<char> =
        (0..rounds).map(|round| if round % 2 == 0 { 's' } else { 'f' }).collect();
    random.shuffle(&mut sides);
    sides.into_iter().collect()
}
