//! `analyze_code`: the reviewers of a run, offered to a model.

use std::sync::Arc;

use async_trait::async_trait;
use contract::{Binding, Change, CodeReviewer, Tool, ToolError, ToolSpec, parse_input, schema_of};
use futures::future::join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::merge::merge;

/// Reviews the run's change with every reviewer at once.
pub struct AnalyzeCode {
    pub binding: Binding,
    pub change: Arc<Change>,
    pub reviewers: Vec<Arc<dyn CodeReviewer>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The repository association, exactly as this run states it.
    repository_arn: String,
    /// The branch under review, exactly as this run states it.
    branch_name: String,
    /// The commit under review, exactly as this run states it.
    commit_sha: String,
}

#[async_trait]
impl Tool for AnalyzeCode {
    fn spec(&self) -> ToolSpec {
        let Binding { repository_arn, branch, head_sha, .. } = &self.binding;
        ToolSpec {
            name: "analyze_code".to_owned(),
            description: format!(
                "Reviews the change of this run and returns its findings: file, lines, severity, category, what is wrong and what \
                 to do instead. Pass repository_arn {repository_arn:?}, branch_name {branch:?} and commit_sha {head_sha:?}; no other \
                 values are accepted. Once is enough: the result does not change during a run."
            ),
            input_schema: schema_of::<Input>(),
        }
    }

    async fn call(&self, input: Value) -> Result<Value, ToolError> {
        let input: Input = parse_input(input)?;
        Binding::check("repository_arn", &input.repository_arn, &self.binding.repository_arn)?;
        Binding::check("branch_name", &input.branch_name, &self.binding.branch)?;
        Binding::check("commit_sha", &input.commit_sha, &self.binding.head_sha)?;
        let reviews = join_all(
            self.reviewers.iter().map(|reviewer| reviewer.review(&self.binding, &self.change)),
        )
        .await;
        serde_json::to_value(merge(reviews)).map_err(|error| ToolError::EndRun(Box::new(error)))
    }
}
