//! What would make calls cheaper, with the arithmetic, the largest saving first.

use std::fmt;

use contract::Timestamp;
use serde::Serialize;

use super::bench::Benchmark;
use super::evidence::Evidence;
use super::{recommend_caching, recommend_model, recommend_prompt};
use crate::catalog::Catalog;

const DAYS_A_MONTH: f64 = 30.0;
/// Less is not worth anyone's time.
const LEAST_USD_A_MONTH: f64 = 0.01;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    pub kind: Kind,
    /// The model whose calls it concerns.
    pub model: String,
    pub saves_usd_a_month: f64,
    pub advice: String,
    /// How the saving comes about, in numbers with units.
    pub arithmetic: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    CheaperModel,
    Caching,
    PromptSize,
}

/// What the calls of the evidence would have saved, projected to a month of 30 days.
pub fn recommendations(
    evidence: &Evidence,
    benchmark: Option<&Benchmark>,
    catalog: &Catalog,
    now: Timestamp,
) -> Vec<Recommendation> {
    let days = evidence.days(now);
    let mut found = Vec::new();
    for ((model, driver), calls) in &evidence.models {
        let known = catalog.lookup_through(driver, model);
        found.extend(
            benchmark.and_then(|bench| recommend_model::find(model, calls, bench, catalog)),
        );
        found.extend(recommend_caching::find(&known, calls));
        found.extend(recommend_prompt::find(&known, calls));
    }
    let mut found: Vec<_> = found.into_iter().map(|saving| saving.a_month(days)).collect();
    found.retain(|found| found.saves_usd_a_month >= LEAST_USD_A_MONTH);
    found.sort_by(|one, other| other.saves_usd_a_month.total_cmp(&one.saves_usd_a_month));
    found
}

/// What calls would have saved, before it is projected.
pub(super) struct Saving {
    pub(super) kind: Kind,
    pub(super) model: String,
    pub(super) usd: f64,
    pub(super) advice: String,
    pub(super) arithmetic: String,
}

impl Saving {
    fn a_month(self, days: f64) -> Recommendation {
        let Self { kind, model, usd, advice, arithmetic } = self;
        let monthly = usd * DAYS_A_MONTH / days;
        Recommendation {
            kind,
            model,
            saves_usd_a_month: monthly,
            advice,
            arithmetic: format!(
                "{arithmetic} = ${usd:.4} in {days:.1} days; x 30 / {days:.1} = ${monthly:.2} a month"
            ),
        }
    }
}

impl fmt::Display for Recommendation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { saves_usd_a_month, advice, arithmetic, .. } = self;
        write!(formatter, "${saves_usd_a_month:.2} a month: {advice}\n  {arithmetic}")
    }
}
