//! Where jobs, runs and reports are kept: in one file, or in a table, a bucket and a queue.

use std::sync::Arc;

use model::budget::{Ledger, MemoryLedger};

use super::CLOCK;
use crate::config::Config;
use crate::queue::{Queue, SqliteQueue};
use crate::store::{Calls, Database, SqliteCalls, SqliteLedger, SqliteStore, Store};

/// What a server keeps.
pub(super) struct Kept {
    pub(super) queue: Arc<dyn Queue>,
    pub(super) store: Arc<dyn Store>,
    pub(super) file: File,
}

/// The part of it that is in this process's own file, which nobody else clears up. A table forgets by itself.
#[derive(Default)]
pub(super) struct File {
    pub(super) queue: Option<Arc<SqliteQueue>>,
    pub(super) store: Option<Arc<dyn Store>>,
    pub(super) database: Option<Database>,
}

impl Kept {
    /// Several servers may share a table; a file belongs to one.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        if config.aws.table.is_some() && config.aws.queue_url.is_some() {
            return shared(config).await;
        }
        let database = Database::open_exclusive(&config.database)?;
        let queue = Arc::new(SqliteQueue::new(database.clone()));
        // This process owns the file, so whoever held a lease is gone.
        let reclaimed = queue.reclaim(CLOCK()).await?;
        if reclaimed > 0 {
            tracing::info!(reclaimed, "jobs that were running when the last server ended");
        }
        if config.aws.table.is_some() {
            let store = shared_store(config).await?;
            return Ok(Self {
                queue: queue.clone(),
                store,
                file: File { queue: Some(queue), store: None, database: Some(database) },
            });
        }
        let store: Arc<dyn Store> = Arc::new(SqliteStore::new(database.clone()));
        Ok(Self {
            queue: queue.clone(),
            store: store.clone(),
            file: File { queue: Some(queue), store: Some(store), database: Some(database) },
        })
    }
}

/// What a server with these settings has kept; `None` if that is a file that it has not made yet.
pub(super) async fn store(config: &Config) -> anyhow::Result<Option<Arc<dyn Store>>> {
    if config.aws.table.is_some() {
        return shared_store(config).await.map(Some);
    }
    if !config.database.exists() {
        return Ok(None);
    }
    super::file_store(&config.database).map(Some)
}

/// The file for the calls of a command that asks models and ends, which a server may have open, too. It is made where the
/// settings name it, or cap what calls cost together, unless these calls cost nothing.
pub(super) fn file_for_calls(config: &Config, costs: bool) -> anyhow::Result<Option<Database>> {
    if config.aws.table.is_some() {
        return Ok(None);
    }
    let capped = config.gateway.caps.hold_over_calls();
    let is_made = costs && (capped || config.database_is_named);
    if !is_made && !config.database.exists() {
        return Ok(None);
    }
    match Database::open(&config.database) {
        Ok(file) => Ok(Some(file)),
        // Whoever may not write where a server writes may ask all the same, where nothing has to be counted.
        Err(error) if !capped => {
            tracing::warn!(%error, "what these calls cost is not written down");
            Ok(None)
        }
        Err(error) => {
            Err(anyhow::Error::from(error)
                .context("what calls cost is capped, and counted in a file"))
        }
    }
}

/// Where calls of models are written down: in the table that the settings name, for all processes with these settings;
/// else in the file that this process has open; else nowhere.
pub(super) async fn calls(
    config: &Config,
    file: Option<Database>,
) -> anyhow::Result<Option<Arc<dyn Calls>>> {
    if config.aws.table.is_some() {
        return shared_calls(config).await.map(Some);
    }
    Ok(file.map(|file| Arc::new(SqliteCalls::new(file)) as Arc<dyn Calls>))
}

/// What a process with these settings wrote down; `None` if that is a file that it has not made yet.
pub(super) async fn written_calls(config: &Config) -> anyhow::Result<Option<Arc<dyn Calls>>> {
    let is_in_file = config.aws.table.is_none() && config.database.exists();
    let file = is_in_file.then(|| Database::open(&config.database)).transpose()?;
    calls(config, file).await
}

/// Accounts of budgets: in the table that the settings name, for all processes with these settings; else in the file that
/// this process has open; else they end with it.
pub(super) async fn ledger(
    config: &Config,
    file: Option<&Database>,
) -> anyhow::Result<Arc<dyn Ledger>> {
    Ok(match file {
        _ if config.aws.table.is_some() => shared_ledger(config).await?,
        Some(file) => Arc::new(SqliteLedger::new(file.clone())),
        None => Arc::new(MemoryLedger::default()),
    })
}

#[cfg(feature = "aws")]
async fn shared(config: &Config) -> anyhow::Result<Kept> {
    Ok(Kept {
        queue: Arc::new(super::aws::queue(config).await?),
        store: Arc::new(super::aws::store(config).await?),
        file: File::default(),
    })
}

#[cfg(feature = "aws")]
async fn shared_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(super::aws::store(config).await?))
}

#[cfg(feature = "aws")]
async fn shared_ledger(config: &Config) -> anyhow::Result<Arc<dyn Ledger>> {
    Ok(Arc::new(super::aws::ledger(config).await?))
}

#[cfg(feature = "aws")]
async fn shared_calls(config: &Config) -> anyhow::Result<Arc<dyn Calls>> {
    Ok(Arc::new(super::aws::calls(config).await?))
}

#[cfg(not(feature = "aws"))]
const NO_AWS: &str = "the settings name a table in DynamoDB, and this build has no AWS in it";

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with the feature `aws`")]
async fn shared(_config: &Config) -> anyhow::Result<Kept> {
    anyhow::bail!(NO_AWS)
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with the feature `aws`")]
async fn shared_store(_config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::bail!(NO_AWS)
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with the feature `aws`")]
async fn shared_ledger(_config: &Config) -> anyhow::Result<Arc<dyn Ledger>> {
    anyhow::bail!(NO_AWS)
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with the feature `aws`")]
async fn shared_calls(_config: &Config) -> anyhow::Result<Arc<dyn Calls>> {
    anyhow::bail!(NO_AWS)
}
