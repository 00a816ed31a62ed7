//! `eco-coder footprint`: the carbon model alone.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use carbon::OverrideIntensity;
#[cfg(feature = "live")]
use carbon::best::Location;
use carbon::best::{Estimate, Report, Workload};
use clap::{Args, ValueEnum};

use super::footprint_input::Input;
use super::{Failure, output};
#[cfg(feature = "live")]
use crate::app::live::{LiveService, live_intensity};
use crate::config::Environment;
#[cfg(feature = "live")]
use crate::config::{self, LiveConfig};
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
    /// Ask this service for the intensity of the region's grid right now; when it gives none, the bundled value counts and the
    /// answer says why. What it says is kept for 24 hours.
    #[cfg(feature = "live")]
    #[arg(long, value_enum, requires = "region")]
    live: Option<LiveService>,
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
    pub async fn run(self, environment: &Environment) -> Result<(), Failure> {
        let report = self.report(environment).await.map_err(Failure::Usage)?;
        let text = match self.format {
            Format::Table => page(&report, self.explain),
            Format::Json => serde_json::to_string_pretty(&report)
                .map_err(|error| Failure::Outside(error.into()))?,
        };
        output::print_page(&text)
    }

    async fn report(&self, environment: &Environment) -> anyhow::Result<Report> {
        let input = match &self.json {
            Some(path) => self.input.clone().over(read(path)?),
            None => self.input.clone(),
        };
        let mut workload = input.workload()?;
        let live = self.ask(&workload, environment).await?;
        workload.intensity = live.intensity.as_ref();
        workload.live_failure = live.failure.as_deref();
        Ok(Estimate::of(&workload)?.report()?)
    }

    /// Asks the service that was named, if one was.
    #[cfg(feature = "live")]
    async fn ask(
        &self,
        workload: &Workload<'_>,
        environment: &Environment,
    ) -> anyhow::Result<Asked> {
        let (Some(service), Location::Region(region)) = (self.live, workload.location) else {
            return Ok(Asked::default());
        };
        // A region that does not exist is refused before anybody is asked.
        Estimate::of(workload)?;
        let folder = config::user_folder(environment, "XDG_CACHE_HOME", ".cache");
        let config = LiveConfig::read(environment);
        let live = live_intensity(service, &config, folder.as_deref())?.read(region).await;
        Ok(Asked {
            intensity: live.for_footprint(),
            failure: live.failure().map(ToOwned::to_owned),
        })
    }

    #[cfg(not(feature = "live"))]
    #[expect(clippy::unused_async, clippy::unused_self, reason = "the same shape as with services")]
    async fn ask(&self, _: &Workload<'_>, _: &Environment) -> anyhow::Result<Asked> {
        Ok(Asked::default())
    }
}

/// What a service said, or why it said nothing.
#[derive(Default)]
struct Asked {
    intensity: Option<OverrideIntensity>,
    failure: Option<String>,
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
