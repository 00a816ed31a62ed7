//! A scratch repository whose commits differ by a known amount of work, measured by the whole tool again and again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use measure::{Benchmark, Metric, Pair, Request, Stopped, Verdict, measure};

use super::Failure;

pub(crate) const STEPS_FILE: &str = "steps";
/// So that a run takes about 20 ms.
const WANTED_SECONDS: f64 = 0.02;

/// The repository, with base, `same`, `ten` and `three`.
pub(crate) struct Session {
    folder: tempfile::TempDir,
    program: PathBuf,
    description: String,
}

impl Session {
    pub(crate) fn new() -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let program = std::env::current_exe()?;
        let mut session = Self { folder, program, description: String::new() };
        fs::create_dir(session.repository())?;
        session.git(&["init", "--quiet"])?;
        let seconds = |steps: u64| -> Result<f64, Failure> {
            fs::write(session.repository().join(STEPS_FILE), steps.to_string())?;
            let mut times = Vec::new();
            for _ in 0..31 {
                let start = Instant::now();
                let mut child = Command::new(&session.program);
                child.arg("work").current_dir(session.repository()).status()?;
                times.push(start.elapsed().as_secs_f64());
            }
            // Undisturbed by what else the machine does.
            Ok(times.into_iter().fold(f64::INFINITY, f64::min))
        };
        let start = seconds(0)?;
        let per_step = (seconds(4_000_000)? - start) / 4e6;
        let steps = (WANTED_SECONDS - start) / per_step;
        // A share of the whole, the start of the process included, so that what is found can be compared with what was put in.
        let more = |share: f64| (steps + share * WANTED_SECONDS / per_step) as u64;
        for (tag, steps) in
            [("base", more(0.0)), ("same", more(0.0)), ("ten", more(0.10)), ("three", more(0.03))]
        {
            fs::write(session.repository().join(STEPS_FILE), steps.to_string())?;
            session.git(&["add", "."])?;
            session.git(&["commit", "--quiet", "--allow-empty", "--message", tag])?;
            session.git(&["tag", tag])?;
        }
        session.description = format!(
            "Each run: {steps:.0} steps of integer arithmetic in a process of its own, about {:.0} ms, {:.1} ms of them its start.\n",
            WANTED_SECONDS * 1e3,
            start * 1e3
        );
        Ok(session)
    }

    pub(crate) fn describe(&self) -> &str {
        &self.description
    }

    /// Measures base against a tag so many times, each from checkout to verdict.
    pub(crate) fn compare(
        &self,
        name: &str,
        head: &str,
        effect: f64,
        count: usize,
    ) -> Result<Compared, Failure> {
        let mut compared = Compared {
            name: name.to_owned(),
            verdicts: Vec::new(),
            stopped: Vec::new(),
            changes: Vec::new(),
            pairs: Vec::new(),
        };
        for index in 0..count {
            let mut request = Request::new(self.repository(), self.folder.path().join("state"));
            (request.base, request.head) = ("base".to_owned(), head.to_owned());
            let command = vec![self.program.display().to_string(), "work".to_owned()];
            request.benchmarks.push(Benchmark { name: "work".to_owned(), command, setup: None });
            (request.effort.effect, request.effort.seed) = (effect, index as u64);
            let report = measure(&request, &mut |_| {})?;
            let found = report.benchmarks.into_iter().next().ok_or("no benchmark")?;
            let cpu = found.comparison(Metric::CpuSeconds).ok_or("no CPU time")?;
            compared.changes.push(cpu.change.value);
            compared.verdicts.push(found.verdict);
            compared.stopped.push(found.stopped);
            compared.pairs.push(found.pairs);
            if index % 20 == 19 {
                eprintln!("{name}: {} of {count}", index + 1);
            }
        }
        Ok(compared)
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    fn git(&self, arguments: &[&str]) -> Result<(), Failure> {
        let identity =
            ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
        let mut git = Command::new("git");
        git.current_dir(Path::new(&self.repository()))
            .args(identity)
            .args(arguments)
            .stdout(Stdio::null());
        if git.status()?.success() {
            Ok(())
        } else {
            Err(format!("git {arguments:?} fails").into())
        }
    }
}

/// What one kind of comparison gave.
pub(crate) struct Compared {
    name: String,
    verdicts: Vec<Verdict>,
    stopped: Vec<Stopped>,
    changes: Vec<f64>,
    pub(crate) pairs: Vec<Vec<Pair>>,
}

impl Compared {
    pub(crate) fn row(&self) -> String {
        let count = |verdict| self.verdicts.iter().filter(|found| **found == verdict).count();
        let certain = self.stopped.iter().filter(|stopped| **stopped == Stopped::Certain).count();
        let mut lengths: Vec<usize> = self.pairs.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        let mut changes = self.changes.clone();
        changes.sort_by(f64::total_cmp);
        let at = |share: f64| {
            changes
                .get(((changes.len().max(1) - 1) as f64 * share).round() as usize)
                .map_or(f64::NAN, |change| change * 100.0)
        };
        format!(
            "| {} | {} | {} | {} | {} | {} ({}) | {certain} | {:+.1} % ({:+.1} .. {:+.1}) |",
            self.name,
            self.verdicts.len(),
            count(Verdict::Regressed),
            count(Verdict::Improved),
            count(Verdict::NoChangeDetectable),
            lengths.get(lengths.len() / 2).copied().unwrap_or_default(),
            lengths.last().copied().unwrap_or_default(),
            at(0.5),
            at(0.05),
            at(0.95),
        )
    }
}
