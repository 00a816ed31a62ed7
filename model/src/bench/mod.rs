//! The same labelled tasks over several models: what they got right, how long they took, and what they cost.
//!
//! A suite is a file of tasks, each with a label that a program checks; no model judges another. What every model is asked
//! is the same, in an order that a seed decides, and each alone: nothing answers in another's place.

mod answer;
mod estimate;
mod expected;
mod html;
mod pair;
mod plan;
mod plot;
mod report;
mod row;
mod run;
mod score;
mod statistics;
mod suite;
mod table;
mod written;
#[cfg(test)]
mod sample;

pub use estimate::Estimate;
pub use pair::Pair;
pub use report::{Asked, Own, Report};
pub use row::{Footprint, Grams, Percentiles, Row, TaskScore};
pub use run::{Contender, Progress, Ran, Settings, Trial, Trials, run};
pub use suite::{Group, Suite, SuiteError, Task};
