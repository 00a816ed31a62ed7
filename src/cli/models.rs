//! `eco-coder models`: what concerns the models themselves, a subcommand each.

use clap::{Args, Subcommand};

use super::{
    Failure, models_agents, models_bench, models_cost, models_key, models_list, models_serve,
};
use crate::config::{Config, Environment};

/// Serve models, list them and the agents that ask them, compare them, make keys for clients, and say what calls cost.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Agents(models_agents::Arguments),
    Bench(models_bench::Arguments),
    Cost(models_cost::Arguments),
    Key(models_key::Arguments),
    List(models_list::Arguments),
    Serve(models_serve::Arguments),
}

impl Arguments {
    /// Whether what it tells is read by machines.
    pub(super) fn is_service(&self) -> bool {
        matches!(self.command, Command::Serve(_))
    }

    pub async fn run(self, config: Config, environment: &Environment) -> Result<(), Failure> {
        match self.command {
            Command::Agents(arguments) => arguments.run(&config),
            Command::Bench(arguments) => Box::pin(arguments.run(config)).await,
            Command::Cost(arguments) => arguments.run(config).await,
            Command::Key(arguments) => arguments.run(),
            Command::List(arguments) => arguments.run(config).await,
            Command::Serve(arguments) => arguments.run(config, environment).await,
        }
    }
}
