//! Base against head, measured on this machine: what to run comes from the settings at base or from the command line.

use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use carbon::best::{Estimate, Workload};
use measure::{Benchmark, Effort, FrozenFactors, Interrupt, Metric, Progress, Report, Request};

use super::benchmarks::{BenchmarkSettings, CommandLine, Threshold, judge};
use super::git::Repository;
use super::settings::{self, Settings};
use crate::report::measured::ThresholdResult;

/// What to measure, as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct MeasureRequest {
    pub repository: PathBuf,
    pub base: Option<String>,
    pub head: Option<String>,
    /// Where worktrees stand while they are needed.
    pub state: PathBuf,
    /// In place of the benchmarks of the settings.
    pub command: Vec<String>,
    /// Of the benchmarks of the settings; all where there are none.
    pub names: Vec<String>,
    /// In place of the build of the settings.
    pub build: Option<String>,
    pub effort: Effort,
    pub self_check: bool,
    pub callgrind: bool,
    /// Where the program runs, for energy and CO2e; without it, where the settings say it runs.
    pub region: Option<String>,
    /// Beside those of the settings.
    pub fail_on: Vec<Threshold>,
    pub interrupt: Interrupt,
}

/// A measurement that is ready to begin.
#[derive(Debug)]
pub struct Measuring {
    request: Request,
    fail_on: Vec<Threshold>,
    /// What the person should know before it begins.
    pub notes: Vec<String>,
}

/// Variables that no benchmark needs and a stranger's code must not see.
const SECRETS: [&str; 13] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ECO_CODER_GITHUB_APP_PRIVATE_KEY",
    "ECO_CODER_GITHUB_APP_PRIVATE_KEY_FILE",
    "ECO_CODER_GITHUB_TOKEN",
    "ECO_CODER_WEBHOOK_SECRET",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "NPM_TOKEN",
];

impl Measuring {
    /// Finds the commits, and reads the settings at base.
    pub async fn prepare(wanted: MeasureRequest) -> anyhow::Result<Self> {
        let repository = Repository::open(&wanted.repository).await?;
        let range = repository.range(wanted.base.as_deref(), wanted.head.as_deref()).await?;
        let text = repository.file(&range.base, settings::FILE).await.unwrap_or_default();
        let (settings, why) = Settings::read(text.as_deref());
        let mut notes: Vec<String> = why.into_iter().collect();
        let benchmarks = benchmarks(&settings, &wanted)?;
        let region = wanted.region.as_deref().or_else(|| settings.region());
        let factors = region.map(frozen_factors).transpose()?;
        if factors.is_none() {
            notes.push("no energy and no CO2e: where the program runs is not known (pass --region, or set `workload` in .eco-coder.yml)".into());
        }
        let (base, head) = (named(&repository, wanted.base, range.base).await, wanted.head);
        let build = wanted.build.map(CommandLine::Shell).or(settings.build);
        let request = Request {
            base,
            head: head.unwrap_or(range.head),
            build: build.as_ref().map(CommandLine::words),
            benchmarks,
            effort: wanted.effort,
            self_check: wanted.self_check,
            callgrind: wanted.callgrind,
            factors,
            hidden_variables: SECRETS.map(ToOwned::to_owned).into(),
            interrupt: wanted.interrupt,
            ..Request::new(wanted.repository, wanted.state)
        };
        let fail_on = settings.fail_on.into_iter().chain(wanted.fail_on).collect();
        Ok(Self { request, fail_on, notes })
    }

    /// Measures; blocks for as long as that takes.
    pub fn run(
        &self,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Report, measure::MeasureError> {
        measure::measure(&self.request, on_progress)
    }

    /// What came of the thresholds of the settings and of the command line.
    pub fn judge(&self, report: &Report) -> Vec<ThresholdResult> {
        judge(&self.fail_on, report)
    }
}

/// The commit by the name that a person gave it, where that is this very commit and not where the branches parted.
async fn named(repository: &Repository, name: Option<String>, commit: String) -> String {
    match name {
        Some(name) if repository.commit(&name).await.is_ok_and(|named| named == commit) => name,
        _ => commit,
    }
}

fn benchmarks(settings: &Settings, wanted: &MeasureRequest) -> anyhow::Result<Vec<Benchmark>> {
    if !wanted.command.is_empty() {
        let name = wanted.names.first().cloned().unwrap_or_else(|| wanted.command.join(" "));
        return Ok(vec![Benchmark { name, command: wanted.command.clone(), setup: None }]);
    }
    let all = &settings.benchmarks;
    if all.is_empty() {
        bail!(
            "there is nothing to run: give a command after `--`, or name `benchmarks` in {} at base",
            settings::FILE
        );
    }
    if let Some(name) = wanted.names.iter().find(|name| !all.iter().any(|one| one.name == **name)) {
        let known: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        bail!("there is no benchmark {name:?}; there are {}", known.join(", "));
    }
    let is_wanted = |name: &String| wanted.names.is_empty() || wanted.names.contains(name);
    Ok(all.iter().filter(|one| is_wanted(&one.name)).map(BenchmarkSettings::benchmark).collect())
}

/// What one set of factors makes of a difference on both sides: a busy CPU of the region's machines, its grid and its buildings.
pub fn frozen_factors(region: &str) -> anyhow::Result<FrozenFactors> {
    let hour = Workload::of_cpu_hours(region, 1);
    let found = Estimate::of(&hour).and_then(|estimate| estimate.report());
    let report = found.map_err(|error| anyhow!(error)).context("look up the factors")?;
    let of_use = report.steps.iter().take_while(|step| step.what != "embodied emissions");
    Ok(FrozenFactors {
        // kWh of one hour, less what the building adds.
        watts_per_cpu: report.energy_consumed_kwh.0 * 1000.0 / report.pue.0,
        power_usage_effectiveness: report.pue.0,
        grams_per_kwh: report.carbon_intensity_gco2_per_kwh.0,
        sources: of_use.flat_map(|step| step.sources.clone()).collect(),
    })
}

/// The quantities that a verdict can be about.
pub const METRICS: [(&str, Metric); 5] = [
    ("cpu-time", Metric::CpuSeconds),
    ("wall-time", Metric::WallSeconds),
    ("energy", Metric::Joules),
    ("instructions", Metric::Instructions),
    ("memory", Metric::PeakMemoryBytes),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_of_a_measurement_is_current() {
        let schema = serde_json::to_string_pretty(&Report::schema()).unwrap() + "\n";
        let published = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/measure.schema.json");
        assert!(
            std::fs::read_to_string(published).unwrap_or_default() == schema,
            "write this to docs/measure.schema.json:\n{schema}"
        );
    }

    #[test]
    fn factors_are_those_of_the_carbon_model() {
        let factors = frozen_factors("eu-north-1").unwrap();
        let hours = Workload::of_cpu_hours("eu-north-1", 2);
        let answer = Estimate::of(&hours).unwrap().report().unwrap();
        let kwh = factors.watts_per_cpu * 2.0 / 1000.0 * factors.power_usage_effectiveness;
        assert!((kwh - answer.energy_consumed_kwh.0).abs() < 1e-12);
        assert!((factors.grams_per_kwh - answer.carbon_intensity_gco2_per_kwh.0).abs() < 1e-12);
        assert!(frozen_factors("mars-1").is_err());
    }
}
