//! `eco-coder models key`: a key for a client.

use anyhow::{Context, anyhow};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use contract::hexadecimal;
use rustix::rand::GetRandomFlags;
use sha2::{Digest, Sha256};

use super::{Failure, output};

/// Make a key for a client, and the lines of the settings that let it in.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose key it is, in logs and accounts.
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: String,
}

impl Arguments {
    pub(super) fn run(self) -> Result<(), Failure> {
        let mut random = [0; 32];
        let filled = rustix::rand::getrandom(&mut random, GetRandomFlags::empty())
            .context("ask the system for random numbers")
            .map_err(Failure::Outside)?;
        if filled < random.len() {
            return Err(Failure::Outside(anyhow!("the system gave only {filled} random bytes")));
        }
        let key = format!("eco-{}", hexadecimal::encode(&random));
        let digest = hexadecimal::encode(&Sha256::digest(key.as_bytes()));
        let name =
            serde_json::to_string(&self.name).map_err(|error| Failure::Usage(error.into()))?;
        output::print(&format!(
            "# for the client; it is not kept anywhere and cannot be shown again:\n# {key}\n[[gateway.keys]]\nname = {name}\nsha256 = \"{digest}\"\n"
        ))
    }
}
