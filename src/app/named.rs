//! What the settings name: models in their order, each with its driver, and what is known of them.

use anyhow::Context;
use model::catalog::Catalog;

use crate::config::{Config, DriverName};

/// The models in their order, each with its driver: `openai/qwen3` names its own, `qwen3` means the usual one.
pub(super) fn named(config: &Config) -> Vec<(DriverName, String)> {
    let usual = config.model.driver;
    let mut ids: Vec<String> = config.model.models.clone();
    if ids.is_empty() {
        ids = match usual {
            DriverName::Embedded => vec!["embedded".to_owned()],
            DriverName::Bedrock => {
                model::catalog::default_models().iter().map(|&id| id.to_owned()).collect()
            }
            DriverName::Anthropic | DriverName::OpenAi | DriverName::ClaudeCli => Vec::new(),
        };
    }
    ids.into_iter().map(|id| of_driver(&id).unwrap_or((usual, id))).collect()
}

/// The models that this driver is asked for.
pub(super) fn ids_of(config: &Config, driver: DriverName) -> Vec<String> {
    named(config).into_iter().filter(|(name, _)| *name == driver).map(|(_, id)| id).collect()
}

/// `openai/qwen3`: a driver and its model.
pub(super) fn of_driver(id: &str) -> Option<(DriverName, String)> {
    let (name, rest) = id.split_once('/')?;
    let driver = DriverName::ALL.into_iter().find(|driver| driver.as_str() == name)?;
    Some((driver, rest.to_owned()))
}

/// Whoever serves or reviews with models needs one; whoever lists them does not.
pub(super) fn check_named(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        !named(config).is_empty(),
        "no model is named: set `models` under [model], as models = [\"qwen3\"]; `eco-coder models list` shows what the service has"
    );
    Ok(())
}

/// What is known of models: what comes with the program, and the operator's own file over it.
pub fn catalog(config: &Config) -> anyhow::Result<Catalog> {
    let bundled = Catalog::bundled();
    match &config.gateway.catalog {
        Some(path) => bundled.open(path).context("`catalog` under [gateway]"),
        None => Ok(bundled),
    }
}
