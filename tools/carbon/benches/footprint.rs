//! How long the tables take to load and one footprint to compute.
//!
//! Loading is measured in fresh processes, and the shortest counts, as for the rest: what else the machine does is not ours.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use carbon::best::{Estimate, Location as Place, Machine, Workload};
use carbon::codecarbon::{Architecture, Location, Processor, Session, compat, processor};
use carbon::units::{CpuSeconds, Gigabytes, LitersPerKilowattHour, Pue, Seconds, Watts};

const LOAD: Duration = Duration::from_millis(5);
const ONE: Duration = Duration::from_micros(5);
const TIMES: u32 = 2_000;

const LOAD_ONLY: &str = "--load-only";

fn main() {
    if std::env::args().any(|argument| argument == LOAD_ONLY) {
        let start = Instant::now();
        first_use();
        println!("{}", start.elapsed().as_nanos());
        return;
    }
    let loaded = (0..10).filter_map(|_| load_in_a_fresh_process()).min().unwrap_or(Duration::MAX);
    println!("tables loaded and used once: {loaded:?}");

    let session = session();
    let workload = workload();
    let best = of(|| Estimate::of(black_box(&workload)));
    let compared = of(|| compat(black_box(&session)));
    println!("one footprint: {best:?}; CodeCarbon's: {compared:?}");
    let in_words = of(|| Estimate::of(black_box(&workload)).and_then(|estimate| estimate.report()));
    let agents = Workload::of_cpu_hours("eu-central-1", 1);
    let answer = of(|| Estimate::of(black_box(&agents)).and_then(|estimate| estimate.report()));
    let found = of(|| processor(black_box("AMD EPYC 7R13 Processor")));
    println!(
        "with words: the agent's {answer:?}, a report {in_words:?}; a processor's row: {found:?}"
    );
    assert!(loaded < LOAD, "the tables took {loaded:?}, more than {LOAD:?}");
    assert!(best.max(compared) < ONE, "a footprint took {best:?} or {compared:?}, not {ONE:?}");
}

fn load_in_a_fresh_process() -> Option<Duration> {
    let program = std::env::current_exe().ok()?;
    let output = std::process::Command::new(program).arg(LOAD_ONLY).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok().map(Duration::from_nanos)
}

/// Touches every table.
fn first_use() {
    assert!(Estimate::of(&workload()).and_then(|estimate| estimate.report()).is_ok());
    let country = Workload { location: Place::Country("FRA"), ..workload() };
    assert!(Estimate::of(&country).is_ok());
    assert!(processor("AMD EPYC 7R13 Processor").is_ok_and(|found| found.is_some()));
    assert!(compat(&session()).co2e_grams.0 > 0.0);
}

fn workload() -> Workload<'static> {
    Workload {
        wall: Some(Seconds(3.0)),
        machine: Machine::Instance("m6g.large"),
        location: Place::Region("eu-central-1"),
        ..Workload::of(CpuSeconds(2.5))
    }
}

fn session() -> Session<'static> {
    Session {
        wall: Seconds(3.0),
        processor: Processor::Process {
            tdp: Watts(225.0),
            cpu_time: CpuSeconds(2.5),
            logical_cpus: 96,
        },
        memory: Gigabytes(0.5),
        architecture: Architecture::X86,
        location: Location { country: Some("DEU"), ..Location::default() },
        pue: Pue(1.0),
        wue: LitersPerKilowattHour(0.0),
    }
}

/// The shortest mean of ten rounds: what the machine's other work adds is not the program's.
fn of<T>(mut step: impl FnMut() -> T) -> Duration {
    let mut round = || {
        let start = Instant::now();
        for _ in 0..TIMES / 10 {
            black_box(step());
        }
        start.elapsed() / (TIMES / 10)
    };
    (0..10).map(|_| round()).min().unwrap_or_default()
}
