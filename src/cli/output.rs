//! How a report is written, and where: what `review`, `scan`, `measure` and `models bench` have in common.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::report::Report;

/// Where the report goes.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// How to write the report [default: terminal on a terminal, else markdown].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write the report to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Markdown,
    Json,
    Html,
    Sarif,
    Terminal,
}

/// Writes to standard output. A disk that is full is a failure; a pipe that was closed, as by `| head`, has read what it
/// wanted.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    is_read(anstream::stdout().lock(), text).map(drop)
}

/// The same for a page, which ends with one line end.
pub(super) fn print_page(page: &str) -> Result<(), Failure> {
    print(&format!("{}\n", page.trim_end()))
}

/// Writes a piece of what comes piece by piece; whether anybody reads on.
pub(super) fn is_read(mut stdout: impl Write, piece: &str) -> Result<bool, Failure> {
    match stdout.write_all(piece.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Outside(anyhow!(error).context("write to standard output"))),
    }
}

/// Writes what was measured to a file, if one is named, and the table beside it: a person who waited wants to see it all the same.
pub(super) fn write_result(text: &str, table: &str, out: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = out else { return print(text) };
    print(table)?;
    std::fs::write(path, text)
        .with_context(|| format!("write the result to {}", path.display()))
        .map_err(Failure::Outside)
}

impl Output {
    pub(super) fn write(&self, report: &Report) -> Result<(), Failure> {
        let text = render(report, self.format())?;
        let Some(path) = &self.out else {
            return print(&text);
        };
        let text = if self.format() == Format::Terminal {
            anstream::adapter::strip_str(&text).to_string()
        } else {
            text
        };
        std::fs::write(path, text)
            .with_context(|| format!("write the report to {}", path.display()))
            .map_err(Failure::Outside)
    }

    fn format(&self) -> Format {
        let by_name =
            self.out.as_ref().and_then(|path| path.extension()?.to_str()).and_then(|extension| {
                match extension {
                    "json" => Some(Format::Json),
                    "html" => Some(Format::Html),
                    "sarif" => Some(Format::Sarif),
                    _ => None,
                }
            });
        let by_stream = if self.out.is_none() && std::io::stdout().is_terminal() {
            Format::Terminal
        } else {
            Format::Markdown
        };
        self.format.or(by_name).unwrap_or(by_stream)
    }
}

fn render(report: &Report, format: Format) -> Result<String, Failure> {
    let json = |value: serde_json::Result<String>| {
        value.map(|text| text + "\n").map_err(|error| Failure::Outside(error.into()))
    };
    match format {
        Format::Markdown => Ok(report.to_markdown()),
        Format::Html => Ok(report.to_html()),
        Format::Terminal => Ok(report.to_terminal()),
        Format::Json => json(serde_json::to_string_pretty(report)),
        Format::Sarif => json(serde_json::to_string_pretty(&report.to_sarif())),
    }
}

/// On a terminal only, and only for what takes longer than a blink.
pub(super) fn progress() -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} {msg} ({elapsed})")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
