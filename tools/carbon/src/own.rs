//! The footprint of the review itself: on the machine that it ran on, and of the model that it asked.

use std::time::Duration;

use serde::Serialize;

use crate::best::{Estimate, Location, Report, Workload};
use crate::interval::Interval;
use crate::llm;
use crate::units::{CpuSeconds, Gigabytes};
use crate::work::CarbonError;

/// What one review stood for. Without a region nothing is known of machine and place: the world's average, and a wide interval.
pub fn own_footprint(
    cpu: Duration,
    ram_mb: f64,
    region: Option<&str>,
) -> Result<Report, CarbonError> {
    let workload = Workload {
        memory: Gigabytes::from_megabytes(ram_mb),
        location: region.map_or(Location::Unknown, Location::Region),
        ..Workload::of(CpuSeconds(cpu.as_secs_f64()))
    };
    Estimate::of(&workload)?.report()
}

/// What one review asked of a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnModelUse {
    pub model: String,
    pub output_tokens: u64,
    /// Reported, and not in `footprint`.
    pub input_tokens: u64,
    /// Of writing the answers; `None` for a model whose size nobody has estimated.
    pub footprint: Option<Interval>,
    /// Whether reading the prompts is counted. The method has no figure for it, so it is not.
    pub input_counted: bool,
    /// What the reader has to know of the figure.
    pub note: String,
}

/// What the answers of a model stood for. An agent reads ten times what it writes, so this is a lower bound and says so.
pub fn own_model_use(model: &str, input_tokens: u64, output_tokens: u64) -> OwnModelUse {
    let footprint = llm::model_use(model, output_tokens);
    let note = match footprint {
        Some(_) => format!(
            "by EcoLogits' method of 2026, for the {output_tokens} tokens that were written; reading {input_tokens} tokens is not \
             costed: the lower end leaves it out, the upper end doubles the figure for it"
        ),
        None => format!(
            "no figure for the {output_tokens} tokens that were written: nobody has estimated the size of {model}"
        ),
    };
    OwnModelUse {
        model: model.to_owned(),
        output_tokens,
        input_tokens,
        footprint,
        input_counted: false,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_nobody_knows_where_is_a_world_average_and_says_so() {
        let own = own_footprint(Duration::from_mins(1), 300.0, None).unwrap();
        assert!((own.carbon_intensity_gco2_per_kwh.0 - 472.94).abs() < 1e-9);
        assert!(own.location_unknown);
        assert!(own.methodology.contains("location unknown"), "{}", own.methodology);
        assert!(own.interval_90.high.0 / own.co2e_grams.0 > 3.0);
    }

    #[test]
    fn tokens_that_are_not_costed_are_reported_and_said_to_be() {
        let asked = own_model_use("claude-sonnet-4-5", 52_000, 1000);
        assert_eq!(asked.footprint, llm::model_use("claude-sonnet-4-5", 1000));
        assert!(!asked.input_counted);
        insta::assert_snapshot!(asked.note, @"by EcoLogits' method of 2026, for the 1000 tokens that were written; reading 52000 tokens is not costed: the lower end leaves it out, the upper end doubles the figure for it");
        insta::assert_snapshot!(own_model_use("amazon.nova-pro-v1:0", 7, 9).note, @"no figure for the 9 tokens that were written: nobody has estimated the size of amazon.nova-pro-v1:0");
    }

    #[test]
    fn a_region_is_used_where_it_is_given_and_never_guessed() {
        let own = own_footprint(Duration::from_mins(1), 300.0, Some("eu-west-3")).unwrap();
        assert!(own.carbon_intensity_gco2_per_kwh.0 < 50.0 && !own.location_unknown);
        assert!(matches!(
            own_footprint(Duration::from_mins(1), 300.0, Some("mars-1")),
            Err(CarbonError::UnknownRegion { .. })
        ));
    }
}
