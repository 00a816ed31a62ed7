//! `eco-coder models cost`: what calls of models cost, and what would make them cheaper.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use contract::Timestamp;
use model::cost::{
    Analytics, Benchmark, By, CallRecord, Evidence, Recommendation, Row, recommendations,
};
use serde::Serialize;

use super::{Failure, models_table, output};
use crate::app;
use crate::config::Config;

/// More calls than this are not read; they would take hundreds of megabytes.
const MOST_CALLS: usize = 2_000_000;
/// A benchmark is a row for each model.
const LARGEST_BENCHMARK: u64 = 1 << 20;

/// Say what calls of models cost, by model, agent, task or day, and what would make them cheaper.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Calls of this time count: hours, days or weeks, as `12h`, `30d`, `4w`.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = span)]
    since: Duration,
    #[arg(long, value_enum, default_value_t)]
    by: Group,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// What `models bench --format json` said; a cheaper model is recommended only if it did as well there.
    #[arg(long, value_name = "FILE")]
    bench: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Group {
    #[default]
    Model,
    Agent,
    Task,
    Day,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

/// All that is told.
#[derive(Debug, Serialize)]
pub(super) struct Costs {
    pub(super) since: String,
    pub(super) until: String,
    /// Whether there are more calls than were read.
    pub(super) more: bool,
    pub(super) rows: Vec<Row>,
    pub(super) total: Row,
    pub(super) recommendations: Vec<Recommendation>,
}

impl Arguments {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        let benchmark = self.bench.as_deref().map(read_benchmark).transpose();
        let benchmark = benchmark.map_err(Failure::Usage)?;
        let costs = self.costs(&config, benchmark.as_ref()).await?;
        let Some(costs) = costs else {
            return Err(Failure::Usage(anyhow!(
                "no call of a model since {} is kept in {}: serve with a model and let it work, name the database in ECO_CODER_DATABASE or the table in ECO_CODER_TABLE, or ask for more by `--since`",
                self.start().rfc3339(),
                config.aws.table.clone().unwrap_or_else(|| config.database.display().to_string())
            )));
        };
        let page = match self.format {
            Format::Table => models_table::page(&costs),
            Format::Json => serde_json::to_string_pretty(&costs)
                .map_err(|error| Failure::Outside(error.into()))?,
        };
        output::print_page(&page)
    }

    /// `None` without a call to tell of.
    async fn costs(
        &self,
        config: &Config,
        benchmark: Option<&Benchmark>,
    ) -> Result<Option<Costs>, Failure> {
        // Asking for costs makes no database.
        let Some(calls) = app::kept_calls(config).await.map_err(Failure::Usage)? else {
            return Ok(None);
        };
        let catalog = app::named::catalog(config).map_err(Failure::Usage)?;
        let (now, since) = ((app::CLOCK)(), self.start());
        let mut analytics = Analytics::new(self.by.into());
        let mut evidence = Evidence::default();
        let mut add = |call: CallRecord| {
            analytics.add(&call);
            evidence.add(&call);
        };
        let read = calls.read(since, MOST_CALLS, &mut add);
        let more = read.await.map_err(|error| Failure::Outside(error.into()))?;
        let total = analytics.total();
        Ok((total.calls > 0).then(|| Costs {
            since: since.rfc3339(),
            until: now.rfc3339(),
            more,
            rows: analytics.rows(),
            total,
            recommendations: recommendations(&evidence, benchmark, &catalog, now),
        }))
    }

    fn start(&self) -> Timestamp {
        (app::CLOCK)() - self.since
    }
}

impl From<Group> for By {
    fn from(group: Group) -> Self {
        match group {
            Group::Model => Self::Model,
            Group::Agent => Self::Agent,
            Group::Task => Self::Task,
            Group::Day => Self::Day,
        }
    }
}

fn read_benchmark(path: &Path) -> anyhow::Result<Benchmark> {
    let read = || -> anyhow::Result<Benchmark> {
        let mut text = String::new();
        std::fs::File::open(path)?.take(LARGEST_BENCHMARK).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    };
    read().with_context(|| format!("read the benchmark {}", path.display()))
}

/// `12h`, `30d`, `4w`
fn span(text: &str) -> Result<Duration, String> {
    let hours = |unit: char, hours: u64| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(hours).filter(|hours| (1..=10 * 366 * 24).contains(hours))
    };
    let hours = hours('h', 1).or_else(|| hours('d', 24)).or_else(|| hours('w', 7 * 24));
    let said = "it is a number with h, d or w behind it, such as 30d, and ten years at most";
    hours.map(Duration::from_hours).ok_or_else(|| said.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_hours_days_or_weeks() {
        assert_eq!(span("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(span("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(span("4w"), Ok(Duration::from_hours(672)));
        for wrong in ["", "d", "0d", "-1d", "30", "30m", "99999999999999999999d", "4000w"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
