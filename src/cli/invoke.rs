//! `eco-coder invoke`: one question to a model, from a shell.

use std::io::{IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use clap::Args;
use futures::StreamExt;
use model::catalog::Catalog;
use model::definitions::Agents;
use model::gateway::AUTO;
use model::invoke::{Envelope, Failure as Refused, Request};
use model::{Cause, Event, ModelDriver, ModelError};

use super::serve::unless_stopped;
use super::{Failure, output};
use crate::app::agents;
use crate::app::models::Models;
use crate::app::named::{asking, catalog, check_named};
use crate::config::Config;

const MOST: Duration = Duration::from_mins(10);
/// As much as the API takes.
const LARGEST_PROMPT: u64 = 16 << 20;

/// Ask a model, and print its answer.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The prompt; without it, standard input.
    prompt: Option<String>,
    /// The model, as `us.anthropic.claude-sonnet-5-5` or `openai/qwen3` [default: the first of the settings].
    #[arg(long, short, value_name = "ID")]
    model: Option<String>,
    /// The agent that asks, as a file of `agent-definitions/` is named.
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// What the model is told before the prompt.
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: Option<u32>,
    /// From 0 to 1, for some models to 2.
    #[arg(long, value_name = "0..2", value_parser = temperature)]
    temperature: Option<f32>,
    /// Seconds for everything, 600 at most.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// Print the answer as `/v1/invoke` gives it.
    #[arg(long)]
    json: bool,
}

fn temperature(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number| (0.0..=2.0).contains(number));
    number.ok_or_else(|| "it is a number from 0 to 2".to_owned())
}

impl Arguments {
    pub async fn run(self, mut config: Config) -> Result<(), Failure> {
        let is_agent = self.model.as_deref().is_some_and(|id| id.starts_with(agents::PREFIX));
        if let Some(id) = self.model.as_deref().filter(|id| *id != AUTO && !is_agent) {
            config = asking(config, id).map_err(Failure::Usage)?;
        } else if self.agent.is_none() && !is_agent {
            check_named(&config).map_err(Failure::Usage)?;
        }
        let mut request = Request {
            system: self.system.clone(),
            model_id: self.model.clone(),
            prompt: Some(self.words()?.into()),
            ..Request::default()
        };
        request.params.max_tokens = self.max_tokens;
        request.params.temperature = self.temperature;
        let within = Duration::from_secs(self.timeout);
        let usage = |error: ModelError| Failure::Usage(error.into());
        request.metadata.agent_id.clone_from(&self.agent);
        let mut call = request.into_call(&Bytes::new(), within, MOST).map_err(usage)?;
        let catalog = catalog(&config).map_err(Failure::Usage)?;
        let agents = self.agents(&config, &catalog).map_err(Failure::Usage)?;
        agents.apply(&mut call).map_err(usage)?;
        let models = Models::of_command(&config, catalog, agents).await;
        let models = models.map_err(Failure::Usage)?;
        let asking = async {
            if self.json {
                return answer_as_json(&models, &call).await;
            }
            stream(&models, &call).await
        };
        models.pay_while(unless_stopped(asking)).await
    }

    /// The one that is asked for, so that nobody needs the keys of services that others ask.
    fn agents(&self, config: &Config, catalog: &Catalog) -> anyhow::Result<Agents> {
        let by_model = self.model.as_deref().and_then(|id| id.strip_prefix(agents::PREFIX));
        let Some(name) = by_model.or(self.agent.as_deref()) else {
            return Ok(agents::agents(config, Vec::new()));
        };
        let all = agents::in_folder(config, catalog)?;
        if all.is_empty() {
            bail!(
                "{} holds no agents; name their folder by `agents` under [gateway]",
                agents::folder(config).display()
            );
        }
        let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|agent| agent.id == name);
        Ok(agents::agents(config, if own.is_empty() { others } else { own }))
    }

    fn words(&self) -> Result<String, Failure> {
        let prompt = self.prompt()?;
        if prompt.trim().is_empty() {
            return Err(Failure::Usage(anyhow!("the prompt is empty")));
        }
        Ok(prompt)
    }

    fn prompt(&self) -> Result<String, Failure> {
        if let Some(prompt) = &self.prompt {
            return Ok(prompt.clone());
        }
        let stdin = std::io::stdin();
        if stdin.is_terminal() {
            return Err(Failure::Usage(anyhow!(
                "no prompt: give it as an argument, or pipe it in: git diff | eco-coder invoke"
            )));
        }
        let mut prompt = String::new();
        stdin
            .lock()
            .take(LARGEST_PROMPT)
            .read_to_string(&mut prompt)
            .context("read the prompt from standard input")
            .map_err(Failure::Usage)?;
        Ok(prompt)
    }
}

async fn answer_as_json(models: &Models, call: &model::Call) -> Result<(), Failure> {
    let asked = Instant::now();
    let (text, failed) = match models.gateway.converse(call).await {
        Ok(reply) => (serde_json::to_string_pretty(&Envelope::of(reply, asked.elapsed())), None),
        Err(error) => (serde_json::to_string_pretty(&Refused::of(&error)), Some(error)),
    };
    let text = text.map_err(|error| Failure::Outside(error.into()))?;
    output::print(&(text + "\n"))?;
    failed.map_or(Ok(()), |error| Err(Failure::Told(if is_usage(&error) { 2 } else { 3 })))
}

/// A model that nobody knows is a matter of how it was written.
fn is_usage(error: &ModelError) -> bool {
    error.cause == Cause::UnknownModel
}

async fn stream(models: &Models, call: &model::Call) -> Result<(), Failure> {
    let failed = |error: ModelError| {
        if is_usage(&error) { Failure::Usage(error.into()) } else { Failure::Outside(error.into()) }
    };
    let mut events = models.gateway.stream(call).await.map_err(failed)?;
    while let Some(event) = events.next().await {
        match event.map_err(failed)? {
            Event::Text(text) if !output::is_read(std::io::stdout().lock(), &text)? => {
                return Ok(());
            }
            Event::Finished(reply) => told(&reply),
            _ => {}
        }
    }
    Ok(())
}

/// What it came to, for whoever sits at the terminal.
#[expect(clippy::print_stderr, reason = "beside the answer, which goes to stdout")]
fn told(reply: &model::Reply) {
    let _ = writeln!(std::io::stdout().lock());
    if !std::io::stderr().is_terminal() {
        return;
    }
    let cost = reply.cost_usd.map_or("price not known".to_owned(), |usd| format!("${usd:.6}"));
    let usage = reply.usage;
    eprintln!(
        "{} · {} tokens in, {} out · {cost}",
        reply.model_id,
        usage.total() - usage.output_tokens,
        usage.output_tokens
    );
    for note in &reply.notes {
        eprintln!("{note}");
    }
    for change in &reply.normalized {
        eprintln!("{}: {} became {}: {}", change.parameter, change.from, change.to, change.reason);
    }
}
