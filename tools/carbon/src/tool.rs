//! The model offered to an agent: `calculate_carbon_footprint`.

use async_trait::async_trait;
use contract::{Tool, ToolError, ToolSpec, parse_input, schema_of};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{Answer, CarbonModel};
#[cfg(feature = "aws")]
use crate::parameter_store::{ParameterStore, Reading};
use crate::work::{CarbonError, Work};

/// The tool. Without a Parameter Store it asks nobody: the bundled intensities count.
pub struct CalculateCarbonFootprint {
    model: CarbonModel,
    #[cfg(feature = "aws")]
    parameter_store: Option<ParameterStore>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// CPU time of one execution, in seconds.
    cpu_time_seconds: f64,
    /// Memory that one execution holds, in megabytes.
    ram_usage_mb: f64,
    /// AWS region where it runs, as `us-east-1`.
    aws_region: String,
    /// How many executions the totals are for; 1 or more.
    execution_count: u64,
}

const DESCRIPTION: &str = "Estimates the carbon footprint of code from its CPU time and memory per execution, the AWS region and \
    the number of executions. Returns grams of CO2e in total and per execution, a 90% interval, the energy, everyday equivalents, \
    and the source of every figure. Use measured or profiled CPU time; do not make it up.";

impl CalculateCarbonFootprint {
    pub fn new(model: CarbonModel) -> Self {
        Self {
            model,
            #[cfg(feature = "aws")]
            parameter_store: None,
        }
    }

    /// Lets an intensity in Parameter Store go before the bundled one.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn with_parameter_store(self, parameter_store: ParameterStore) -> Self {
        Self { parameter_store: Some(parameter_store), ..self }
    }

    /// Puts what Parameter Store says in place of the bundled intensity, or says why it could not.
    #[cfg(feature = "aws")]
    async fn ask_parameter_store(
        &self,
        bundled: Answer,
        work: Work,
    ) -> Result<Answer, CarbonError> {
        let Some(store) = &self.parameter_store else { return Ok(bundled) };
        match store.read(&work.region).await {
            Reading::Found(intensity) => {
                self.model.footprint(&Work { intensity: Some(intensity), ..work })
            }
            Reading::Missing(reason) => {
                Ok(bundled.with_note(&format!("Parameter Store was asked first: {reason}.")))
            }
        }
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the same shape as with Parameter Store")]
    async fn ask_parameter_store(
        &self,
        bundled: Answer,
        _work: Work,
    ) -> Result<Answer, CarbonError> {
        Ok(bundled)
    }
}

#[async_trait]
impl Tool for CalculateCarbonFootprint {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "calculate_carbon_footprint".to_owned(),
            description: DESCRIPTION.to_owned(),
            input_schema: schema_of::<Input>(),
        }
    }

    async fn call(&self, input: Value) -> Result<Value, ToolError> {
        let work = Work::from(parse_input::<Input>(input)?);
        // Bundled first: that checks the input before it becomes part of a parameter's name.
        let bundled = self.model.footprint(&work).map_err(to_whom)?;
        let answer = self.ask_parameter_store(bundled, work).await.map_err(to_whom)?;
        serde_json::to_value(answer).map_err(|error| ToolError::EndRun(Box::new(error)))
    }
}

impl From<Input> for Work {
    fn from(input: Input) -> Self {
        Self {
            cpu_time_seconds: input.cpu_time_seconds,
            ram_usage_mb: input.ram_usage_mb,
            region: input.aws_region,
            execution_count: input.execution_count,
            intensity: None,
        }
    }
}

/// The model can correct its input; it cannot mend the tables.
fn to_whom(error: CarbonError) -> ToolError {
    match error {
        CarbonError::Invalid { .. }
        | CarbonError::UnknownRegion { .. }
        | CarbonError::UnknownMachine { .. }
        | CarbonError::ToolFails { .. } => ToolError::tell(error.to_string()),
        CarbonError::MissingFactor(_) => ToolError::EndRun(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn call(input: Value) -> Result<Value, ToolError> {
        CalculateCarbonFootprint::new(CarbonModel::bundled()).call(input).await
    }

    #[tokio::test]
    async fn an_answer_has_the_agreed_keys_and_a_source_for_every_figure() {
        let answer =
            call(json!({"cpu_time_seconds": 2.5, "ram_usage_mb": 512, "aws_region": "us-east-1", "execution_count": 1_000_000})).await.unwrap();
        let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
        insta::assert_snapshot!(format!("{keys:?}"), @r#"["assumptions", "carbon_intensity_gco2_per_kwh", "co2e_grams", "co2e_per_execution", "embodied_grams", "energy_consumed_kwh", "equivalents", "interval_90", "methodology", "pue", "sources", "uncertainty"]"#);
        insta::assert_snapshot!(answer["methodology"].as_str().unwrap(), @"Footprint = (CPU time x 2.83 W per vCPU + memory above the server's baseline) x PUE 1.15 x grid intensity 244.8 gCO2e/kWh + a share of making the server; the intensity comes from the bundled table: US-VA (Virginia, USA), 2023, US EPA eGRID2023 state output emission rate (CO2e, stack only), via the CodeCarbon 3.3.2 table. Equivalents are US EPA figures.");
        insta::assert_snapshot!(answer["assumptions"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"), @"
        cpu_time_seconds and ram_usage_mb describe one execution; co2e_grams and energy_consumed_kwh are for all executions
        one vCPU, fully busy: wall time equals CPU time
        the processor is not known: mean of 12 server families, 2.83 W per busy vCPU
        0.51 GB of memory add nothing: the watts per vCPU already include 1.37 GB
        making the server: 1/96 of an m5.metal (1,611 kg CO2e over four years) per vCPU; this formula gives 1.7 to 3.4 times what Boavizta gives
        location-based yearly average intensity: purchased certificates and the hour of the day are left out
        storage, network and idle capacity are not counted
        what is generated inside Virginia, USA stands for the grid zone of the region; imports and exports are left out
        ");
        let ids: Vec<&str> = answer["sources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|source| source["id"].as_str().unwrap())
            .collect();
        insta::assert_snapshot!(ids.join("\n"), @"
        intensity/US-VA
        pue/us-east-1
        power/unknown-processor
        memory-power
        threads-per-chip
        server-embodied
        server-vcpus
        server-life
        smartphone-charge
        passenger-vehicle-km
        tree-hour
        ");
    }

    #[tokio::test]
    async fn a_bad_input_is_told_to_the_model() {
        let good = json!({"cpu_time_seconds": 1, "ram_usage_mb": 1, "aws_region": "us-east-1", "execution_count": 1});
        let bad = [
            ("cpu_time_seconds", json!(-1)),
            ("cpu_time_seconds", json!(1.1e9)),
            ("cpu_time_seconds", json!(null)),
            ("ram_usage_mb", json!(1e300)),
            ("execution_count", json!(0)),
            ("execution_count", json!(2e15 as u64)),
            ("execution_count", json!(1.5)),
            ("aws_region", json!("us-esat-1")),
            ("aws_region", json!("../../secret")),
            ("surprise", json!(1)),
        ];
        let mut told = Vec::new();
        for (field, value) in bad {
            let mut input = good.clone();
            input[field] = value;
            let error = call(input).await.unwrap_err();
            assert!(matches!(error, ToolError::TellModel(_)));
            told.push(error.to_string());
        }
        insta::assert_snapshot!(told.join("\n"), @r#"
        `cpu_time_seconds` must be a number of seconds from 0 to 1e9
        `cpu_time_seconds` must be a number of seconds from 0 to 1e9
        the input does not fit the schema: invalid type: null, expected f64
        `ram_usage_mb` must be a number of megabytes from 0 to 1e9
        `execution_count` must be a whole number from 1 to 1e15
        `execution_count` must be a whole number from 1 to 1e15
        the input does not fit the schema: invalid type: floating point `1.5`, expected u64
        unknown AWS region "us-esat-1"; the nearest known ones are us-east-1, us-west-1, us-east-2
        unknown AWS region "../../secret"; the nearest known ones are us-east-1, us-east-2, us-west-1
        the input does not fit the schema: unknown field `surprise`, expected one of `cpu_time_seconds`, `ram_usage_mb`, `aws_region`, `execution_count`
        "#);
    }

    #[test]
    fn the_schema_says_what_each_number_means() {
        let spec = CalculateCarbonFootprint::new(CarbonModel::bundled()).spec();
        assert_eq!(
            spec.input_schema["required"],
            json!(["cpu_time_seconds", "ram_usage_mb", "aws_region", "execution_count"])
        );
        assert_eq!(
            spec.input_schema["properties"]["cpu_time_seconds"]["description"],
            "CPU time of one execution, in seconds."
        );
    }
}
