//! The drivers that the settings can name, each made once.

use std::sync::Arc;

use anyhow::Context;
use model::anthropic::{self, Anthropic};
use model::claude_cli::{self, ClaudeCli};
use model::embedded::Embedded;
use model::http::Client;
use model::openai::{self, OpenAi};
use model::{Conversation, ModelDriver};

use super::embedded_answer;
use crate::config::{Config, DriverName};

#[derive(Clone)]
pub(super) struct Drivers {
    made: Vec<(DriverName, Arc<dyn ModelDriver>)>,
}

impl Drivers {
    /// Those that the settings name, by themselves or before a model's id.
    pub(super) async fn new(config: &Config, wanted: &[DriverName]) -> anyhow::Result<Self> {
        let client = Client::new()?;
        let mut made: Vec<(DriverName, Arc<dyn ModelDriver>)> = Vec::new();
        for &name in wanted {
            if !made.iter().any(|(known, _)| *known == name) {
                made.push((name, driver(config, name, &client).await?));
            }
        }
        Ok(Self { made })
    }

    pub(super) fn get(&self, name: DriverName) -> Option<Arc<dyn ModelDriver>> {
        self.made.iter().find(|(known, _)| *known == name).map(|(_, driver)| driver.clone())
    }

    pub(super) fn all(&self) -> Vec<Arc<dyn ModelDriver>> {
        self.made.iter().map(|(_, driver)| driver.clone()).collect()
    }
}

async fn driver(
    config: &Config,
    name: DriverName,
    client: &Client,
) -> anyhow::Result<Arc<dyn ModelDriver>> {
    Ok(match name {
        DriverName::Embedded => {
            let analyzer = embedded_answer::analyzer()?;
            Arc::new(Embedded::new(Arc::new(move |conversation: &Conversation| {
                embedded_answer::answer(&analyzer, conversation)
            })))
        }
        DriverName::Bedrock => bedrock(config, client).await?,
        DriverName::Anthropic => Arc::new(anthropic(config, client)?),
        DriverName::OpenAi => Arc::new(openai(config, client)?),
        DriverName::ClaudeCli => {
            let mut settings = claude_cli::Settings::new(config.gateway.claude_environment.clone());
            if let Some(program) = &config.gateway.claude_cli.program {
                settings.program.clone_from(program);
            }
            Arc::new(ClaudeCli::new(settings))
        }
    })
}

#[cfg(feature = "bedrock")]
pub(super) async fn bedrock(
    config: &Config,
    client: &Client,
) -> anyhow::Result<Arc<dyn ModelDriver>> {
    use model::bedrock::wire::{Access, BedrockDriver, Settings};

    let sdk = super::sdk::sdk(config).await;
    let mut settings = Settings::of(sdk, super::CLOCK)?;
    if let Some(key) = &config.provider_keys.bedrock {
        settings.access = Access::Key(key.clone());
    }
    Ok(Arc::new(BedrockDriver::new(settings, client.clone())))
}

#[cfg(not(feature = "bedrock"))]
#[expect(clippy::unused_async, reason = "waits for AWS, where that is built in")]
pub(super) async fn bedrock(_: &Config, _: &Client) -> anyhow::Result<Arc<dyn ModelDriver>> {
    anyhow::bail!(
        "this build has no AWS in it, and the settings ask for Bedrock: build with the feature `bedrock`"
    )
}

fn anthropic(config: &Config, client: &Client) -> anyhow::Result<Anthropic> {
    let key = config.provider_keys.anthropic.clone();
    let key = key.context("the driver `anthropic` needs ANTHROPIC_API_KEY in the environment")?;
    let mut settings = anthropic::Settings::new(key);
    if let Some(url) = &config.gateway.anthropic.url {
        settings.base_url.clone_from(url);
    }
    Ok(Anthropic::new(client.clone(), settings)?)
}

fn openai(config: &Config, client: &Client) -> anyhow::Result<OpenAi> {
    let url = config.gateway.openai.url.clone();
    let url = url.or_else(|| {
        // A key without an address is OpenAI's own.
        config.provider_keys.openai.as_ref().map(|_| "https://api.openai.com/v1".to_owned())
    });
    let url = url.context("the driver `openai` needs the address of its server: `url` under [gateway.openai], as http://localhost:11434/v1, or OPENAI_BASE_URL")?;
    let mut settings = openai::Settings::new(url);
    settings.key.clone_from(&config.provider_keys.openai);
    Ok(OpenAi::new(client.clone(), settings)?)
}
