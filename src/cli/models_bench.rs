//! `eco-coder models bench`: the same labelled tasks over several models.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use model::bench::{Estimate, Progress, Report, Suite};
use model::budget::Nanodollars;

use super::serve::stop_signal;
use super::{Failure, output};
use crate::app::bench::{Bench, Request};
use crate::config::Config;

/// What may be spent without a word.
const ASKED_ABOVE_USD: f64 = 0.10;
/// One byte more than a suite may have, so that a larger one is refused and not cut.
const LARGEST_SUITE: u64 = (4 << 20) + 1;

/// Ask several models the same labelled tasks, and compare quality, time, cost and footprint.
///
/// The answers are checked by the program. Ctrl-C ends it early and keeps what came until then.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which models, as `us.amazon.nova-2-lite-v1:0,openai/qwen3,embedded/embedded` [default: those of the settings].
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    models: Vec<String>,
    /// Tasks of your own, YAML or JSON [default: those that are built in].
    #[arg(long, value_name = "FILE")]
    suite: Option<PathBuf>,
    /// Ask each task so many times; it still counts as one.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: u32,
    /// Calls at a time, of all models together.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    concurrency: u16,
    /// Decides the order of the tasks.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// US dollars; what would pass them is not asked.
    #[arg(long, value_name = "USD", default_value_t = 2.0, value_parser = dollars)]
    max_usd: f64,
    /// Begin without a question, whatever it may cost up to --max-usd.
    #[arg(long)]
    yes: bool,
    /// How to write the result [default: by the ending of --out, else table].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the result to this file. `models cost --bench` reads the JSON form.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Markdown,
    Html,
}

fn dollars(text: &str) -> Result<f64, String> {
    let usd: f64 = text.parse().map_err(|_| "it is a number of US dollars".to_owned())?;
    let sound = usd.is_finite() && usd >= 0.0;
    sound.then_some(usd).ok_or_else(|| "it is a number of US dollars, 0 or more".to_owned())
}

impl Arguments {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        let suite = match &self.suite {
            Some(path) => read(path).map_err(Failure::Usage)?,
            None => Suite::built_in().map_err(|error| Failure::Outside(error.into()))?,
        };
        self.check_out().map_err(Failure::Usage)?;
        let bench = Bench::of(config, self.models.clone()).map_err(Failure::Usage)?;
        let estimate = bench.estimate(&suite, self.repeat);
        self.confirm(&bench, &suite, &estimate).map_err(Failure::Usage)?;
        let request = Request {
            suite,
            repeat: self.repeat,
            concurrency: self.concurrency.into(),
            seed: self.seed,
            max_usd: self.max_usd,
            // Whoever did not want them said so when they were named.
            unpriced: !estimate.unpriced.is_empty(),
        };
        let bar = Bar::new();
        let ran = bench.run(request, stop_signal(), |progress| bar.show(&progress)).await;
        bar.0.finish_and_clear();
        let report = ran.map_err(Failure::Usage)?;
        self.write(&report)?;
        match (report.interrupted, report.has_answers()) {
            (true, _) => Err(Failure::Told(130)),
            (false, false) => Err(Failure::Told(3)),
            (false, true) => Ok(()),
        }
    }

    /// Says what it can cost, and asks where that is more than a little.
    fn confirm(&self, bench: &Bench, suite: &Suite, estimate: &Estimate) -> anyhow::Result<()> {
        let models = bench.ids().count();
        say(&format!(
            "{} tasks of {:?} for {models} model{}: {} calls, {}",
            suite.tasks.len(),
            suite.name,
            if models == 1 { "" } else { "s" },
            estimate.calls,
            most(estimate)
        ));
        let mut concerns = Vec::new();
        if estimate.most.usd() > ASKED_ABOVE_USD {
            concerns.push(format!("it may cost {}", estimate.most));
        }
        if !estimate.unpriced.is_empty() {
            let unpriced = estimate.unpriced.join(", ");
            concerns.push(format!("no price is known, so no cap holds, for {unpriced}"));
        }
        if estimate.most.usd() > self.max_usd {
            say(&format!("it ends before it has cost more than {} US dollars", self.max_usd));
        }
        if concerns.is_empty() || self.yes {
            return Ok(());
        }
        let concerns = concerns.join("; ");
        if !std::io::stdin().is_terminal() {
            anyhow::bail!(
                "{concerns}: add --yes, and --max-usd for another cap than {}",
                self.max_usd
            );
        }
        say(&format!("{concerns}. Go on? [y/N]"));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).context("read the answer")?;
        anyhow::ensure!(matches!(answer.trim(), "y" | "Y" | "yes"), "nothing was asked");
        Ok(())
    }

    /// Before anything is paid for.
    fn check_out(&self) -> anyhow::Result<()> {
        let folder = self.out.as_ref().and_then(|path| path.parent());
        let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else {
            return Ok(());
        };
        anyhow::ensure!(folder.is_dir(), "--out: there is no folder {}", folder.display());
        Ok(())
    }

    fn write(&self, report: &Report) -> Result<(), Failure> {
        let text = match self.format() {
            Format::Table => report.table(),
            Format::Markdown => report.markdown(),
            Format::Html => report.html(),
            Format::Json => serde_json::to_string_pretty(report)
                .map(|text| text + "\n")
                .map_err(|error| Failure::Outside(error.into()))?,
        };
        output::write_result(&text, &report.table(), self.out.as_deref())
    }

    fn format(&self) -> Format {
        let by_name = self.out.as_ref().and_then(|path| match path.extension()?.to_str()? {
            "json" => Some(Format::Json),
            "html" => Some(Format::Html),
            "md" => Some(Format::Markdown),
            _ => None,
        });
        self.format.or(by_name).unwrap_or(Format::Table)
    }
}

fn read(path: &Path) -> anyhow::Result<Suite> {
    let read = || -> anyhow::Result<Suite> {
        let mut text = String::new();
        std::fs::File::open(path)?.take(LARGEST_SUITE).read_to_string(&mut text)?;
        Ok(Suite::read(&text)?)
    };
    read().with_context(|| format!("the suite {}", path.display()))
}

#[expect(clippy::print_stderr, reason = "a word to the person at the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// How far it is: a line that moves on a terminal, and elsewhere one at each quarter.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        Self(output::progress())
    }

    fn show(&self, progress: &Progress<'_>) {
        let Progress { done, planned, model } = *progress;
        if !std::io::stderr().is_terminal() {
            if done * 4 / planned.max(1) > (done - 1) * 4 / planned.max(1) {
                say(&format!("{done} of {planned} calls"));
            }
            return;
        }
        self.0.set_message(format!("{done} of {planned} calls: {model}"));
    }
}

/// What all calls can cost, as far as their prices are known.
fn most(estimate: &Estimate) -> String {
    let Estimate { most, unpriced, .. } = estimate;
    if unpriced.is_empty() {
        return format!("{most} at most");
    }
    let unknown = format!("the price of {} is not known", unpriced.join(", "));
    if *most == Nanodollars::ZERO {
        unknown
    } else {
        format!("{most} at most for the others; {unknown}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_a_sum_of_money() {
        assert_eq!(dollars("0.5"), Ok(0.5));
        for wrong in ["", "-1", "nan", "inf", "two"] {
            assert!(dollars(wrong).is_err(), "{wrong}");
        }
    }
}
