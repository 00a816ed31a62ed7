//! The report for a terminal: short, colored where the terminal takes colors.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use contract::Severity;

use super::text::{amount, count, one_line, shorten};
use super::{Carbon, Finding, Report, State, fixes, markdown, skipped};

const MOST_SKIPPED: usize = 10;
const MOST_HOT: usize = 3;
/// More scroll by unread; the other formats have them.
const MOST_FINDINGS: usize = 100;
/// Of flagged code: no text of others moves the page further to the right.
const DEEPEST: usize = 40;

impl Report {
    /// With styles as ANSI sequences; the stream that prints it strips them where they don't belong.
    pub fn to_terminal(&self) -> String {
        let bold = Style::new().bold();
        let dim = Style::new().dimmed();
        let mut page = format!("{bold}Eco-Coder: {}{bold:#}\n", self.verdict());
        if !self.words.text.is_empty() && self.cost.led_by != "embedded planner" {
            let _ = writeln!(page, "\n{}", plain(&self.words.text));
        }
        let (leading, _) = self.by_weight();
        for finding in leading.iter().take(MOST_FINDINGS) {
            write_finding(&mut page, finding);
        }
        if let Some(more) = leading.len().checked_sub(MOST_FINDINGS).filter(|more| *more > 0) {
            let _ = writeln!(page, "\n…and {more} more: `--format json` has all of them");
        }
        self.write_seldom_lines(&mut page, dim);
        if !self.fixed.is_empty() {
            let _ = writeln!(page, "\n{bold}Fixed{bold:#}");
            for fixed in self.fixed.iter().take(MOST_FINDINGS) {
                let _ = writeln!(page, "  {} in {}", fixed.rule_id, plain(&fixed.file_path));
            }
        }
        let _ = writeln!(page);
        match &self.carbon {
            Carbon::Known(carbon) => {
                let _ = writeln!(page, "{bold}Carbon{bold:#}    {}", markdown::carbon_line(carbon));
            }
            Carbon::CannotTell { .. } if self.subject.is_scan() => {}
            Carbon::CannotTell { why } => {
                let _ = writeln!(page, "{bold}Carbon{bold:#}    cannot tell: {}", plain(why));
            }
        }
        self.write_measured_lines(&mut page, bold, dim);
        self.write_profile_lines(&mut page, bold, dim);
        let _ = writeln!(page, "{bold}Coverage{bold:#}  {}", self.coverage_line());
        self.write_rest(&mut page, dim);
        let _ = writeln!(page, "{dim}{}{dim:#}", self.footer());
        page
    }

    fn write_measured_lines(&self, page: &mut String, bold: Style, dim: Style) {
        let Some(measured) = &self.measured else { return };
        let machine = plain(&measured.machine);
        let _ =
            writeln!(page, "{bold}Measured{bold:#}  {dim}base against head on {machine}{dim:#}");
        for one in &measured.benchmarks {
            let _ = writeln!(page, "          {}: {}", plain(&one.name), one.words());
        }
        for line in measured.threshold_lines() {
            let _ = writeln!(page, "          {}", plain(&line));
        }
    }

    fn write_profile_lines(&self, page: &mut String, bold: Style, dim: Style) {
        let Some(profile) = self.profile.as_ref().filter(|profile| !profile.bottlenecks.is_empty())
        else {
            return;
        };
        let _ = writeln!(page, "{bold}Profile{bold:#}   {}", plain(&profile.source));
        for hot in profile.bottlenecks.iter().take(MOST_HOT) {
            let place = hot.file_path.as_deref().map(plain).unwrap_or_default();
            let name = shorten(&plain(&hot.function_name), 60);
            let share = amount(hot.cpu_percentage);
            let _ = writeln!(page, "          {share:>5} %  {name}  {dim}{place}{dim:#}");
        }
        if let Some(url) = &profile.flame_graph_url {
            let _ = writeln!(page, "          {dim}flame graph: {}{dim:#}", plain(url));
        }
    }

    fn write_rest(&self, page: &mut String, dim: Style) {
        for (number, what) in [
            (self.existing, "on untouched lines"),
            (self.suppressed, "silenced in the code"),
            (self.dismissed, "dismissed"),
        ] {
            if number > 0 {
                let _ = writeln!(page, "          {dim}{} {what}{dim:#}", count(number, "finding"));
            }
        }
        for note in &self.coverage.notes {
            let _ = writeln!(page, "          {dim}{}{dim:#}", plain(note));
        }
        let (rows, more) = skipped::rows(&self.coverage.skipped, MOST_SKIPPED);
        for row in rows {
            let files =
                if row.files == 1 { String::new() } else { format!("{} files in ", row.files) };
            let (path, reason) = (plain(row.path), plain(row.reason));
            let _ = writeln!(page, "          {dim}skipped {files}{path}: {reason}{dim:#}");
        }
        if more > 0 {
            let _ = writeln!(page, "          {dim}…and {more} more{dim:#}");
        }
    }
}

fn write_finding(page: &mut String, finding: &Finding) {
    let found = &finding.recommendation;
    let bold = Style::new().bold();
    let dim = Style::new().dimmed();
    let (color, name) = match found.severity {
        Severity::Critical => (AnsiColor::Magenta, "critical"),
        Severity::High => (AnsiColor::Red, "high"),
        Severity::Medium => (AnsiColor::Yellow, "medium"),
        Severity::Low => (AnsiColor::Cyan, "low"),
    };
    let color = Style::new().fg_color(Some(color.into())).bold();
    let open = if finding.state == State::Open { ", still open" } else { "" };
    let _ = writeln!(
        page,
        "\n{color}{name:<8}{color:#}  {bold}{}:{}{bold:#}  {}",
        plain(&found.file_path),
        found.start_line,
        plain(&found.title)
    );
    let _ = writeln!(
        page,
        "          {dim}{}, {}{open}{dim:#}",
        found.rule_id,
        markdown::grade(finding)
    );
    if let Some(fix) = &found.fix {
        write_fix(page, &fixes::diff(fix));
    } else if !found.excerpt.is_empty() {
        for line in found.excerpt.lines() {
            let indentation = (line.len() - line.trim_start().len()).min(DEEPEST);
            let _ = writeln!(page, "          {:indentation$}{}", "", shorten(&plain(line), 100));
        }
    }
    if !found.recommendation.is_empty() {
        let _ = writeln!(page, "          {}", plain(&found.recommendation));
    }
}

fn write_fix(page: &mut String, diff: &str) {
    for line in diff.lines() {
        let color = match line.chars().next() {
            Some('-') => Style::new().fg_color(Some(AnsiColor::Red.into())),
            Some('+') => Style::new().fg_color(Some(AnsiColor::Green.into())),
            _ => Style::new(),
        };
        let _ = writeln!(page, "          {color}{}{color:#}", shorten(line, 120));
    }
}

/// One line without control characters: what comes from a pull request must not steer the terminal.
fn plain(text: &str) -> String {
    one_line(text)
}
