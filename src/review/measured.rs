//! A measurement of the reviewed commits, joined to the settings, and the tool that reads it out.

use std::path::Path;

use anyhow::{Context, bail};
use async_trait::async_trait;
use contract::{Tool, ToolError, ToolSpec, schema_of};
use measure::{EnergyDelta, Estimate, FrozenFactors, Measurement, Metric, Verdict};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::benchmarks::judge;
use super::settings::Settings;
use crate::agent::run::MEASURED;
use crate::report::measured::{MeasuredBenchmark, MeasuredYear, Measurements};
use crate::report::{Subject, text};

/// A file of `eco-coder measure` has every pair of every benchmark in it.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const MONTHS: f64 = 12.0;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// Reads what `eco-coder measure --format json` wrote of the commits under review.
pub async fn read(
    path: &Path,
    subject: &Subject,
    settings: &Settings,
) -> anyhow::Result<Measurements> {
    let named = || format!("read the measurement {}", path.display());
    let size = tokio::fs::metadata(path).await.with_context(named)?.len();
    if size > MOST_BYTES {
        bail!("{} is larger than 64 MiB: no measurement is", path.display());
    }
    let bytes = tokio::fs::read(path).await.with_context(named)?;
    let report: measure::Report = serde_json::from_slice(&bytes).with_context(|| {
        format!("{} was not written by `eco-coder measure --format json`", path.display())
    })?;
    if report.self_check {
        bail!("{} measures base against itself: it says nothing of head", path.display());
    }
    if report.head.commit != subject.head_sha {
        bail!(
            "{} measures {} and not {}, the head under review: measure again",
            path.display(),
            text::short_sha(&report.head.commit),
            text::short_sha(&subject.head_sha)
        );
    }
    Ok(measurements(&report, subject, settings))
}

fn measurements(report: &measure::Report, subject: &Subject, settings: &Settings) -> Measurements {
    let mut notes = report.warnings.clone();
    if report.base.commit != subject.base_sha {
        notes.push(format!(
            "measured against {}, where the review compares with {}",
            text::short_sha(&report.base.commit),
            text::short_sha(&subject.base_sha)
        ));
    }
    let failed =
        report.failed.iter().map(|one| format!("{}: not measured: {}", one.name, one.error));
    notes.extend(failed);
    let benchmark = |measured| joined(measured, report, settings);
    Measurements {
        machine: report.machine.processor.clone(),
        benchmarks: report.benchmarks.iter().filter_map(benchmark).collect(),
        thresholds: judge(&settings.fail_on, report),
        notes,
    }
}

fn joined(
    measured: &Measurement,
    report: &measure::Report,
    settings: &Settings,
) -> Option<MeasuredBenchmark> {
    let metric = report.effort.metric;
    let found = measured.comparison(metric)?;
    let stated = settings.benchmarks.iter().find(|one| one.name == measured.name);
    let runs = stated.and_then(|one| {
        let executions = one.executions_per_month? as f64 * MONTHS;
        Some((executions, executions / one.executions_per_run.max(1) as f64))
    });
    let changed = measured.verdict != Verdict::NoChangeDetectable;
    let year = runs.filter(|_| changed).zip(measured.energy.as_ref()).zip(report.factors.as_ref());
    let year = year.map(|(((executions, runs), energy), factors)| {
        let usd = usd_of_a_run(measured, settings).map(|usd| usd.times(runs));
        MeasuredYear { executions, usd, ..projection(energy, factors, runs) }
    });
    Some(MeasuredBenchmark {
        name: measured.name.clone(),
        verdict: measured.verdict,
        metric: metric.name().into(),
        base: metric.show(found.base_median),
        head: metric.show(found.head_median),
        change_percent: found.change.times(100.0),
        noise_floor_percent: found.noise_floor * 100.0,
        pairs: found.pairs,
        joules: measured.energy.as_ref().map(|energy| energy.joules),
        co2e_grams: measured.energy.as_ref().map(|energy| energy.grams_co2e),
        year,
        covers: stated.map(|one| one.covers.clone()).unwrap_or_default(),
    })
}

fn projection(energy: &EnergyDelta, factors: &FrozenFactors, runs: f64) -> MeasuredYear {
    MeasuredYear {
        executions: runs,
        energy_kwh: factors.kilowatt_hours(energy.joules).times(runs),
        co2e_grams: energy.grams_co2e.times(runs),
        usd: None,
    }
}

/// What one run costs more in CPU-hours at the settings' price.
fn usd_of_a_run(measured: &Measurement, settings: &Settings) -> Option<Estimate> {
    let price = settings.fleet.as_ref()?.usd_per_cpu_hour?;
    let cpu = measured.comparison(Metric::CpuSeconds)?;
    Some(cpu.change.times(cpu.base_median / SECONDS_PER_HOUR * price))
}

/// The tool. What it reads was bound when the run began.
pub(super) struct ReadMeasurements(pub(super) Measurements);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[async_trait]
impl Tool for ReadMeasurements {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: MEASURED.into(),
            description: "Reads what was measured of base against head on one machine: for each benchmark a verdict, the change \
                in percent with its 95 % interval, the noise floor, and what the change means in joules and gCO2e."
                .into(),
            input_schema: schema_of::<Nothing>(),
        }
    }

    async fn call(&self, input: Value) -> Result<Value, ToolError> {
        contract::parse_input::<Nothing>(input)?;
        serde_json::to_value(&self.0)
            .map_err(|error| ToolError::tell(format!("the measurement cannot be shown: {error}")))
    }
}
