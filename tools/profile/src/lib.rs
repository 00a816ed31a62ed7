//! Profiles of a running program: read from files, turned into bottlenecks and a flame graph.
//!
//! A profile arrives as pprof, collapsed stacks, speedscope, `perf script` text, Python's cProfile or V8's cpuprofile;
//! each has a reader of its own, and all give [`contract::Samples`].

mod bottlenecks;
mod collapsed;
mod cprofile;
mod cpuprofile;
mod files;
mod flame_graph;
mod format;
mod function_name;
mod inflate;
mod marshal;
mod perf_script;
mod pprof;
mod share;
mod speedscope;
mod stack_table;
mod tool;

pub use bottlenecks::{Bottleneck, LineShare, TOP, functions, top};
pub use files::ProfileFiles;
pub use flame_graph::{FlameGraphError, FlameGraphs, render};
pub use format::{Format, ReadError, detect, read};
pub use share::find;
pub use tool::{PROFILE_FILES, ProfileCodePerformance};
