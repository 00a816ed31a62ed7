//! The report for a terminal.

use std::fmt::Write;

use super::{Callgrind, Measurement, Report, Revision};
use crate::plan::Stopped;
use crate::verdict::{Comparison, Verdict};

impl Report {
    /// One block for each benchmark, without colors.
    pub fn table(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let [base, head] = [&self.base, &self.head].map(named);
        let what = if self.self_check {
            format!("{base} against itself")
        } else {
            format!("base {base}, head {head}")
        };
        writeln!(text, "{what}")?;
        for warning in &self.warnings {
            writeln!(text, "warning: {warning}")?;
        }
        for benchmark in &self.benchmarks {
            writeln!(text, "\n{}: {}", printable(&benchmark.name), self.sentence(benchmark))?;
            benchmark.write_rows(text)?;
            benchmark.write_notes(text)?;
        }
        for failure in &self.failed {
            writeln!(text, "\n{}: not measured: {}", printable(&failure.name), failure.error)?;
        }
        Ok(())
    }

    /// The verdict in words.
    pub fn sentence(&self, benchmark: &Measurement) -> String {
        let metric = self.effort.metric;
        let Some(found) = benchmark.comparison(metric) else {
            let pairs = benchmark.pairs.len();
            return format!(
                "no change detectable: {pairs} pairs of {} are too few to tell",
                metric.name()
            );
        };
        let change = format!("{} {}", metric.name(), interval(found));
        match benchmark.verdict {
            Verdict::Improved => format!("improved: {change}"),
            Verdict::Regressed => format!("regressed: {change}"),
            Verdict::NoChangeDetectable => {
                format!(
                    "no change detectable (noise floor {:.1} %): {change}",
                    found.noise_floor * 100.0
                )
            }
        }
    }
}

impl Measurement {
    fn write_rows(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "  {:<14} {:>12} {:>12} {:>9}  {:<20} {:>7}",
            "", "base", "head", "change", "95 % interval", "floor"
        )?;
        for found in &self.comparisons {
            let [low, high] = [found.change.low, found.change.high].map(percent);
            writeln!(
                text,
                "  {:<14} {:>12} {:>12} {:>9}  {:<20} {:>7}",
                found.metric.name(),
                found.metric.show(found.base_median),
                found.metric.show(found.head_median),
                percent(found.change.value),
                format!("{low} .. {high}"),
                format!("{:.1} %", found.noise_floor * 100.0),
            )?;
        }
        Ok(())
    }

    fn write_notes(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "  {}", self.course())?;
        if let Some(energy) = &self.energy {
            writeln!(text, "  {}", energy.sentence())?;
        }
        if let Some(callgrind) = &self.callgrind {
            writeln!(text, "  {}", callgrind.sentence())?;
        }
        for (metric, why) in &self.missing {
            writeln!(text, "  no {}: {why}", metric.name())?;
        }
        Ok(())
    }

    /// How many pairs there were, and why no more.
    pub(crate) fn course(&self) -> String {
        let (run, asked) = (self.pairs.len(), self.pairs_asked);
        match self.stopped {
            Stopped::Certain => {
                format!("{run} pairs: it was certain before the {asked} that were planned")
            }
            Stopped::Enough => format!("{run} pairs, as many as it takes"),
            Stopped::MostPairs | Stopped::TimeBudget if run >= asked => format!("{run} pairs"),
            Stopped::MostPairs => format!("{run} pairs, the most allowed; {asked} would be needed"),
            Stopped::TimeBudget => {
                format!("{run} pairs, then the time budget was used up; {asked} would be needed")
            }
        }
    }
}

fn interval(found: &Comparison) -> String {
    let [value, low, high] = [found.change.value, found.change.low, found.change.high].map(percent);
    format!("{value} ({low} .. {high})")
}

pub(super) fn percent(share: f64) -> String {
    // Not "-0.0 %".
    let value = (share * 1000.0).round() / 10.0 + 0.0;
    format!("{value:+.1} %")
}

/// Name and commit; a commit that was asked for by its own number has no other name.
fn named(revision: &Revision) -> String {
    let commit = short(&revision.commit);
    if revision.commit.starts_with(&revision.name) {
        return commit.to_owned();
    }
    format!("{} ({commit})", printable(&revision.name))
}

pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

impl Callgrind {
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Counted { base, head, change } => {
                let change = percent(*change);
                format!(
                    "instructions by callgrind, one run each: {base:.0} and {head:.0}, {change}"
                )
            }
            Self::Missing { why } => format!("no instructions by callgrind: {why}"),
        }
    }
}

/// Names come from outside, and a terminal obeys control characters.
fn printable(name: &str) -> String {
    name.chars().filter(|char| !char.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;

    #[test]
    fn the_table_says_the_verdict_first_and_why_a_figure_is_missing() {
        insta::assert_snapshot!(report().table(), @"
        base main (aaaaaaaaaa), head HEAD (bbbbbbbbbb)
        warning: base and head are the same commit

        parse[31m <b>: regressed: CPU time +10.3 % (+10.0 % .. +10.5 %)
                                 base         head    change  95 % interval          floor
          CPU time           101.0 ms     111.2 ms   +10.3 %  +10.0 % .. +10.5 %     2.0 %
          bytes read        4.000 KiB    4.000 KiB    +0.0 %  +0.0 % .. +0.0 %       2.0 %
          8 pairs, then the time budget was used up; 16 would be needed
          each run of head, from CPU time: +50.00 mJ (+45.00 mJ .. +55.00 mJ); in CO2e +4.583 µg (+4.125 µg .. +5.042 µg)
          no instructions by callgrind: valgrind is not installed
          no energy: this machine shows no energy meter (RAPL)

        print: not measured: it fails
        ");
    }
}
