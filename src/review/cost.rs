//! What a review itself cost: tokens, US dollars, seconds, CPU time and gCO2e.

use std::time::Duration;

use contract::Timestamp;
use rustix::time::ClockId;

use crate::agent::{Leader, Run};
use crate::report::{Cost, Span};

/// Started with a review; reads time and CPU time against its start.
#[derive(Debug, Clone, Copy)]
pub struct Meter {
    started: Timestamp,
    cpu: Duration,
}

impl Meter {
    pub fn start(now: Timestamp) -> Self {
        Self { started: now, cpu: cpu_time() }
    }
}

/// The cost of a run so far. In a server the CPU time is the whole process's while the review ran: an upper bound.
pub fn of(run: &Run, meter: Meter, now: Timestamp, region: Option<&str>) -> Cost {
    let cpu = cpu_time().saturating_sub(meter.cpu);
    let priced = run.spent.unpriced_turns == 0;
    let own =
        carbon::own_footprint(cpu, resident_mb(), region).ok().map(|answer| answer.co2e_grams.0);
    let model = model_footprint(run);
    let notes = [
        region.is_none().then_some("location unknown: world average"),
        model.unknown.then_some("without the model's part: its size is not published"),
    ];
    Cost {
        led_by: led_by(run),
        chosen: run.chosen.clone(),
        handed_over: run.handed_over.clone(),
        tokens: run.spent.usage.total(),
        usd: priced.then_some(run.spent.usd),
        // A resumed run took its earlier part in another process.
        seconds: now
            .since(meter.started)
            .max(Duration::from_millis(run.spent.milliseconds))
            .as_secs_f64(),
        cpu_seconds: cpu.as_secs_f64(),
        co2e_grams: own.map(|own| Span { low: own + model.low, high: own + model.high }),
        co2e_note: notes.into_iter().flatten().collect::<Vec<_>>().join("; "),
    }
}

/// The cost of a scan, which nobody leads.
pub fn of_scan(meter: Meter, now: Timestamp, region: Option<&str>) -> Cost {
    let cpu = cpu_time().saturating_sub(meter.cpu);
    let own = carbon::own_footprint(cpu, resident_mb(), region).ok();
    let note = if region.is_none() { "location unknown: world average" } else { "" };
    Cost {
        usd: Some(0.0),
        seconds: now.since(meter.started).as_secs_f64(),
        cpu_seconds: cpu.as_secs_f64(),
        co2e_grams: own.map(|own| Span { low: own.co2e_grams.0, high: own.co2e_grams.0 }),
        co2e_note: note.to_owned(),
        ..Cost::default()
    }
}

fn led_by(run: &Run) -> String {
    match (run.models.as_slice(), run.leader) {
        ([], Leader::Planner) => "embedded planner".into(),
        ([], Leader::Model) => "no model answered".into(),
        (models, _) => models.join(", "),
    }
}

struct ModelFootprint {
    low: f64,
    high: f64,
    unknown: bool,
}

/// Output tokens by the published method; what reading the prompt takes is not part of it.
fn model_footprint(run: &Run) -> ModelFootprint {
    let tokens = run.spent.usage.output_tokens;
    if tokens == 0 {
        return ModelFootprint { low: 0.0, high: 0.0, unknown: false };
    }
    let known: Vec<_> =
        run.models.iter().filter_map(|model| carbon::llm::model_use(model, tokens)).collect();
    let low = known.iter().map(|interval| interval.low.0).fold(f64::INFINITY, f64::min);
    let high = known.iter().map(|interval| interval.high.0).fold(0.0, f64::max);
    let unknown = known.len() < run.models.len();
    ModelFootprint { low: if low.is_finite() { low } else { 0.0 }, high, unknown }
}

/// CPU time of this process, all threads.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Peak memory; 0 where the system does not tell.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kib.map_or(0.0, |kib| kib / 1024.0)
}
