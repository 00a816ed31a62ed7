//! What was seen, for a terminal: aligned, and readable without color.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{Check, Examination, Outcome};
use crate::report::text::{count, one_line};

impl Outcome {
    const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Failed, Self::Skipped];

    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }

    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Ok => color(AnsiColor::Green),
            Self::Skipped => Style::new().dimmed(),
            Self::Warning => color(AnsiColor::Yellow).bold(),
            Self::Failed => color(AnsiColor::Red).bold(),
        }
    }
}

impl Examination {
    /// With styles as ANSI sequences; the stream that prints it strips them where they don't belong.
    pub fn to_terminal(&self) -> String {
        let bold = Style::new().bold();
        let width = self.checks().map(|check| check.name.chars().count()).max().unwrap_or(0);
        let mut page = String::new();
        for section in &self.sections {
            let _ = writeln!(page, "{bold}{}{bold:#}", section.title);
            for check in &section.checks {
                write_check(&mut page, check, width);
            }
            page.push('\n');
        }
        let _ = writeln!(page, "{bold}{}{bold:#}", self.sum());
        page
    }

    fn checks(&self) -> impl Iterator<Item = &Check> {
        self.sections.iter().flat_map(|section| &section.checks)
    }

    fn sum(&self) -> String {
        let number =
            |outcome: Outcome| self.checks().filter(|check| check.outcome == outcome).count();
        let counted = Outcome::ALL.into_iter().filter(|outcome| number(*outcome) > 0);
        let words = counted.map(|outcome| match outcome {
            Outcome::Warning => count(number(outcome), "warning"),
            _ => format!("{} {}", number(outcome), outcome.word()),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

fn write_check(page: &mut String, check: &Check, width: usize) {
    let (style, dim) = (check.outcome.style(), Style::new().dimmed());
    let (word, name) = (check.outcome.word(), one_line(&check.name));
    let seen = one_line(&check.seen);
    let _ = writeln!(page, "  {style}{word:<7}{style:#}  {name:<width$}  {seen}");
    if let Some(fix) = &check.fix {
        let _ = writeln!(page, "  {:<7}  {:<width$}  {dim}fix:{dim:#} {}", "", "", one_line(fix));
    }
}
