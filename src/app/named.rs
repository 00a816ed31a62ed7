//! What the settings name: models in their order, each with its driver, and what is known of them.

use anyhow::Context;
use model::catalog::Catalog;
use model::gateway::is_named;

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

/// Settings under which this model is asked as a caller of the API would have it: among those of the settings first. One
/// that they do not name is looked up in the tables, or asked for at the service that its driver or the usual one has.
/// Nobody needs the keys of services that others ask.
pub fn asking(mut config: Config, id: &str) -> anyhow::Result<Config> {
    let all = named(&config);
    let own = |(driver, own): &&(DriverName, String)| is_named(driver.as_str(), own, id);
    let with_driver = |(driver, id): &(DriverName, String)| format!("{}/{id}", driver.as_str());
    let mine: Vec<String> = all.iter().filter(own).map(with_driver).collect();
    if !mine.is_empty() {
        config.model.models = mine;
        return Ok(config);
    }
    if let Some((driver, _)) = of_driver(id) {
        config.model.driver = driver;
    }
    let usual = config.model.driver;
    // Of an account's own profile no table knows, and whoever has its ARN has it from there.
    if usual == DriverName::Embedded || id.contains("arn:aws") {
        config.model.models = vec![id.to_owned()];
        check_drivers(&config)?;
        return Ok(config);
    }
    config.gateway.any_model = true;
    config.model.models =
        all.iter().filter(|(driver, _)| *driver == usual).map(with_driver).collect();
    Ok(config)
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

/// What names no other driver than the embedded one would be answered by that, as if it were the model.
pub(super) fn check_drivers(config: &Config) -> anyhow::Result<()> {
    let embedded = DriverName::Embedded;
    let other = named(config)
        .into_iter()
        .find(|(driver, id)| *driver == embedded && id != embedded.as_str());
    let Some((_, id)) = other else { return Ok(()) };
    let catalog = catalog(config)?;
    let knows = |driver: &DriverName| catalog.knows(driver.as_str(), &id);
    let likely = DriverName::ALL.into_iter().find(knows).unwrap_or(DriverName::OpenAi).as_str();
    anyhow::bail!(
        "`{id}` is no model of the driver `embedded`: write its driver before it, as {likely}/{id}, or set `default_provider` under [model]"
    )
}

/// Whoever serves or reviews with models needs one; whoever lists them does not.
pub fn check_named(config: &Config) -> anyhow::Result<()> {
    check_drivers(config)?;
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
