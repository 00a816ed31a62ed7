//! `eco-coder lambda`: one function for the webhook, the queue and the clock.

use clap::Args;

use super::{Failure, logging};
use crate::app::lambda;
use crate::config::{Config, Environment};

/// Answer the events of AWS Lambda, of whatever kind. Without arguments, this is what starts inside Lambda.
#[derive(Debug, Default, Args)]
pub struct Arguments {}

/// What Lambda sets, and its client takes for granted.
const NEEDED: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
];

impl Arguments {
    pub async fn run(self, config: Config, environment: &Environment) -> Result<(), Failure> {
        if let Some(missing) = NEEDED.into_iter().find(|name| environment(name).is_none()) {
            return Err(Failure::Usage(anyhow::anyhow!(
                "this is no Lambda: {missing} is not set; run `eco-coder serve` elsewhere"
            )));
        }
        let telemetry = logging::for_server(&config, environment);
        lambda::run(config, telemetry).await.map_err(Failure::Outside)
    }
}
