//! The texts of `prompts/`, embedded when compiling.

/// Who the agent is, and what it must not do.
pub const SYSTEM: &str = include_str!("../../prompts/system.md");
/// The task; the facts of the run follow it.
pub const REVIEW: &str = include_str!("../../prompts/review.md");
