//! The footprint of asking a language model: which models the table knows, and [`crate::ecologits`] for what they draw.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::ecologits::{Answer, DataCenter, Grid, Impacts};
use crate::factors::{Tables, rows};
use crate::interval::Interval;
use crate::units::{Footprint, Intensity, LitersPerKilowattHour, Pue, Seconds};

/// The prompt is not in the method, and an agent's prompts are longer than its answers: the upper end is doubled (judgment).
const PROMPT_ALLOWANCE: f64 = 2.0;

/// Between how many grams of CO2e the answer of a model lies; `None` for a model whose size nobody has estimated.
///
/// `model_id` may be a vendor's id, or Bedrock's with region prefix and version: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`.
/// Where the model runs is not known to the caller, so the grid is that of the United States.
pub fn model_use(model_id: &str, output_tokens: u64) -> Option<Interval> {
    let parameters = MODELS.iter().find(|model| model.is(model_id))?;
    let grid = Intensity(Tables::bundled().factor("grid-usa")?.value);
    let [low, high] = parameters.impacts(output_tokens as f64, grid);
    Some(Interval { low: low.total(), high: Footprint(high.total().0 * PROMPT_ALLOWANCE) })
}

static MODELS: LazyLock<Vec<Parameters>> =
    LazyLock::new(|| rows(include_str!("../data/llm_parameters_MPL-2.0.csv")));

/// Estimated size of a model, in billions of parameters, and how fast it answers.
#[derive(Debug, Deserialize)]
struct Parameters {
    model: String,
    total_min: f64,
    total_max: f64,
    active_min: f64,
    active_max: f64,
    tokens_per_second: Option<f64>,
    first_token_seconds: Option<f64>,
    pue_min: f64,
    pue_max: f64,
}

impl Parameters {
    /// Whether an id means this model: the name whole, then nothing but a date, a version or a variant.
    fn is(&self, id: &str) -> bool {
        let name = id.rsplit(['.', '/']).next().unwrap_or(id);
        let Some(rest) = name.strip_prefix(self.model.as_str()) else { return false };
        let dated = rest.strip_prefix("-20").is_some_and(|date| {
            date.len() >= 6 && date.as_bytes()[..6].iter().all(u8::is_ascii_digit)
        });
        rest.is_empty()
            || dated
            || ["-v1", "-v2", ":", "@", "-latest", "-instruct"]
                .iter()
                .any(|suffix| rest.starts_with(suffix))
    }

    /// With the smallest and with the largest estimate.
    fn impacts(&self, tokens: f64, intensity: Intensity) -> [Impacts; 2] {
        let of = |total_billions, active_billions, pue| {
            let answer = Answer {
                total_billions,
                active_billions,
                output_tokens: tokens,
                latency: None,
                tokens_per_second: self.tokens_per_second,
                first_token: self.first_token_seconds.map(Seconds),
            };
            let grid = Grid { intensity, ..Grid::default() };
            answer.impacts(&DataCenter { pue: Pue(pue), wue: LitersPerKilowattHour(0.0), grid })
        };
        [
            of(self.total_min, self.active_min, self.pue_min),
            of(self.total_max, self.active_max, self.pue_max),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_known_by_its_vendor_id_and_by_its_bedrock_id() {
        let plain = model_use("claude-sonnet-4-5", 1000).unwrap();
        assert_eq!(model_use("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 1000), Some(plain));
        assert!(plain.low.0 > 0.5 && plain.high.0 < 2.5, "{plain:?}");
        assert!(model_use("meta.llama3-1-70b-instruct-v1:0", 1000).is_some());
        assert!(model_use("anthropic.claude-3-5-sonnet-20241022-v2:0", 1000).is_some());
    }

    #[test]
    fn a_model_of_unknown_size_has_no_footprint() {
        for id in [
            "amazon.nova-pro-v1:0",
            "claude-opus-5-6",
            "claude-sonnet-4-50",
            "anthropic.claude-3-sonnet-20240229-v1:0",
            "",
            "é",
        ] {
            assert_eq!(model_use(id, 1000), None, "{id}");
        }
    }

    #[test]
    fn every_row_of_the_table_reads() {
        assert_eq!(
            MODELS.len(),
            include_str!("../data/llm_parameters_MPL-2.0.csv")
                .lines()
                .filter(|line| !line.starts_with('#'))
                .count()
                - 1
        );
    }
}
