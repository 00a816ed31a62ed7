//! `eco-coder measure`: base against head, run in turns on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use measure::{Effort, Interrupt, Metric, Progress, Report};

use super::{Failure, output};
use crate::config::{self, Environment};
use crate::report::measured::ThresholdResult;
use crate::review::benchmarks::Threshold;
use crate::review::measuring::{METRICS, MeasureRequest, Measuring};

/// Measure what a change does: the same command on base and on head, run in turns, with a verdict that knows its noise.
///
/// Both revisions are checked out beside the repository and removed again. Only what is committed is measured.
#[derive(Debug, Args)]
pub struct Arguments {
    #[arg(long, value_name = "PATH", default_value = ".")]
    repo: PathBuf,
    /// Compare against this commit [default: the merge base with the default branch, else the parent of head].
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Measure this commit [default: HEAD].
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// Only this benchmark of `.eco-coder.yml`, or a name for the command. May be repeated.
    #[arg(long = "benchmark", value_name = "NAME")]
    names: Vec<String>,
    /// A line for the shell, run once on each side before anything else.
    #[arg(long, value_name = "LINE")]
    build: Option<String>,
    /// What the verdict is about.
    #[arg(long, value_name = "METRIC", default_value = "cpu-time", value_parser = metric)]
    metric: Metric,
    /// The smallest change to find, in percent; the smaller, the more pairs.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, allow_negative_numbers = true)]
    effect: f64,
    /// Measure just so many pairs.
    #[arg(long, value_name = "N")]
    pairs: Option<usize>,
    /// Time for all runs together; builds do not count.
    #[arg(long, value_name = "MINUTES", default_value_t = 10.0, allow_negative_numbers = true)]
    minutes: f64,
    /// Take all pairs, however clear the result is already.
    #[arg(long)]
    no_early_stop: bool,
    /// Measure base against itself: what this machine shows where nothing differs.
    #[arg(long, conflicts_with = "head")]
    self_check: bool,
    /// Also count instructions by valgrind's callgrind, once on each side.
    #[arg(long)]
    callgrind: bool,
    /// Where the program runs, as `eu-west-1`, for joules and gCO2e [default: as the settings say].
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// End with exit code 1 where a change is larger, as `co2e_increase > 5%`, beside what the settings say. May be repeated.
    #[arg(long, value_name = "THRESHOLD")]
    fail_on: Vec<Threshold>,
    /// How to write the result [default: by the ending of --out, else table].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the result to this file. `review --measured` reads the JSON form.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What to run on both sides, in place of the benchmarks of `.eco-coder.yml`.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Html,
}

fn metric(name: &str) -> Result<Metric, String> {
    let found = METRICS.iter().find(|(known, _)| *known == name).map(|(_, metric)| *metric);
    found.ok_or_else(|| {
        let names: Vec<_> = METRICS.iter().map(|(name, _)| *name).collect();
        format!("it is one of {}", names.join(", "))
    })
}

impl Arguments {
    pub async fn run(self, environment: &Environment) -> Result<(), Failure> {
        let format = self.format();
        let out = self.out.clone();
        let interrupt = Interrupt::default();
        let request = self.request(environment, interrupt.clone()).map_err(Failure::Usage)?;
        let measuring = Measuring::prepare(request).await.map_err(Failure::Usage)?;
        for note in &measuring.notes {
            say(note);
        }
        let listening = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                interrupt.set();
            }
        });
        let measured = tokio::task::spawn_blocking(move || {
            let bar = Bar(output::progress());
            let report = measuring.run(&mut |progress| bar.show(&progress));
            bar.0.finish_and_clear();
            report.map(|report| (measuring.judge(&report), report))
        });
        let measured = measured.await;
        listening.abort();
        let (judged, report) = measured
            .map_err(|error| Failure::Outside(anyhow!(error).context("measure")))?
            .map_err(of_measurement)?;
        write(&report, format, out.as_deref())?;
        tell(&judged)
    }

    fn format(&self) -> Format {
        let by_name = self.out.as_ref().and_then(|path| match path.extension()?.to_str()? {
            "json" => Some(Format::Json),
            "html" => Some(Format::Html),
            _ => None,
        });
        self.format.or(by_name).unwrap_or(Format::Table)
    }

    fn request(
        self,
        environment: &Environment,
        interrupt: Interrupt,
    ) -> anyhow::Result<MeasureRequest> {
        let state = config::user_folder(environment, "XDG_CACHE_HOME", ".cache")
            .context("set HOME or XDG_CACHE_HOME: base and head are checked out below it")?
            .join("measure");
        let budget = Duration::try_from_secs_f64(self.minutes * 60.0)
            .map_err(|error| anyhow!("--minutes {}: {error}", self.minutes))?;
        let defaults = Effort::default();
        let effort = Effort {
            metric: self.metric,
            effect: self.effect / 100.0,
            // What is asked for must be above what counts as no change.
            threshold: defaults.threshold.min(self.effect / 200.0),
            least_pairs: self.pairs.unwrap_or(defaults.least_pairs),
            most_pairs: self.pairs.unwrap_or(defaults.most_pairs),
            early_stop: !self.no_early_stop,
            budget,
            ..defaults
        };
        Ok(MeasureRequest {
            repository: self.repo,
            base: self.base,
            head: self.head,
            state,
            command: self.command,
            names: self.names,
            build: self.build,
            effort,
            self_check: self.self_check,
            callgrind: self.callgrind,
            region: self.region,
            fail_on: self.fail_on,
            interrupt,
        })
    }
}

/// What is asked for wrongly is for the person to mend; so is a command that fails.
fn of_measurement(error: measure::MeasureError) -> Failure {
    match error {
        measure::MeasureError::State { .. } | measure::MeasureError::Interrupted => {
            Failure::Outside(error.into())
        }
        _ => Failure::Usage(error.into()),
    }
}

fn write(report: &Report, format: Format, out: Option<&Path>) -> Result<(), Failure> {
    let text = match format {
        Format::Table => report.table(),
        Format::Json => report.json().map_err(|error| Failure::Outside(error.into()))? + "\n",
        Format::Html => report.html(),
    };
    output::write_result(&text, &report.table(), out)
}

/// Says what came of the thresholds; one that is surely exceeded decides the exit code.
fn tell(judged: &[ThresholdResult]) -> Result<(), Failure> {
    judged.iter().filter_map(ThresholdResult::said).for_each(|line| say(&line));
    let exceeded = judged.iter().any(ThresholdResult::is_exceeded);
    if exceeded { Err(Failure::Told(1)) } else { Ok(()) }
}

#[expect(clippy::print_stderr, reason = "a word to the person at the terminal")]
fn say(line: &str) {
    eprintln!("{line}");
}

/// How far it is.
struct Bar(ProgressBar);

impl Bar {
    fn show(&self, progress: &Progress<'_>) {
        let message = match progress {
            Progress::Swept { measurements } => {
                format!("removed what {measurements} killed measurements left")
            }
            Progress::CheckingOut { .. } => "checking out base and head".to_owned(),
            Progress::Building { side } => format!("building {side}"),
            Progress::SettingUp { benchmark, side } => format!("{benchmark}: setting up {side}"),
            Progress::WarmingUp { benchmark } => format!("{benchmark}: warming up"),
            Progress::Counting { benchmark, side } => {
                format!("{benchmark}: counting instructions on {side}")
            }
            Progress::Pair { benchmark, done, asked, .. } => {
                self.step(*done, *asked);
                format!("{benchmark}: pair {done} of about {asked}")
            }
        };
        self.0.set_message(message);
    }

    fn step(&self, done: usize, asked: usize) {
        if self.0.length().is_none()
            && let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {bar:30} ({elapsed})")
        {
            self.0.set_style(style);
        }
        self.0.set_length(asked.max(done) as u64);
        self.0.set_position(done as u64);
    }
}
