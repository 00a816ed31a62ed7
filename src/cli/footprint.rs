//! `eco-coder footprint`: the carbon model alone.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use carbon::best::{Estimate, Report};
use clap::{Args, ValueEnum};

use super::Failure;
use super::footprint_input::Input;
use crate::report::footprint::page;

/// More than this is no description of a piece of work.
const MOST_BYTES: u64 = 64 * 1024;

/// Say what a piece of work emits, with an interval and a source for every figure.
///
/// What is not known is left out: the answer then says what it takes for granted, and its interval is wider.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Read the input as JSON from this file, `-` for standard input; flags go before what it says.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
    /// Show each step with its formula, all sources, and why the answer may be off.
    #[arg(long)]
    explain: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

impl Arguments {
    pub fn run(self) -> Result<(), Failure> {
        let report = self.report().map_err(Failure::Usage)?;
        let text = match self.format {
            Format::Table => page(&report, self.explain),
            Format::Json => serde_json::to_string_pretty(&report)
                .map_err(|error| Failure::Outside(error.into()))?,
        };
        // A closed pipe has read what it wanted.
        let _ = writeln!(anstream::stdout().lock(), "{}", text.trim_end());
        Ok(())
    }

    fn report(&self) -> anyhow::Result<Report> {
        let input = match &self.json {
            Some(path) => self.input.clone().over(read(path)?),
            None => self.input.clone(),
        };
        let workload = input.workload()?;
        Ok(Estimate::of(&workload)?.report()?)
    }
}

fn read(path: &PathBuf) -> anyhow::Result<Input> {
    let mut text = String::new();
    let named = || format!("read {}", path.display());
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).with_context(named)?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text)
    };
    if read.with_context(named)? as u64 > MOST_BYTES {
        bail!("{} is larger than 64 KiB: it describes one piece of work", path.display());
    }
    serde_json::from_str(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}
