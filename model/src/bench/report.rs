//! What a benchmark found.

use serde::Serialize;

use super::pair::Pair;
use super::row::{Footprint, Grams, Row};
use super::run::{Contender, Ran};
use super::suite::Suite;

/// One suite over several models. As JSON it is a [`crate::cost::Benchmark`], and more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub suite: String,
    pub about: String,
    pub asked: Asked,
    /// Someone ended it, and this is what came until then.
    pub interrupted: bool,
    pub models: Vec<Row>,
    pub pairs: Vec<Pair>,
    /// What asking took on this machine; `embedded` and local models work there.
    pub own: Option<Own>,
}

/// What every model was asked, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Asked {
    pub tasks: u64,
    pub groups: Vec<String>,
    pub repeat: u32,
    pub seed: u64,
    pub concurrency: usize,
    /// By RFC 3339.
    pub began: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Own {
    pub cpu_seconds: f64,
    pub co2e_grams: Option<Grams>,
}

impl Report {
    /// Of contenders and what came of each, in the same order.
    pub fn of(
        suite: &Suite,
        contenders: &[Contender],
        ran: Ran,
        asked: Asked,
        footprint: &Footprint,
    ) -> Self {
        let rows = contenders.iter().zip(ran.models);
        let models: Vec<Row> =
            rows.map(|(contender, trials)| Row::of(suite, contender, trials, footprint)).collect();
        Self {
            suite: suite.name.clone(),
            about: suite.about.clone(),
            asked,
            interrupted: ran.interrupted,
            pairs: Pair::of_all(&models),
            models,
            own: None,
        }
    }

    /// Whether any model answered anything.
    pub fn has_answers(&self) -> bool {
        self.models.iter().any(|row| row.answered > 0)
    }

    /// How it was done, in a sentence or two.
    pub(super) fn course(&self) -> String {
        let Asked { tasks, repeat, seed, concurrency, began, .. } = &self.asked;
        let often = if *repeat == 1 { "once".to_owned() } else { format!("{repeat} times") };
        format!(
            "{tasks} tasks of {:?}, each asked {often} of every model, {concurrency} calls at a time, in an order by seed {seed}; begun {began}.",
            self.suite
        )
    }

    /// What the reader should know, a line each.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.interrupted {
            notes.push("Interrupted: what came until then.".to_owned());
        }
        for row in &self.models {
            if let Some(stopped) = &row.stopped {
                notes.push(format!(
                    "{}: asked {} of {} tasks: {stopped}",
                    row.model, row.tasks, self.asked.tasks
                ));
            } else if let Some(error) = &row.last_error {
                notes.push(format!("{}: the last failure: {error}", row.model));
            }
        }
        notes
    }

    /// Which differences can be told from chance.
    pub(super) fn differences(&self) -> Vec<String> {
        let clear: Vec<String> =
            self.pairs.iter().filter(|pair| pair.is_clear()).map(Pair::sentence).collect();
        match (clear.is_empty(), self.pairs.is_empty()) {
            (true, true) => Vec::new(),
            (true, false) => vec!["No two models can be told apart by these tasks.".to_owned()],
            _ => clear,
        }
    }

    /// How to read the figures.
    pub(super) fn explained(&self) -> String {
        let mut explained = "Quality: the mean score, a failed call counting as wrong, with Wilson's 95 % interval over tasks. Seconds: of answered calls, retries included; with fewer than 100 calls p99 is the longest. First: up to the first piece, where answers came in pieces. gCO2e: of the answers' tokens, by EcoLogits' method; what reading the prompts takes is not in it.".to_owned();
        if self.pairs.len() > 1 {
            explained += " Differences are by Newcombe's paired interval, each by itself: of twenty pairs of equal models one looks different.";
        }
        explained
    }

    pub(super) fn own_said(&self) -> Option<String> {
        let own = self.own.as_ref()?;
        let grams = own.co2e_grams.map(|grams| format!(", {} gCO2e", said_grams(grams)));
        Some(format!(
            "On this machine: {:.2} seconds of CPU time{}.",
            own.cpu_seconds,
            grams.unwrap_or_default()
        ))
    }
}

/// `0.12 to 0.48`
pub(super) fn said_grams(grams: Grams) -> String {
    let said = |grams: f64| {
        let digits =
            if grams == 0.0 { 0 } else { (2 - grams.abs().log10().floor() as i32 - 1).clamp(0, 6) };
        format!("{grams:.*}", usize::try_from(digits).unwrap_or(0))
    };
    let (low, high) = (said(grams.low), said(grams.high));
    if low == high { low } else { format!("{low} to {high}") }
}

#[cfg(test)]
mod tests {
    use super::super::sample::report;
    use crate::cost::Benchmark;

    #[tokio::test(start_paused = true)]
    async fn figures_are_those_that_a_person_computes() {
        let report = report().await;
        let said: Vec<_> = report
            .models
            .iter()
            .map(|row| {
                format!(
                    "{} {:.4} of {} ({:.4} to {:.4}), {} wholly right, {} calls, {:?}, {:?} US dollars",
                    row.model,
                    row.quality,
                    row.tasks,
                    row.low,
                    row.high,
                    row.right,
                    row.calls,
                    row.errors,
                    row.usd.map(|usd| format!("{usd:.4}"))
                )
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r#"
        good|model 1.0000 of 30 (0.8865 to 1.0000), 30 wholly right, 30 calls, {}, Some("0.0600") US dollars
        poor 0.3333 of 30 (0.1923 to 0.5122), 10 wholly right, 30 calls, {}, Some("0.0150") US dollars
        shaky 0.8000 of 30 (0.6269 to 0.9049), 24 wholly right, 30 calls, {"timeout": 6}, Some("0.0240") US dollars
        absent 0.0000 of 0 (0.0000 to 1.0000), 0 wholly right, 0 calls, {}, None US dollars
        "#);
        // Tasks take from 1.0 to 3.9 times two seconds, and half a second more: the 15th, 29th and 30th of thirty.
        let latency = report.models[0].latency_ms.unwrap();
        let begun = report.models[0].first_token_ms.unwrap().p50;
        let told = [latency.p50, latency.p95, latency.p99, begun].map(|ms| format!("{ms:.0}"));
        assert_eq!(told, ["5300", "8100", "8300", "4800"]);
        insta::assert_snapshot!(report.differences().join("\n"), @"
        good|model scores 67 points more than poor (45 to 81, on 30 tasks)
        good|model scores 20 points more than shaky (5 to 37, on 30 tasks)
        shaky scores 47 points more than poor (22 to 64, on 30 tasks)
        ");
    }

    #[tokio::test(start_paused = true)]
    async fn the_costs_of_models_read_it() {
        let report = report().await;
        let json = serde_json::to_string(&report).unwrap();
        let read: Benchmark = serde_json::from_str(&json).unwrap();
        assert_eq!(read.suite, "letters");
        assert!(read.models.iter().all(crate::cost::Benchmarked::is_sound), "{read:?}");
        assert_eq!(read.models.iter().map(|row| row.tasks).collect::<Vec<_>>(), [30, 30, 30, 0]);
    }
}
