//! What to measure, and how much trouble to take over it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::energy::FrozenFactors;
use crate::error::MeasureError;
use crate::metric::Metric;

/// One of the two that are compared.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Base,
    Head,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Base, Self::Head];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Base => Self::Head,
            Self::Head => Self::Base,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Two revisions of a repository, and what to run in each.
#[derive(Debug, Clone)]
pub struct Request {
    /// A folder inside the repository.
    pub repository: PathBuf,
    /// Where worktrees stand while they are needed: a folder of its own, outside the repository, so that no build tool takes
    /// them for a part of it.
    pub state: PathBuf,
    /// Names of commits. Only what is committed is measured.
    pub base: String,
    pub head: String,
    /// Run once in each worktree before anything else.
    pub build: Option<Vec<String>>,
    pub benchmarks: Vec<Benchmark>,
    pub effort: Effort,
    pub limits: Limits,
    /// Base against base: what this machine shows where nothing differs.
    pub self_check: bool,
    /// Also count instructions by valgrind's callgrind, one run for each side.
    pub callgrind: bool,
    /// What turns the difference into joules and gCO2e.
    pub factors: Option<FrozenFactors>,
    /// Variables of this process that no command sees: secrets.
    pub hidden_variables: Vec<String>,
    pub interrupt: Interrupt,
}

impl Request {
    /// Base and head of a repository with the default effort; benchmarks are still to be added.
    pub fn new(repository: impl Into<PathBuf>, state: impl Into<PathBuf>) -> Self {
        Self {
            repository: repository.into(),
            state: state.into(),
            base: "HEAD^".to_owned(),
            head: "HEAD".to_owned(),
            build: None,
            benchmarks: Vec::new(),
            effort: Effort::default(),
            limits: Limits::default(),
            self_check: false,
            callgrind: false,
            factors: None,
            hidden_variables: Vec::new(),
            interrupt: Interrupt::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), MeasureError> {
        let wrong = |text: &str| Err(MeasureError::Request(text.to_owned()));
        if self.benchmarks.is_empty() {
            return wrong(
                "there is no benchmark: give a command after `--`, or name some in the settings",
            );
        }
        if self.benchmarks.len() > MOST_BENCHMARKS {
            return wrong("there are more than 200 benchmarks: measure the ones that matter");
        }
        let mut names: Vec<&str> = self.benchmarks.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        if let Some([twice, _]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return wrong(&format!("two benchmarks are named {twice:?}"));
        }
        let commands =
            self.benchmarks.iter().flat_map(|one| [Some(&one.command), one.setup.as_ref()]);
        let empty = |command: &Vec<String>| command.first().is_none_or(String::is_empty);
        if commands.chain([self.build.as_ref()]).flatten().any(empty) {
            return wrong("a command is empty");
        }
        self.factors.as_ref().map_or(Ok(()), FrozenFactors::check)?;
        self.effort.check()
    }
}

const MOST_BENCHMARKS: usize = 200;

/// Something to run on both sides.
#[derive(Debug, Clone, Default)]
pub struct Benchmark {
    pub name: String,
    /// Program and arguments, started in the worktree; no shell reads them.
    pub command: Vec<String>,
    /// Run once in each worktree before this benchmark.
    pub setup: Option<Vec<String>>,
}

/// How many runs, and what for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Effort {
    /// Runs of each side that are thrown away.
    pub warm_ups: u32,
    /// What the verdict is about.
    pub metric: Metric,
    /// The smallest change that is to be found, as a share: 0.05 is 5 %.
    pub effect: f64,
    /// A change below this share is none, however sure it is.
    pub threshold: f64,
    /// How often a change of just that size is found.
    pub power: f64,
    /// Pairs before the first look at them.
    pub least_pairs: usize,
    pub most_pairs: usize,
    /// For all benchmarks together, builds not included.
    pub budget: Duration,
    /// End as soon as the verdict is certain.
    pub early_stop: bool,
    /// Of the order within pairs.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            warm_ups: 2,
            metric: Metric::CpuSeconds,
            effect: 0.05,
            threshold: 0.02,
            power: 0.98,
            least_pairs: 16,
            most_pairs: 1_000,
            budget: Duration::from_mins(10),
            early_stop: true,
            seed: 0,
        }
    }
}

impl Effort {
    fn check(&self) -> Result<(), MeasureError> {
        let wrong = |text: String| Err(MeasureError::Request(text));
        let share = |value: f64| value > 0.0 && value < 1.0;
        if !share(self.effect) || !share(self.threshold) || !share(self.power) {
            return wrong("effect, threshold and power are shares between 0 and 1".to_owned());
        }
        if self.effect <= self.threshold {
            return wrong(format!(
                "a change of {} % cannot be found while changes below {} % count as none: ask for a larger effect or lower the threshold",
                self.effect * 100.0,
                self.threshold * 100.0
            ));
        }
        if self.least_pairs < FEWEST_PAIRS
            || self.most_pairs < self.least_pairs
            || self.most_pairs > 10_000
        {
            return wrong(format!(
                "pairs must be at least {FEWEST_PAIRS} and at most 10000, and the most not below the least"
            ));
        }
        if self.warm_ups > 1_000 || self.budget.is_zero() {
            return wrong(
                "there may be 1000 warm-ups, and the time budget must be more than nothing"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// With fewer pairs no pattern of signs is unlikely enough.
const FEWEST_PAIRS: usize = 8;

/// When a command has hung.
#[derive(Debug, Clone)]
pub struct Limits {
    pub run: Duration,
    pub build: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { run: Duration::from_mins(5), build: Duration::from_mins(30) }
    }
}

/// Set from elsewhere, it ends a measurement within a tenth of a second.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
