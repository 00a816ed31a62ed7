//! How often the tool is wrong on this machine: equal commits, commits with 10 % and with 3 % more CPU time, and what measuring
//! all of base before all of head would have said of the same runs. Prints Markdown for `docs/measurement.md`.
//!
//! `cargo bench -p measure --bench error_rates [-- COMPARISONS SIMULATIONS]`: 200 (and half of it with a change) and 500 unless
//! told.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark's report")]

mod drift;
mod session;
mod simulation;

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;

use self::session::{STEPS_FILE, Session};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("work") => work(),
        _ => report(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The child: as many steps of integer arithmetic as the file in its folder says.
fn work() -> Result<(), Failure> {
    let steps: u64 = std::fs::read_to_string(Path::new(STEPS_FILE))?.trim().parse()?;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for step in 0..steps {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state = state.wrapping_add(step);
    }
    black_box(state);
    Ok(())
}

fn report(arguments: &[String]) -> Result<(), Failure> {
    let number = |place: usize, default: usize| match arguments.get(place) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (comparisons, simulations) = (number(0, 200)?, number(1, 500)?);
    println!("{}", simulation::table(simulations));
    let session = Session::new()?;
    println!("{}", session.describe());
    println!(
        "| head | comparisons | found: more | found: less | no change detectable | pairs: median (most) | certain before the end | change: median (5 % .. 95 %) |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let equal = session.compare("same commit", "same", 0.05, comparisons)?;
    println!("{}", equal.row());
    println!("{}", session.compare("CPU time +10 %", "ten", 0.10, comparisons / 2)?.row());
    println!("{}\n", session.compare("CPU time +3 %", "three", 0.03, comparisons / 2)?.row());
    println!("{}", drift::table(&equal.pairs));
    Ok(())
}
