//! The footprint of asking a language model, by the published method of `EcoLogits`.
//!
//! Formula and constants are re-implemented from its documentation (<https://ecologits.ai>, method of version 0.11). It
//! assumes H100 servers and counts the generated tokens alone: reading the prompt, networks and training are left out.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::factors::{Tables, rows};
use crate::interval::Interval;
use crate::units::{Footprint, Intensity, KilowattHours, Pue};

/// The prompt is not in the method, and an agent's prompts are longer than its answers: the upper end is doubled (judgment).
const PROMPT_ALLOWANCE: f64 = 2.0;

/// Between how many grams of CO2e the answer of a model lies; `None` for a model whose size nobody has estimated.
///
/// `model_id` may be a vendor's id, or Bedrock's with region prefix and version: `us.anthropic.claude-sonnet-4-5-20250929-v1:0`.
/// Where the model runs is not known to the caller, so the grid is that of the United States.
pub fn model_use(model_id: &str, output_tokens: u64) -> Option<Interval> {
    let parameters = MODELS.iter().find(|model| model.is(model_id))?;
    let grid = Intensity(Tables::bundled().factor("grid-usa")?.value);
    let [low, high] = parameters.footprints(output_tokens as f64, grid);
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

/// What one answer stands for.
#[derive(Debug, Clone, Copy)]
struct ModelFootprint {
    usage: Footprint,
    embodied: Footprint,
}

impl ModelFootprint {
    fn total(self) -> Footprint {
        self.usage + self.embodied
    }
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
    fn footprints(&self, tokens: f64, grid: Intensity) -> [ModelFootprint; 2] {
        let of = |total, active, pue| self.footprint(tokens, total, active, Pue(pue), grid);
        [
            of(self.total_min, self.active_min, self.pue_min),
            of(self.total_max, self.active_max, self.pue_max),
        ]
    }

    fn footprint(
        &self,
        tokens: f64,
        total: f64,
        active: f64,
        pue: Pue,
        grid: Intensity,
    ) -> ModelFootprint {
        let gpus = gpus_for(total);
        let seconds = self.seconds(tokens, active);
        let server = KilowattHours(seconds / 3600.0 * SERVER_KW * gpus / GPUS_PER_SERVER / BATCH);
        let chips = KilowattHours(tokens * gpu_kwh_per_token(active) * gpus);
        let hardware = gpus / GPUS_PER_SERVER * SERVER_GRAMS + gpus * GPU_GRAMS;
        ModelFootprint {
            usage: (server + chips) * pue * grid,
            embodied: Footprint(seconds / (LIFE_SECONDS * BATCH) * hardware),
        }
    }

    fn seconds(&self, tokens: f64, active: f64) -> f64 {
        let modeled = 6.785_088_094_353_663e-4 * active
            + 3.119_310_311_688_259e-4 * BATCH
            + 0.019_473_717_579_473_387;
        let per_token = self.tokens_per_second.map_or(modeled, f64::recip);
        tokens * per_token + self.first_token_seconds.unwrap_or(0.0)
    }
}

/// Requests that one server answers at a time.
const BATCH: f64 = 64.0;
const GPUS_PER_SERVER: f64 = 8.0;
const GPU_GIGABYTES: f64 = 80.0;
/// A server without its GPUs.
const SERVER_KW: f64 = 1.2;
const SERVER_GRAMS: f64 = 5_700_000.0;
const GPU_GRAMS: f64 = 273_000.0;
/// Three years.
const LIFE_SECONDS: f64 = 94_608_000.0;

/// GPUs that hold a model of 16-bit weights with a fifth on top, as a power of two.
fn gpus_for(total_billions: f64) -> f64 {
    let gigabytes = 1.2 * total_billions * 16.0 / 8.0;
    (gigabytes / GPU_GIGABYTES).ceil().log2().ceil().exp2()
}

fn gpu_kwh_per_token(active_billions: f64) -> f64 {
    let slope = 1.166_527_317_045_191_4e-6 * (-0.011_205_921_025_579_175 * BATCH).exp();
    (slope * active_billions + 4.052_928_146_734_005e-5) / 1000.0
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parameters(input: &Value) -> Parameters {
        let range = |name: &str, end: &str| input[name][end].as_f64().unwrap();
        Parameters {
            model: String::new(),
            total_min: range("total_params_b", "min"),
            total_max: range("total_params_b", "max"),
            active_min: range("active_params_b", "min"),
            active_max: range("active_params_b", "max"),
            tokens_per_second: input["tps"].as_f64(),
            first_token_seconds: input["ttft"].as_f64(),
            pue_min: range("pue", "min"),
            pue_max: range("pue", "max"),
        }
    }

    #[test]
    fn ecologits_computes_the_same() {
        let golden: Value =
            serde_json::from_str(include_str!("../tests/golden/ecologits.json")).unwrap();
        let mut checked = 0;
        for case in golden["cases"].as_array().unwrap() {
            let input = &case["input"];
            if case["kind"] == "dag" || !input["request_latency_s"].is_null() {
                continue;
            }
            let grid = Intensity(input["mix"]["gwp"].as_f64().unwrap() * 1000.0);
            let tokens = input["output_tokens"].as_f64().unwrap();
            for (end, footprint) in
                ["min", "max"].iter().zip(parameters(input).footprints(tokens, grid))
            {
                for (name, ours) in
                    [("usage_gwp_kg", footprint.usage), ("embodied_gwp_kg", footprint.embodied)]
                {
                    let theirs = case["expected"][name][end].as_f64().unwrap() * 1000.0;
                    assert!(
                        (ours.0 / theirs - 1.0).abs() < 1e-9,
                        "{} {name} {end}: {ours:?}, expected {theirs}",
                        case["id"]
                    );
                }
            }
            checked += 1;
        }
        assert_eq!(checked, 8);
    }

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
