//! What of AWS is used.

use serde::Deserialize;

use super::Environment;

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsConfig {
    /// Where this process runs. Taken from `AWS_REGION` too.
    pub region: Option<String>,
    /// An existing association of CodeGuru Reviewer with the repository.
    pub codeguru_association_arn: Option<String>,
    /// How long CodeGuru Reviewer may take; what it has found by then counts. Five minutes unless set.
    pub codeguru_seconds: Option<u64>,
    pub codeguru_profiling_group: Option<String>,
    /// Read carbon intensities from Parameter Store.
    pub carbon_parameters: bool,
    /// The DynamoDB table with jobs and runs. Set: the service keeps nothing in a file.
    pub table: Option<String>,
    /// The bucket with what is too large for the table.
    pub bucket: Option<String>,
    /// The SQS queue that wakes workers.
    pub queue_url: Option<String>,
    /// Where jobs end that were given up.
    pub dead_letter_queue_url: Option<String>,
    /// AgentCore Memory: what was learned of a repository. Unset: it is kept in the store.
    pub memory_id: Option<String>,
    /// Workers hand their jobs to this AgentCore runtime instead of running them.
    pub agent_runtime_arn: Option<String>,
}

impl AwsConfig {
    /// What is missing where several processes share their jobs.
    pub(super) fn problems(&self) -> Vec<String> {
        let needed = [
            ("table", &self.table, "ECO_CODER_TABLE", "table"),
            ("queue", &self.queue_url, "ECO_CODER_QUEUE_URL", "queue_url"),
        ];
        needed
            .into_iter()
            .filter(|(_, value, ..)| value.is_none())
            .map(|(what, _, variable, key)| {
                format!("no {what}: set `{key}` under [aws], or {variable}")
            })
            .collect()
    }
}

/// Lays the environment over the file.
pub(super) fn read(file: AwsConfig, environment: &Environment) -> AwsConfig {
    let named = |name: &str, file: Option<String>| environment(name).or(file);
    AwsConfig {
        region: named("AWS_REGION", file.region),
        codeguru_association_arn: named(
            "ECO_CODER_CODEGURU_ASSOCIATION_ARN",
            file.codeguru_association_arn,
        ),
        codeguru_seconds: file.codeguru_seconds,
        codeguru_profiling_group: named(
            "ECO_CODER_CODEGURU_PROFILING_GROUP",
            file.codeguru_profiling_group,
        ),
        carbon_parameters: file.carbon_parameters
            || environment("ECO_CODER_CARBON_PARAMETERS")
                .is_some_and(|value| value == "1" || value == "true"),
        table: named("ECO_CODER_TABLE", file.table),
        bucket: named("ECO_CODER_BUCKET", file.bucket),
        queue_url: named("ECO_CODER_QUEUE_URL", file.queue_url),
        dead_letter_queue_url: named("ECO_CODER_DEAD_LETTER_QUEUE_URL", file.dead_letter_queue_url),
        memory_id: named("ECO_CODER_MEMORY_ID", file.memory_id),
        agent_runtime_arn: named("ECO_CODER_AGENT_RUNTIME_ARN", file.agent_runtime_arn),
    }
}
