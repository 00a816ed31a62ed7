//! Samples of a running program, whoever took them: a profiling service or a profile file.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Gives samples of where a program spends its time.
#[async_trait]
pub trait ProfileSource: Send + Sync {
    /// The samples for the request; `None` where this source has none for it.
    async fn samples(&self, request: &ProfileRequest) -> Result<Option<Samples>, ProfileError>;
}

/// A source had samples to give and could not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ProfileError(pub String);

/// Which samples are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRequest {
    pub profiling_group: String,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// Stacks with weights, from one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// What the samples came from, for the reader: `profiles/cpu.pb.gz (pprof)`.
    pub source: String,
    pub stacks: Vec<Stack>,
    /// Functions of a source that measures these and no stacks; their weight lies beside that of `stacks`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionCost>,
    /// Milliseconds of CPU time that one unit of weight stands for; `None` where weights are bare counts.
    pub ms_per_weight: Option<f64>,
    /// Total CPU time where the source states it apart from the stacks, ms.
    pub cpu_time_ms: Option<f64>,
    /// Peak or average memory where the source states it, MB.
    pub memory_mb: Option<f64>,
    /// What the source itself recommends, in its words.
    pub recommendations: Vec<String>,
    /// What the reader should know of how these samples came about.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// One call stack, outermost frame first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    pub frames: Vec<Frame>,
    pub weight: f64,
    /// How many samples the weight stands for.
    pub samples: u64,
}

/// What a source measured of one function.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FunctionCost {
    pub frame: Frame,
    /// Weight in the function itself.
    pub own: f64,
    /// Weight in the function and in what it calls; recursion counts once.
    pub total: f64,
    pub calls: u64,
}

/// One function in a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Frame {
    pub function: String,
    pub file: Option<String>,
    /// The line that ran.
    pub line: Option<u32>,
    /// The line on which the function begins: tells functions of one name in one file apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defined_at: Option<u32>,
}
