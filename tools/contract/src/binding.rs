//! What a run's tools are bound to: no argument that a model gives can point them elsewhere.

use serde::{Deserialize, Serialize};

use crate::ToolError;

/// The one repository, pull request and commit of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// `owner/name`.
    pub repository: String,
    /// What `analyze_code` must be given: the CodeGuru Reviewer association, or a name of our own.
    pub repository_arn: String,
    /// `None` for a review without a pull request.
    pub pull_request: Option<u64>,
    pub branch: String,
    pub head_sha: String,
    /// `None` where no profiling group is configured.
    pub profiling_group: Option<String>,
}

impl Binding {
    /// Refuses an argument that differs from what the run is bound to.
    pub fn check(name: &str, given: &str, bound: &str) -> Result<(), ToolError> {
        if given == bound {
            return Ok(());
        }
        Err(ToolError::tell(format!("`{name}` must be {bound:?} in this run")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_cannot_leave_the_run() {
        assert!(Binding::check("commit_sha", "abc", "abc").is_ok());
        let error = Binding::check("commit_sha", "def", "abc").unwrap_err();
        assert_eq!(error.to_string(), r#"`commit_sha` must be "abc" in this run"#);
    }
}
