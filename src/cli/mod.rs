//! The subcommands, and the one place where an error becomes an exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{self, Config, ConfigError, Environment};

pub mod cost;
pub mod doctor;
pub mod footprint;
mod footprint_input;
#[cfg(feature = "aws")]
pub mod lambda;
mod logging;
pub mod invoke;
pub mod measure;
pub mod models;
mod models_agents;
mod models_bench;
mod models_cost;
mod models_key;
mod models_list;
mod models_serve;
mod models_table;
mod output;
pub mod review;
pub mod rules;
mod rules_catalog;
pub mod rules_measure;
mod rules_page;
pub mod scan;
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
    Doctor(doctor::Arguments),
    Footprint(footprint::Arguments),
    #[cfg(feature = "aws")]
    Lambda(lambda::Arguments),
    Invoke(invoke::Arguments),
    Measure(measure::Arguments),
    Models(models::Arguments),
    Review(review::Arguments),
    Rules(rules::Arguments),
    Scan(scan::Arguments),
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
    /// What is wrong stands on the page that was printed.
    #[error("exit code {0}")]
    Told(u8),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Outside(_) => ExitCode::from(3),
            Self::Told(code) => ExitCode::from(*code),
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
    let environment = config::environment();
    let cli = Cli::of_host(&environment).unwrap_or_else(Cli::parse);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::Outside(error.into())),
    };
    match runtime.block_on(cli.run(&environment)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

impl Cli {
    /// What to run where no arguments are given: a container's host tells by its environment what it wants. It also
    /// saves Lambda the making of the command line's parser.
    fn of_host(environment: &Environment) -> Option<Self> {
        if std::env::args_os().len() > 1 {
            return None;
        }
        #[cfg(feature = "aws")]
        if environment("AWS_LAMBDA_RUNTIME_API").is_some() {
            let command = Command::Lambda(lambda::Arguments::default());
            return Some(Self { config: None, command });
        }
        environment("ECO_CODER_AGENTCORE")?;
        Some(Self { config: None, command: Command::Serve(serve::Arguments::default()) })
    }

    async fn run(self, environment: &Environment) -> Result<(), Failure> {
        // What a service tells depends on its settings, so it starts that itself.
        if !self.command.is_service() {
            logging::for_command(environment);
        }
        let load = || Config::load(self.config.as_deref(), environment);
        match self.command {
            Command::Cost(arguments) => arguments.run(load()?).await,
            Command::Doctor(arguments) => arguments.run(load()).await,
            Command::Footprint(arguments) => arguments.run(environment).await,
            #[cfg(feature = "aws")]
            Command::Lambda(arguments) => arguments.run(load()?, environment).await,
            Command::Invoke(arguments) => arguments.run(load()?).await,
            Command::Measure(arguments) => arguments.run(environment).await,
            Command::Models(arguments) => arguments.run(load()?, environment).await,
            Command::Review(arguments) => Box::pin(arguments.run(load()?, environment)).await,
            Command::Rules(arguments) => arguments.run().await,
            Command::Scan(arguments) => arguments.run(load()?).await,
            Command::Serve(arguments) => arguments.run(load()?, environment).await,
        }
    }
}

impl Command {
    /// Whether what it tells is read by machines.
    fn is_service(&self) -> bool {
        match self {
            #[cfg(feature = "aws")]
            Self::Lambda(_) => true,
            Self::Serve(_) => true,
            Self::Models(arguments) => arguments.is_service(),
            Self::Cost(_)
            | Self::Doctor(_)
            | Self::Footprint(_)
            | Self::Invoke(_)
            | Self::Measure(_)
            | Self::Review(_)
            | Self::Rules(_)
            | Self::Scan(_) => false,
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place that prints a failure")]
fn report(failure: &Failure) -> ExitCode {
    if !matches!(failure, Failure::Told(_)) {
        eprintln!("error: {failure}");
    }
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
