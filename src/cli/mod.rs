//! The subcommands, and the one place where an error becomes an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Config, ConfigError};

pub mod cost;
mod logging;
pub mod review;
pub mod rules;
pub mod serve;

/// Reviews a pull request for performance, quality and environmental impact, with evidence.
#[derive(Debug, Parser)]
#[command(name = "eco-coder", version, arg_required_else_help = true)]
pub struct Cli {
    /// Settings of this deployment [default: eco-coder.toml, if it exists].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cost(cost::Arguments),
    Review(review::Arguments),
    Rules(rules::Arguments),
    Serve(serve::Arguments),
}

/// Why a command ended badly, by its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// 2: the input or the settings are at fault.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    /// 3: the outside world failed.
    #[error("{0:#}")]
    Outside(anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Outside(_) => ExitCode::from(3),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.into())
    }
}

/// Runs the command line to its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::Outside(error.into())),
    };
    match runtime.block_on(cli.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

impl Cli {
    async fn run(self) -> Result<(), Failure> {
        let environment = config::environment();
        logging::start(
            matches!(self.command, Command::Serve(_)),
            environment("ECO_CODER_LOG").as_deref(),
        );
        let load = || Config::load(self.config.as_deref(), &environment);
        match self.command {
            Command::Cost(arguments) => arguments.run(load()?).await,
            Command::Review(arguments) => arguments.run(load()?, &environment).await,
            Command::Rules(arguments) => arguments.run(),
            Command::Serve(arguments) => arguments.run(load()?).await,
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place that prints a failure")]
fn report(failure: &Failure) -> ExitCode {
    eprintln!("error: {failure}");
    failure.exit_code()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
