//! `eco-coder doctor`: looks at the settings and at everything that they name, and says each fix.

use clap::Args;

use super::{Failure, output};
use crate::app;
use crate::config::{Config, ConfigError};
use crate::doctor::Examination;

/// Look at the settings and at everything that they name, and say each fix. Nothing is changed.
///
/// Exit code 0: all is well; 1: there are warnings; 2: the settings are at fault; 3: something that they name is.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Look at the settings only, and ask nobody.
    #[arg(long)]
    offline: bool,
    /// Ask each model for one token, which costs a fraction of a cent.
    #[arg(long, conflicts_with = "offline")]
    probe_model: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl Arguments {
    pub async fn run(self, config: Result<Config, ConfigError>) -> Result<(), Failure> {
        let examination = match config {
            Err(error) => Examination::of_problems(&error.problems),
            Ok(config) if self.offline => {
                let models = Box::pin(app::doctor::models_offline(&config)).await;
                Examination::offline(&config, models)
            }
            Ok(config) => {
                let subject = Box::pin(app::doctor::subject(config, self.probe_model)).await;
                Examination::of(&subject).await
            }
        };
        let page = match self.format {
            Format::Text => examination.to_terminal(),
            Format::Json => serde_json::to_string_pretty(&examination)
                .map_err(|error| Failure::Outside(error.into()))?,
        };
        output::print_page(&page)?;
        match examination.exit_code() {
            0 => Ok(()),
            code => Err(Failure::Told(code)),
        }
    }
}
