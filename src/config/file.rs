//! The settings file, before the environment and flags are laid over it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Environment;
use super::aws::AwsConfig;
use super::gateway::GatewayConfig;
use super::github::GitHubTable;
use super::model::ModelConfig;
use super::telemetry::TelemetryTable;
use crate::agent::Budget;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) server: ServerTable,
    pub(super) github: GitHubTable,
    pub(super) model: ModelConfig,
    pub(super) gateway: GatewayConfig,
    pub(super) budget: Budget,
    pub(super) aws: AwsConfig,
    pub(super) telemetry: TelemetryTable,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServerTable {
    pub(super) listen: Option<String>,
    pub(super) database: Option<PathBuf>,
    pub(super) allow: Vec<String>,
    pub(super) webhook_secret_id: Option<String>,
    pub(super) review_drafts: bool,
    pub(super) agentcore: bool,
    pub(super) workers: Option<usize>,
    pub(super) flame_graphs: Option<PathBuf>,
    pub(super) flame_graphs_url: Option<String>,
}

pub(super) fn read(
    path: Option<&Path>,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> File {
    let named =
        path.map(Path::to_path_buf).or_else(|| environment("ECO_CODER_CONFIG").map(PathBuf::from));
    let path = named.clone().unwrap_or_else(|| PathBuf::from("eco-coder.toml"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            return File::default();
        }
        Err(error) => {
            problems.push(format!("{} cannot be read: {error}", path.display()));
            return File::default();
        }
    };
    toml::from_str(&text).unwrap_or_else(|error| {
        problems.push(format!(
            "{}: {}",
            path.display(),
            error.to_string().trim_end().replace('\n', "\n    ")
        ));
        File::default()
    })
}
