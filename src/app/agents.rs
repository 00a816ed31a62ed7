//! The agents of the settings: read from their folder, each with a model that can be asked.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use carbon::CalculateCarbonFootprint;
use contract::Tool;
use model::catalog::{Catalog, default_models, nearest_of};
use model::definitions::{AgentDefinition, Agents, Defaults, Known, load};

use super::named::{ids_of, named};
use crate::agent::run::{ANALYZE, CARBON, MEASURED, POST, PROFILE};
use crate::config::{Config, DriverName};

/// The definition that leads reviews, where there is one.
pub(super) const REVIEWER: &str = "reviewer";
const TOOLS: [&str; 5] = [ANALYZE, PROFILE, CARBON, MEASURED, POST];

/// Before an agent's id, in place of a model.
pub use model::definitions::PREFIX;

/// Where whoever asks for agents by a command finds them if the settings name no folder.
const USUAL: &str = "agent-definitions";

/// The folder that the settings name, or the usual one.
pub fn folder(config: &Config) -> PathBuf {
    config.gateway.agents.clone().unwrap_or_else(|| PathBuf::from(USUAL))
}

/// The agents of that folder. The usual one need not be there.
pub fn in_folder(config: &Config, catalog: &Catalog) -> anyhow::Result<Vec<AgentDefinition>> {
    let folder = folder(config);
    if config.gateway.agents.is_none() && !folder.exists() {
        return Ok(Vec::new());
    }
    read(config, catalog, &folder)
}

/// No agents without the setting. A mistake in any of them is told with all others, and then there are none.
pub(super) fn configured(config: &Config, catalog: &Catalog) -> anyhow::Result<Agents> {
    let Some(folder) = &config.gateway.agents else { return Ok(agents(config, Vec::new())) };
    let read = read(config, catalog, folder)?;
    for line in doubts(&read, config) {
        tracing::warn!("{line}");
    }
    Ok(agents(config, read))
}

/// These agents, with what the settings say of every call. The other tools are bound to one pull request, and are offered
/// only there.
pub fn agents(config: &Config, definitions: Vec<AgentDefinition>) -> Agents {
    Agents::new(definitions, vec![CalculateCarbonFootprint::default().spec()])
        .with_parameters(config.model.parameters())
}

/// Every agent of a folder, with its model and driver.
pub fn read(
    config: &Config,
    catalog: &Catalog,
    folder: &Path,
) -> anyhow::Result<Vec<AgentDefinition>> {
    anyhow::ensure!(
        folder.is_dir(),
        "there is no folder {} with agents: name theirs by `agents` under [gateway], or leave it out",
        folder.display()
    );
    let known = Known { catalog, tools: &TOOLS, needs: &[(REVIEWER, &[ANALYZE, POST])] };
    let definitions = load(folder, &defaults(config), known).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  - {mistake}")).collect();
        anyhow!("the agents cannot be used:\n{}", lines.join("\n"))
    })?;
    definitions.into_iter().map(|definition| with_model(definition, config)).collect()
}

/// What is likely to be meant otherwise, a line each.
pub fn doubts(agents: &[AgentDefinition], config: &Config) -> Vec<String> {
    agents.iter().filter_map(|agent| doubt(agent, config)).collect()
}

/// A server and the program `claude` have names of their own, of which no table knows. But one that is spelled almost
/// as one of the settings is likely to be meant for it.
fn doubt(definition: &AgentDefinition, config: &Config) -> Option<String> {
    let driver = driver_of(definition)
        .filter(|driver| matches!(driver, DriverName::OpenAi | DriverName::ClaudeCli))?;
    let model = definition.model.as_ref()?;
    let of_driver = ids_of(config, driver);
    if of_driver.contains(model) {
        return None;
    }
    let near = nearest_of(model, of_driver.iter().map(String::as_str));
    let near = near.first()?;
    let (file, driver) = (definition.file.display(), driver.as_str());
    Some(format!(
        "{file}: the agent asks {driver} for `{model}`, which the settings do not name; did you mean {near}?"
    ))
}

/// What the settings say goes below what a definition says. What they do not say is left to the model.
fn defaults(config: &Config) -> Defaults {
    let driver = config.model.driver;
    let first = named(config).into_iter().find(|(name, _)| *name == driver);
    Defaults {
        driver: driver.as_str().to_owned(),
        model: first.map(|(_, id)| id),
        parameters: config.model.parameters(),
    }
}

/// An agent that names a driver and no model has the first of that driver that the settings name.
fn with_model(mut definition: AgentDefinition, config: &Config) -> anyhow::Result<AgentDefinition> {
    if definition.model.is_none() {
        let mut of_driver = named(config).into_iter();
        let first = of_driver.find(|(driver, _)| driver.as_str() == definition.driver);
        definition.model = first.map(|(_, id)| id).or_else(|| usual_model(&definition.driver));
    }
    if definition.model.is_none() {
        return Err(anyhow!(
            "{}: the agent names the driver {} and no model, and neither do the settings: name one in the file, or in `models` under [model]",
            definition.file.display(),
            definition.driver
        ));
    }
    Ok(definition)
}

fn usual_model(driver: &str) -> Option<String> {
    let bedrock = || default_models().first().map(|&id| id.to_owned());
    match driver {
        "embedded" => Some("embedded".to_owned()),
        "bedrock" => bedrock(),
        _ => None,
    }
}

/// The driver of a definition; its name was checked.
pub(super) fn driver_of(definition: &AgentDefinition) -> Option<DriverName> {
    DriverName::ALL.into_iter().find(|driver| driver.as_str() == definition.driver)
}
