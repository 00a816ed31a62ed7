//! `cargo run --release -p scale` prints the results of `docs/scale.md`. `--share 1` simulates every repository instead of a
//! quarter of them, `--seed N` another week.

use std::io::Write as _;
use std::process::ExitCode;

use scale::limits::Limits;
use scale::outcome::Outcome;
use scale::page::Column;
use scale::settings::Run;
use scale::{breaking, page, settings};

fn main() -> ExitCode {
    let Some(run) = read_arguments(std::env::args().skip(1)) else {
        return say("usage: scale [--share 0.25] [--seed 1]", ExitCode::from(2));
    };
    match results(run) {
        Some(page) => say(&page, ExitCode::SUCCESS),
        None => say("the catalog has no price for the model", ExitCode::FAILURE),
    }
}

/// All weeks, two at a time.
fn results(run: Run) -> Option<String> {
    let defaults = Limits::default_quotas();
    let only_tokens = Limits { tokens_per_minute: f64::INFINITY, ..defaults.clone() };
    let week = |with_model, limits: &Limits| settings::week(run, with_model, limits);
    let (unlimited, planner) = both(|| week(true, &Limits::none()), || week(false, &defaults))?;
    let peak = settings::peak_of_all(&unlimited.peak, run.share);
    let raised = breaking::raised(&peak);
    let (by_default, raised) = both(|| week(true, &defaults), || week(true, &raised))?;
    let only_tokens = week(true, &only_tokens)?;
    let column = |name, outcome: Outcome| Column {
        bill: settings::bill(&outcome, run.share),
        name,
        outcome,
    };
    let columns = [
        column("default quotas", by_default),
        column("raised quotas", raised),
        column("default quotas, no model", planner),
        column("only tokens raised", only_tokens),
    ];
    let lost = columns
        .iter()
        .any(|column| column.outcome.ended.accepted != column.outcome.ended.accounted_for());
    let balance =
        if lost { "**Jobs are missing.**" } else { "Every accepted job ended exactly once." };
    Some(format!(
        "Share of GitHub's repositories: {}; seed {}. {balance}\n\n{}\n{}\nOf the raised quotas, a week of all of GitHub:\n\n```text\n{}```",
        run.share,
        run.seed,
        page::breaking(&breaking::quotas(&peak)),
        page::results(&columns, run.share),
        columns[1].bill
    ))
}

fn both<T: Send>(
    one: impl FnOnce() -> Option<T>,
    other: impl FnOnce() -> Option<T> + Send,
) -> Option<(T, T)> {
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(other);
        (one(), other.join().ok().flatten())
    });
    Some((one?, other?))
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Run> {
    let mut run = Run { seed: 1, share: 0.25 };
    let possible = |share: &f64| (0.0001..=1.0).contains(share);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--seed" => run.seed = value.parse().ok()?,
            "--share" => run.share = value.parse().ok().filter(possible)?,
            _ => return None,
        }
    }
    Some(run)
}

/// A closed pipe has read what it wanted.
fn say(text: &str, code: ExitCode) -> ExitCode {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
    code
}
