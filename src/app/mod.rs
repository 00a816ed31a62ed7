//! The wiring: fills in what each area asks for with real stores, drivers and clients.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use carbon::CalculateCarbonFootprint;
use contract::{Clock, Timestamp};
use futures::{FutureExt, TryFutureExt};
use github::{Credentials, GitHub};
use secrecy::SecretString;

use crate::agent::StoreMemory;
use crate::config::{Config, CredentialSource};
use crate::review::{Lead, Reviewer};
use crate::store::{Calls, Database, SqliteStore, Store};
use crate::telemetry::{Keep, Line, Telemetry};

pub mod agents;
mod any_model;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod batch;
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only Lambda has deadlines"))]
mod deadline;
pub mod bench;
pub mod doctor;
mod embedded_answer;
mod handover;
mod invocations;
mod leader;
pub mod listed;
mod model_drivers;
pub mod model_service;
pub mod models;
pub mod named;
mod observed;
mod words;
#[cfg(feature = "aws")]
mod event;
#[cfg(feature = "aws")]
mod http_event;
mod kept;
#[cfg(feature = "live")]
pub mod live;
#[cfg(feature = "aws")]
pub mod lambda;
#[cfg(feature = "aws")]
mod runtime;
#[cfg(feature = "aws")]
mod schedule;
#[cfg(feature = "bedrock")]
mod sdk;
mod routing;
mod secrets;
pub mod serve;
mod spending;
mod unpriced;
pub mod worker;

/// The clock of the whole process.
pub const CLOCK: Clock = Timestamp::now;

/// A reviewer with everything that the settings switch on, led by a model or by the embedded planner.
pub async fn reviewer(
    config: &Config,
    store: Arc<dyn Store>,
    telemetry: &Telemetry,
    lead: Option<Lead>,
) -> anyhow::Result<Reviewer> {
    let reviewer = Reviewer {
        memory: Arc::new(StoreMemory::new(store.clone())),
        recorder: telemetry.recorder(audit_trail(store.clone())),
        store,
        clock: CLOCK,
        lead,
        budget: config.budget.clone(),
        carbon: Arc::new(CalculateCarbonFootprint::default),
        reviewers: Vec::new(),
        profiles: Vec::new(),
        profiling_group: config.aws.codeguru_profiling_group.clone(),
        association_arn: config.aws.codeguru_association_arn.clone(),
        flame_graphs: config.flame_graphs.clone(),
        region: config.aws.region.clone(),
    };
    let wanted = config.aws.carbon_parameters
        || config.aws.memory_id.is_some()
        || config.aws.codeguru_association_arn.is_some()
        || config.aws.codeguru_profiling_group.is_some();
    if !wanted {
        return Ok(reviewer);
    }
    #[cfg(feature = "aws")]
    return Ok(aws::extend(reviewer, config).await);
    #[cfg(not(feature = "aws"))]
    anyhow::bail!(
        "this build has no AWS in it, and the settings ask for it: build with the feature `aws`"
    );
}

/// The audit trail lies beside the runs.
fn audit_trail(store: Arc<dyn Store>) -> Keep {
    Arc::new(move |line: Line| {
        let store = store.clone();
        let kept = async move {
            store.audit(&line.session_id, line.event_type, &line.json, line.at).await
        };
        kept.map_err(Into::into).boxed()
    })
}

/// GitHub's client with its credentials.
pub async fn github(config: &Config) -> anyhow::Result<GitHub> {
    let credentials = match &config.github.credentials {
        CredentialSource::Token(token) => Credentials::Token(token.clone()),
        CredentialSource::App { app_id, private_key } => {
            Credentials::App { app_id: *app_id, private_key_pem: private_key.clone() }
        }
        CredentialSource::SecretsManager { secret_id, app_id } => {
            let secret = secret(config, secret_id).await?;
            match app_id {
                Some(app_id) => Credentials::App { app_id: *app_id, private_key_pem: secret },
                None => Credentials::Token(secret),
            }
        }
        CredentialSource::None => Credentials::None,
    };
    Ok(GitHub::new(&config.github.api_url, credentials, CLOCK)?)
}

#[cfg(feature = "aws")]
async fn secret(config: &Config, secret_id: &str) -> anyhow::Result<SecretString> {
    aws::secret(config, secret_id).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with the feature `aws`")]
async fn secret(_config: &Config, secret_id: &str) -> anyhow::Result<SecretString> {
    anyhow::bail!(
        "the secret {secret_id} is in AWS Secrets Manager, and this build has no AWS in it"
    )
}

/// A store in a file, or one for a single review that nothing could resume.
pub fn store(file: Option<Database>) -> anyhow::Result<Arc<dyn Store>> {
    let store = match file {
        Some(file) => SqliteStore::new(file),
        None => SqliteStore::in_memory().context("open a store in memory")?,
    };
    Ok(Arc::new(store))
}

/// What a server with these settings has kept, in its table or its file; `None` before it has kept anything.
pub async fn kept_store(config: &Config) -> anyhow::Result<Option<Arc<dyn Store>>> {
    kept::store(config).await
}

/// What models were called for, in the table or the file of these settings; `None` before there is a file.
pub async fn kept_calls(config: &Config) -> anyhow::Result<Option<Arc<dyn Calls>>> {
    kept::written_calls(config).await
}

/// A store in a file, which may be shared with other processes.
pub fn file_store(path: &Path) -> anyhow::Result<Arc<dyn Store>> {
    store(Some(file(path)?))
}

/// A file of its own, in a folder that is made where there is none.
pub fn file(path: &Path) -> anyhow::Result<Database> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("make the folder {}", folder.display()))?;
    }
    Ok(Database::open(path)?)
}
