//! What a code review yields, whoever reviewed: the own analyzer or a service.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Binding, Change};

/// Reviews a change.
#[async_trait]
pub trait CodeReviewer: Send + Sync {
    async fn review(
        &self,
        binding: &Binding,
        change: &Arc<Change>,
    ) -> Result<CodeReview, ReviewError>;
}

/// A reviewer had nothing to give; the others still count.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReviewError(pub String);

/// One reviewer's answer, and what `analyze_code` returns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CodeReview {
    pub review_id: String,
    /// `Completed`, or `Partial` where a reviewer ran out of time or files were left out.
    pub status: String,
    /// What the change brings in: findings on lines that it touches.
    pub recommendations: Vec<Recommendation>,
    pub total_recommendations: usize,
    /// Findings of base that head no longer has.
    #[serde(default)]
    pub fixed: Vec<Recommendation>,
    /// Findings on lines that the change does not touch.
    #[serde(default)]
    pub existing: usize,
    /// Findings that a comment in the code silences.
    #[serde(default)]
    pub suppressed: usize,
    #[serde(default)]
    pub files_reviewed: usize,
    #[serde(default)]
    pub skipped: Vec<Skipped>,
    /// What the reader should know of how this came about.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A file that was not reviewed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

/// One finding of a reviewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    pub file_path: String,
    /// Counted from 1.
    pub start_line: u32,
    pub end_line: u32,
    pub severity: Severity,
    pub category: Category,
    /// What is there, and why it matters.
    pub description: String,
    /// What to do instead.
    pub recommendation: String,
    /// Id of the rule, as `query-in-loop`.
    pub rule_id: String,
    /// One line that names what was found.
    pub title: String,
    /// The flagged lines as they stand in the file, the first few of many, without their common indentation.
    pub excerpt: String,
    /// The function around it, where the language shows one; joins profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Why the finding weighs little, as `error path`: its code runs seldom and the harm comes with each execution, or few findings
    /// of its rule are worth a change. A profile may know better.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seldom: Option<String>,
    /// The same for the same finding although lines move: rule, path and flagged text, not line numbers.
    pub fingerprint: String,
    /// Documentation that holds the claim up.
    #[serde(default)]
    pub references: Vec<String>,
    /// Who found it: `analyzer` or `codeguru-reviewer`.
    pub source: String,
    /// Mends it; only where that was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// What following the advice has been measured to gain, where it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
}

/// Whole lines, and what to put in their place. It was tried: the file still parses, the finding is gone and no other came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// Counted from 1.
    pub start_line: u32,
    pub end_line: u32,
    /// The lines as they stand, without the last line break.
    pub before: String,
    /// The lines as they should be, without the last line break.
    pub text: String,
}

/// How many times as long the flagged form takes as the advised one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measured {
    /// For readers: `12x on CPython 3.11, n=10^4`.
    pub text: String,
    pub ratio: f64,
    /// 95 % interval of the ratio.
    pub low: f64,
    pub high: f64,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Category {
    CodeQuality,
    Security,
    Performance,
    BestPractices,
}
