//! The wiring of the doctor: the clients that the service itself would use, with less patience.

#[cfg(feature = "aws")]
use std::sync::Arc;
use std::time::Duration;

use github::{Credentials, GitHub, Patience};
#[cfg(feature = "aws")]
use model::ModelDriver;
use secrecy::SecretString;

use super::model_drivers::Drivers;
use super::models::Models;
use super::named::{catalog, check_named, named};
use super::{CLOCK, secrets};
use crate::config::Config;
use crate::config::DriverName;
use crate::doctor::{Subject, Way};

#[cfg(feature = "aws")]
const CONNECT: Duration = Duration::from_secs(3);
/// Twice fits into the time of a look.
const ATTEMPT: Duration = Duration::from_millis(4500);

/// All that there is to look at.
pub async fn subject(config: Config, probe_model: bool) -> Subject {
    let (github, webhook_secrets) = tokio::join!(super::github(&config), webhook_secrets(&config));
    let models = Box::pin(models(&config)).await.map_err(|error| format!("{error:#}"));
    let anybody = GitHub::new(&config.github.api_url, Credentials::None, CLOCK);
    Subject {
        github: github.map(|github| hasty(&github)).map_err(|error| format!("{error:#}")),
        anybody: anybody.map(|anybody| hasty(&anybody)).map_err(|error| error.to_string()),
        webhook_secrets,
        clock: CLOCK,
        probe_model,
        #[cfg(feature = "aws")]
        sdk: sdk(&config).await,
        #[cfg(feature = "aws")]
        bedrock: bedrock(&config).await.map_err(|error| format!("{error:#}")),
        #[cfg(feature = "aws")]
        bedrock_models: of_bedrock(&config, &models),
        models,
        config,
    }
}

/// Whether the models can be opened, as far as that tells without asking anybody.
pub async fn models_offline(config: &Config) -> Result<(), String> {
    let opened = async {
        check_named(config)?;
        let agents = super::agents::configured(config, &catalog(config)?)?;
        let mut wanted: Vec<DriverName> = named(config).into_iter().map(|(name, _)| name).collect();
        wanted.extend(agents.definitions().iter().filter_map(super::agents::driver_of));
        // Where it is may have to be asked.
        wanted.retain(|name| *name != DriverName::Bedrock);
        Drivers::new(config, &wanted).await.map(drop)
    };
    opened.await.map_err(|error| format!("{error:#}"))
}

/// As a server opens them.
async fn models(config: &Config) -> anyhow::Result<Vec<Way>> {
    check_named(config)?;
    let models = Models::open(config, None).await?;
    let way = |route: &model::gateway::Route| Way {
        driver: route.driver.clone(),
        id: route.model.id.clone(),
    };
    Ok(models.gateway.routes().map(way).collect())
}

/// Those of agents, too. Where models cannot be opened, those of the settings are looked at all the same.
#[cfg(feature = "aws")]
fn of_bedrock(config: &Config, models: &Result<Vec<Way>, String>) -> Vec<String> {
    let Ok(ways) = models else { return super::named::ids_of(config, DriverName::Bedrock) };
    let bedrock = DriverName::Bedrock.as_str();
    let ways = ways.iter().filter(|way| way.driver.name() == bedrock);
    ways.map(|way| way.id.clone()).collect()
}

/// Whoever waits for an answer would rather hear at once that there is none.
fn hasty(github: &GitHub) -> GitHub {
    github.with_patience(Patience {
        attempt: ATTEMPT,
        max_wait: Duration::ZERO,
        ..Patience::default()
    })
}

async fn webhook_secrets(config: &Config) -> Result<Vec<SecretString>, String> {
    let Some(secret_id) = &config.webhook_secret_id else {
        return Ok(config.webhook_secrets.clone());
    };
    let text = super::secret(config, secret_id).await.map_err(|error| format!("{error:#}"))?;
    Ok([secrets::parts(&text), config.webhook_secrets.clone()].concat())
}

#[cfg(feature = "aws")]
async fn bedrock(config: &Config) -> anyhow::Result<Arc<dyn ModelDriver>> {
    super::model_drivers::bedrock(config, &model::http::Client::new()?).await
}

#[cfg(feature = "aws")]
async fn sdk(config: &Config) -> aws_config::SdkConfig {
    let timeouts = aws_config::timeout::TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    super::sdk::sdk(config)
        .await
        .to_builder()
        .retry_config(aws_config::retry::RetryConfig::standard().with_max_attempts(2))
        .timeout_config(timeouts)
        .build()
}
