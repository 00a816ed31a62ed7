//! `eco-coder models list`: what is configured, and what the services say that they serve.

use std::fmt::Write as _;

use anyhow::anyhow;
use clap::Args;

use super::{Failure, output};
use crate::app::listed::{self, ListedModel};
use crate::app::models::Models;
use crate::config::{Config, DriverName};

/// List the models that can be asked.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ask this driver instead of the one of the settings.
    #[arg(long, value_enum)]
    driver: Option<DriverName>,
    /// Only what the settings name; no service is asked.
    #[arg(long)]
    configured: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, mut config: Config) -> Result<(), Failure> {
        if let Some(driver) = self.driver
            && driver != config.model.driver
        {
            config.model.driver = driver;
            config.model.models.clear();
        }
        let mut listed = listed::configured(&config).map_err(Failure::Usage)?;
        let mut problems = Vec::new();
        if !self.configured {
            let models = Models::open(&config, None).await.map_err(Failure::Usage)?;
            let found = models.discover().await;
            listed.extend(found.models);
            problems = found.problems;
        }
        let page = if self.json {
            serde_json::to_string_pretty(&listed).map_err(|error| Failure::Outside(error.into()))?
        } else {
            table(&listed)
        };
        output::print_page(&page)?;
        if problems.is_empty() { Ok(()) } else { Err(Failure::Outside(not_all(&problems))) }
    }
}

/// What is configured is told all the same.
fn not_all(problems: &[String]) -> anyhow::Error {
    anyhow!(
        "not every service said what it serves (--configured asks none): {}",
        problems.join("; ")
    )
}

fn table(listed: &[ListedModel]) -> String {
    let width = listed.iter().map(|model| model.id.len()).max().unwrap_or(0);
    let mut page = String::new();
    for model in listed {
        let price = match (model.input_usd, model.output_usd) {
            _ if model.driver == DriverName::Embedded.as_str() => "costs nothing".to_owned(),
            (Some(input), Some(output)) => format!("${input} in, ${output} out a million tokens"),
            _ => "price not known".to_owned(),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            page,
            "{:<width$}  {:<11} {:<10}  {price}",
            model.id, model.source, model.driver
        );
    }
    if page.is_empty() {
        page.push_str("no model is configured, and the service lists none");
    }
    page
}
