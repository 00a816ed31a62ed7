//! Amazon CodeGuru, for accounts that have it: Reviewer reviews a change, Profiler tells where a running service spends its time.
//!
//! Reviewer takes no new repositories since 2025-11-07, and both know only Java and Python, so each is an addition to
//! the tools of our own and never a condition for them.

mod reviewer;
mod findings;
mod name;
mod profiler;
mod callgraph;
mod decode;
mod depth;
mod patience;
mod failure;

pub use patience::{Wait, real_wait};
pub use profiler::Profiler;
pub use reviewer::{Reviewer, ReviewerSettings};
