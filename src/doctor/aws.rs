//! What of AWS the settings name, and what its refusals mean.

use std::error::Error;

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use super::{
    Check, Look, Section, Subject, account, model, queue, quota, side_by_side, storage, tools,
};
use crate::config::{Config, CredentialSource, DriverName};

/// Sections AWS and Model.
pub(super) async fn sections(subject: &Subject) -> Vec<Section> {
    let config = &subject.config;
    let both = |aws, model| {
        vec![Section { title: "AWS", checks: aws }, Section { title: "Model", checks: model }]
    };
    if !is_used(config) && subject.bedrock_models.is_empty() {
        let aws = vec![Check::skipped("AWS", "nothing of the settings needs it")];
        return both(aws, vec![model::elsewhere(config.model.driver)]);
    }
    let (mut checks, can_ask) = account::look(&subject.sdk).await;
    if !can_ask {
        checks.push(Check::skipped("all else", "needs a region and credentials"));
        let model = if subject.bedrock_models.is_empty() {
            model::elsewhere(config.model.driver)
        } else {
            Check::skipped("models", "needs a region and credentials")
        };
        return both(checks, vec![model]);
    }
    let (aws, model) =
        tokio::join!(side_by_side(looks(subject)), side_by_side(model::looks(subject)));
    checks.extend(aws);
    both(checks, model)
}

fn looks(subject: &Subject) -> Vec<Look<'_>> {
    let (config, sdk) = (&subject.config.aws, &subject.sdk);
    let mut looks: Vec<Look<'_>> = Vec::new();
    if let Some(table) = &config.table {
        looks.push(("table", Box::pin(storage::table(sdk, table))));
        looks.push(("table expiry", Box::pin(storage::expiry(sdk, table))));
        looks.push(("table recovery", Box::pin(storage::recovery(sdk, table))));
    }
    if let Some(bucket) = &config.bucket {
        looks.push(("bucket", Box::pin(storage::bucket(sdk, bucket))));
        looks.push(("bucket privacy", Box::pin(storage::privacy(sdk, bucket))));
    }
    if let Some(url) = &config.queue_url {
        looks.push((
            "queue",
            Box::pin(queue::look(sdk, url, config.dead_letter_queue_url.as_deref())),
        ));
    }
    if let Some(url) = &config.dead_letter_queue_url {
        looks.push(("dead letters", Box::pin(queue::dead_letters(sdk, url))));
    }
    if config.table.is_some() {
        looks.push(("concurrency", Box::pin(quota::concurrency(sdk))));
    }
    looks.extend(tools::looks(subject));
    looks
}

fn is_used(config: &Config) -> bool {
    let aws = &config.aws;
    let named = [
        &config.webhook_secret_id,
        &aws.table,
        &aws.bucket,
        &aws.queue_url,
        &aws.dead_letter_queue_url,
        &aws.memory_id,
        &aws.agent_runtime_arn,
        &aws.codeguru_association_arn,
        &aws.codeguru_profiling_group,
    ];
    config.model.driver == DriverName::Bedrock
        || aws.carbon_parameters
        || matches!(config.github.credentials, CredentialSource::SecretsManager { .. })
        || named.iter().any(|name| name.is_some())
}

/// A question to AWS, and what is made of its refusal.
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    /// As `the table eco-coder`.
    pub(super) what: &'a str,
    /// What IAM must allow for the question.
    pub(super) action: &'a str,
    /// Whether the service itself needs this action. Otherwise its absence only keeps us from looking.
    pub(super) is_vital: bool,
    /// The fix where it does not exist.
    pub(super) absent: &'a str,
}

/// What a refusal is about.
pub(super) enum Refusal {
    Denied,
    Absent,
    Other(String),
}

impl Asked<'_> {
    pub(super) fn refused<E>(&self, error: &SdkError<E>) -> Check
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let allow = format!("allow {} for {}", self.action, self.what);
        match Refusal::of(error) {
            Refusal::Denied if self.is_vital => {
                Check::failed(self.name, format!("access to {} is denied", self.what), allow)
            }
            Refusal::Denied => {
                let seen = format!("{} may not be looked at", self.what);
                Check::skipped(self.name, seen).mended_by(allow)
            }
            Refusal::Absent => {
                Check::failed(self.name, format!("{} does not exist", self.what), self.absent)
            }
            Refusal::Other(why) => {
                let fix = "see that this machine can reach AWS; https://health.aws.amazon.com tells whether AWS is ill";
                Check::failed(self.name, format!("{}: {why}", self.what), fix)
            }
        }
    }
}

impl Refusal {
    pub(super) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().unwrap_or_default();
        // S3 answers HEAD without a body, so there the status alone tells.
        let status = error.raw_response().map(|response| response.status().as_u16());
        if code.contains("AccessDenied") || code.contains("NotAuthorized") || status == Some(403) {
            return Self::Denied;
        }
        let absent = ["NotFound", "NonExistentQueue", "QueueDoesNotExist", "NoSuch"];
        if absent.iter().any(|word| code.contains(word)) || status == Some(404) {
            return Self::Absent;
        }
        let told = error.message().map(ToOwned::to_owned);
        Self::Other(told.unwrap_or_else(|| innermost(error)))
    }
}

/// "connection refused" is wrapped several times.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
