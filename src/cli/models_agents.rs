//! `eco-coder models agents`: the agents of a folder, checked.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use model::definitions::AgentDefinition;
use serde_json::{Value, json};

use super::{Failure, output};
use crate::app::agents;
use crate::app::named::catalog;
use crate::config::Config;

/// List the agents that calls may name, or say what is wrong with their files.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Their folder [default: `agents` under [gateway], or agent-definitions].
    folder: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn run(self, config: &Config) -> Result<(), Failure> {
        let catalog = catalog(config).map_err(Failure::Usage)?;
        let agents = match &self.folder {
            Some(folder) => agents::read(config, &catalog, folder),
            None => agents::in_folder(config, &catalog),
        };
        let (agents, folder) = (
            agents.map_err(Failure::Usage)?,
            self.folder.unwrap_or_else(|| agents::folder(config)),
        );
        for line in agents::doubts(&agents, config) {
            warn(&line);
        }
        let page = if self.json {
            let rows: Vec<Value> = agents.iter().map(row).collect();
            serde_json::to_string_pretty(&rows).map_err(|error| Failure::Outside(error.into()))?
        } else if agents.is_empty() {
            format!("{} holds no agents", folder.display())
        } else {
            table(&agents)
        };
        output::print_page(&page)
    }
}

#[expect(clippy::print_stderr, reason = "a word to the person at the terminal")]
fn warn(line: &str) {
    eprintln!("warning: {line}");
}

fn row(agent: &AgentDefinition) -> Value {
    json!({
        "id": agent.id,
        "name": agent.name,
        "description": agent.description,
        "driver": agent.driver,
        "model_id": agent.model,
        "params": agent.parameters,
        "tools": agent.tools,
        "file": agent.file,
    })
}

fn table(agents: &[AgentDefinition]) -> String {
    let width = agents.iter().map(|agent| agent.id.len()).max().unwrap_or(0);
    let mut page = String::new();
    for agent in agents {
        let asks = agent.asks().unwrap_or_default();
        let tools = match agent.tools.len() {
            0 => "no tools".to_owned(),
            _ => agent.tools.join(", "),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(page, "{:<width$}  {asks}; {tools}", agent.id);
        let _ = writeln!(page, "{:<width$}  {}", "", agent.description);
    }
    page
}
