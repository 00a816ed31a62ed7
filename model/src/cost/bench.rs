//! How well models did on the same tasks, as `eco-coder models bench --format json` says it.

use serde::{Deserialize, Serialize};

/// One suite over several models.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// What was asked of all of them.
    pub suite: String,
    pub models: Vec<Benchmarked>,
}

/// One model of it. Quality is the share of tasks done right, a task done in part counting for that part, with its 95 %
/// interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Benchmarked {
    pub model: String,
    pub tasks: u64,
    pub quality: f64,
    pub low: f64,
    pub high: f64,
}

impl Benchmarked {
    /// Whether the figures can be what they are called. They come from a file.
    pub fn is_sound(&self) -> bool {
        0.0 <= self.low && self.low <= self.quality && self.quality <= self.high && self.high <= 1.0
    }
}
