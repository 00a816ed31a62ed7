//! `eco-coder models`: what concerns the models themselves, a subcommand each.

use clap::{Args, Subcommand};

use super::{Failure, models_cost};
use crate::config::Config;

/// Say what calls of models cost.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cost(models_cost::Arguments),
}

impl Arguments {
    pub async fn run(self, config: Config) -> Result<(), Failure> {
        match self.command {
            Command::Cost(arguments) => arguments.run(config).await,
        }
    }
}
