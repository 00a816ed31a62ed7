//! What a run is asked to do: the facts that a model is told first, and that the planner plans from.

use std::collections::BTreeMap;

use contract::Binding;
use serde::{Deserialize, Serialize};

use super::memory::History;
use super::prompts;
use model::Conversation;

/// The facts of one review. All of it that comes from the pull request is untrusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub binding: Binding,
    pub base_sha: String,
    pub title: String,
    /// The changed files, up to `MOST_FILES`.
    pub files: Vec<TaskFile>,
    pub files_in_total: usize,
    /// `None` where there is no profile to ask for.
    pub profile: Option<ProfileWindow>,
    /// What one execution of the reviewed program takes, from the repository's settings.
    pub workload: Option<Workload>,
    /// What became of each rule's findings on earlier pull requests of the repository.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<String, History>,
    /// What a memory service concluded from earlier pull requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<String>,
    /// Whether the report is to be posted with `post_github_comment`.
    pub post: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFile {
    pub path: String,
    pub lines_changed: usize,
}

/// The arguments that `profile_code_performance` accepts in this run; times as RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileWindow {
    pub profiling_group_name: String,
    pub start_time: String,
    pub end_time: String,
}

/// CPU time and memory of one execution, and how many executions count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// `None`: taken from the profile.
    pub cpu_time_seconds: Option<f64>,
    pub ram_usage_mb: Option<f64>,
    pub aws_region: String,
    pub execution_count: u64,
}

/// More files than this are counted, not listed.
pub const MOST_FILES: usize = 300;

const OPEN: &str = "<task>";
const CLOSE: &str = "</task>";

impl Task {
    /// The message that opens the conversation.
    pub fn message(&self) -> String {
        // `<` is escaped so that no title or path can close the block early.
        let facts = serde_json::to_string_pretty(self).unwrap_or_default().replace('<', "\\u003c");
        format!("{}\n{OPEN}\n{facts}\n{CLOSE}\n", prompts::REVIEW.trim_end())
    }

    /// The task that a conversation opened with.
    pub fn of(conversation: &Conversation) -> Option<Self> {
        let opening = conversation.messages.first()?.text();
        let (_, rest) = opening.split_once(OPEN)?;
        let (facts, _) = rest.split_once(CLOSE)?;
        serde_json::from_str(facts).ok()
    }
}
