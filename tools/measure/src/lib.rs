//! Base against head, measured side by side: two worktrees, interleaved runs, and a verdict that says its noise floor.
//!
//! [`measure`] does all of it. Its parts: `worktrees` checks out and cleans up, `run` runs a command once and reads the meters
//! of this machine, `plan` says which run comes next and when there are enough, `verdict` and [`statistics`] say what the pairs
//! mean, `report` shows it.

mod compare;
mod energy;
mod error;
mod git;
mod measure;
mod metric;
mod plan;
mod progress;
mod report;
mod request;
mod run;
pub mod statistics;
mod verdict;
mod warnings;
mod worktrees;

pub use self::energy::{EnergyDelta, EnergySource, Estimate, FrozenFactors};
pub use self::error::MeasureError;
pub use self::measure::measure;
pub use self::metric::{Metric, Sample};
pub use self::plan::{Plan, Step, Stopped, pairs_for};
pub use self::progress::Progress;
pub use self::report::{Callgrind, Failure, Machine, Measurement, Report, Revision};
pub use self::request::{Benchmark, Effort, Interrupt, Limits, Request, Side};
pub use self::verdict::{Assessment, Comparison, Pair, Verdict};
