//! The AWS parts: AgentCore, CodeGuru, Parameter Store, Secrets Manager.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use carbon::{CalculateCarbonFootprint, ParameterStore};
use contract::Cache;
use secrecy::SecretString;

use super::CLOCK;
use super::runtime::AgentRuntime;
use super::sdk::sdk;
use crate::agent::memory_agentcore::AgentCoreMemory;
use crate::config::Config;
use crate::queue::sqs::{self, SqsQueue};
use crate::review::Reviewer;
use crate::store::dynamodb::{self, DynamoStore};
use crate::store::{DynamoCalls, DynamoLedger};

const SECRET_DEADLINE: Duration = Duration::from_secs(10);

/// Adds what the settings switch on.
pub(super) async fn extend(mut reviewer: Reviewer, config: &Config) -> Reviewer {
    let sdk = sdk(config).await;
    let cache: Arc<dyn Cache> = reviewer.store.clone();
    if let Some(memory_id) = &config.aws.memory_id {
        reviewer.memory = Arc::new(AgentCoreMemory::new(sdk, memory_id));
    }
    if config.aws.carbon_parameters {
        let cache = cache.clone();
        reviewer.carbon = Arc::new(move || {
            let parameters = ParameterStore::new(sdk, Some(cache.clone()), CLOCK);
            CalculateCarbonFootprint::default().with_parameter_store(parameters)
        });
    }
    if let Some(association_arn) = &config.aws.codeguru_association_arn {
        let mut settings = codeguru::ReviewerSettings::new(association_arn.clone());
        if let Some(seconds) = config.aws.codeguru_seconds {
            settings.deadline = Duration::from_secs(seconds);
        }
        reviewer.reviewers.push(Arc::new(codeguru::Reviewer::new(
            sdk,
            settings,
            Some(cache),
            CLOCK,
        )));
    }
    if config.aws.codeguru_profiling_group.is_some() {
        reviewer.profiles.push(Arc::new(codeguru::Profiler::new(sdk)));
    }
    reviewer
}

/// Where workers hand their jobs to, if the settings name it. The runtime's own process never does.
pub(super) async fn runtime(config: &Config) -> Option<AgentRuntime> {
    let arn = config.aws.agent_runtime_arn.as_ref().filter(|_| !config.agentcore)?;
    Some(AgentRuntime::new(sdk(config).await, arn, CLOCK))
}

/// A secret's text.
pub(super) async fn secret(config: &Config, secret_id: &str) -> anyhow::Result<SecretString> {
    let client = aws_sdk_secretsmanager::Client::new(sdk(config).await);
    let call = client.get_secret_value().secret_id(secret_id).send();
    let answer = tokio::time::timeout(SECRET_DEADLINE, call)
        .await
        .context("Secrets Manager does not answer")?;
    let answer = answer.with_context(|| {
        format!("read the secret {secret_id} (the role needs secretsmanager:GetSecretValue)")
    })?;
    let text =
        answer.secret_string.with_context(|| format!("the secret {secret_id} holds no text"))?;
    Ok(SecretString::from(text))
}

/// The table with what is kept, and the bucket with what is too large for it.
pub(super) async fn store(config: &Config) -> anyhow::Result<DynamoStore> {
    let settings = dynamodb::Settings {
        table: table(config)?,
        bucket: config.aws.bucket.clone(),
        clock: CLOCK,
    };
    Ok(DynamoStore::new(sdk(config).await, settings))
}

/// Accounts of budgets in the table.
pub(super) async fn ledger(config: &Config) -> anyhow::Result<DynamoLedger> {
    Ok(DynamoLedger::new(sdk(config).await, table(config)?))
}

/// Calls of models in the table.
pub(super) async fn calls(config: &Config) -> anyhow::Result<DynamoCalls> {
    Ok(DynamoCalls::new(sdk(config).await, table(config)?, CLOCK))
}

/// Jobs in the table, and the queue that wakes workers.
pub(super) async fn queue(config: &Config) -> anyhow::Result<SqsQueue> {
    let settings = sqs::Settings {
        table: table(config)?,
        queue_url: named(config.aws.queue_url.as_ref(), "queue_url", "ECO_CODER_QUEUE_URL")?,
        dead_letter_queue_url: config.aws.dead_letter_queue_url.clone(),
    };
    Ok(SqsQueue::new(sdk(config).await, settings))
}

fn table(config: &Config) -> anyhow::Result<String> {
    named(config.aws.table.as_ref(), "table", "ECO_CODER_TABLE")
}

fn named(value: Option<&String>, key: &str, variable: &str) -> anyhow::Result<String> {
    value.cloned().with_context(|| format!("set `{key}` under [aws], or {variable}"))
}
