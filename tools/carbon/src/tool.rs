//! The model offered to an agent: `calculate_carbon_footprint`.

use async_trait::async_trait;
use contract::{Tool, ToolError, ToolSpec, parse_input, schema_of};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::best::{Estimate, Location, Report, Workload, countable, within};
#[cfg(feature = "aws")]
use crate::parameter_store::{ParameterStore, Reading};
use crate::units::{CpuSeconds, Executions, Gigabytes};
use crate::work::CarbonError;

/// The tool. Without a Parameter Store it asks nobody: the bundled intensities count.
#[derive(Default)]
pub struct CalculateCarbonFootprint {
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
    each step with the sources of its figures, and in `codecarbon` what CodeCarbon 3.3.2 would say of one execution, to compare \
    with and not to report as the footprint. Use measured or profiled CPU time; do not make it up.";

impl CalculateCarbonFootprint {
    /// Lets an intensity in Parameter Store go before the bundled one.
    #[cfg(feature = "aws")]
    #[must_use]
    pub fn with_parameter_store(self, parameter_store: ParameterStore) -> Self {
        Self { parameter_store: Some(parameter_store) }
    }

    /// The footprint of work whose intensity nobody has given: Parameter Store is asked, where there is one.
    #[cfg(feature = "aws")]
    pub async fn footprint(&self, workload: Workload<'_>) -> Result<Report, CarbonError> {
        // Bundled first: that checks the region before it becomes part of a parameter's name.
        let bundled = Estimate::of(&workload)?;
        let (Some(store), Location::Region(region)) = (&self.parameter_store, workload.location)
        else {
            return bundled.report();
        };
        match store.read(region).await {
            Reading::Found(given) => {
                Estimate::of(&Workload { intensity: Some(&given), ..workload })?.report()
            }
            Reading::Missing(reason) => {
                let why = format!("Parameter Store was asked first: {reason}");
                Estimate::of(&Workload { live_failure: Some(&why), ..workload })?.report()
            }
        }
    }

    /// The footprint of work.
    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the same shape as with Parameter Store")]
    pub async fn footprint(&self, workload: Workload<'_>) -> Result<Report, CarbonError> {
        Estimate::of(&workload)?.report()
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
        let input: Input = parse_input(input)?;
        let workload = input.workload().map_err(to_whom)?;
        let report = self.footprint(workload).await.map_err(to_whom)?;
        serde_json::to_value(report).map_err(|error| ToolError::EndRun(Box::new(error)))
    }
}

impl Input {
    /// Checked here, so that a refusal calls each field as the caller did.
    fn workload(&self) -> Result<Workload<'_>, CarbonError> {
        let seconds = "a number of seconds from 0 to 1e9";
        within("cpu_time_seconds", self.cpu_time_seconds, 0.0, seconds)?;
        let megabytes = "a number of megabytes from 0 to 1e9";
        within("ram_usage_mb", self.ram_usage_mb, 0.0, megabytes)?;
        countable("execution_count", Executions(self.execution_count))?;
        Ok(Workload {
            memory: Gigabytes::from_megabytes(self.ram_usage_mb),
            location: Location::Region(&self.aws_region),
            executions: Executions(self.execution_count),
            ..Workload::of(CpuSeconds(self.cpu_time_seconds))
        })
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
        CalculateCarbonFootprint::default().call(input).await
    }

    #[tokio::test]
    async fn an_answer_has_the_agreed_keys_and_a_source_for_every_figure() {
        let answer =
            call(json!({"cpu_time_seconds": 2.5, "ram_usage_mb": 512, "aws_region": "us-east-1", "execution_count": 1_000_000})).await.unwrap();
        let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
        insta::assert_snapshot!(format!("{keys:?}"), @r#"["assumptions", "carbon_intensity_gco2_per_kwh", "co2e_grams", "co2e_per_execution", "codecarbon", "embodied_grams", "energy_consumed_kwh", "equivalents", "executions", "interval_90", "location_unknown", "market_based_grams", "methodology", "pue", "sci_grams", "sources", "steps", "tier", "uncertainty"]"#);
        let sources = answer["sources"].as_array().unwrap().iter();
        let ids: Vec<&str> = sources.map(|source| source["id"].as_str().unwrap()).collect();
        insta::assert_snapshot!(ids[2..].join("\n"), @"
        power/family
        power/family-idle
        memory-power
        power/family-memory
        threads-per-chip
        server-life
        server-embodied
        server-vcpus
        smartphone-charge
        passenger-vehicle-km
        tree-hour
        ");
        for step in answer["steps"].as_array().unwrap() {
            for id in step["sources"].as_array().unwrap() {
                assert!(ids.iter().any(|listed| id == listed), "{id} of {step}");
            }
        }
        assert_eq!(answer["tier"], "processor");
    }

    #[cfg(feature = "odbl-data")]
    #[tokio::test]
    async fn an_answer_goes_by_the_grid_zone_and_says_how_it_came_about() {
        let answer = call(json!({"cpu_time_seconds": 2.5, "ram_usage_mb": 512, "aws_region": "us-east-1", "execution_count": 1_000_000})).await.unwrap();
        insta::assert_snapshot!(answer["methodology"].as_str().unwrap(), @"Footprint = (energy of the processor + memory beside it) x PUE 1.15 x grid intensity 418 gCO2e/kWh + a share of making the hardware. The energy is of tier T2: the processor is not known: mean of 12 server families, 2.83 W per busy vCPU. The grid: us-east-1 is fed by the grid zone US-MIDA-PJM (PJM Interconnection), 2025. Equivalents are US EPA figures.");
        let assumptions: Vec<String> =
            serde_json::from_value(answer["assumptions"].clone()).unwrap();
        insta::assert_snapshot!(assumptions.join("\n"), @"
        times, memory and counters are those of one execution
        the processor is not known: mean of 12 server families
        the wall time is not known: 1 vCPU, busy all the time
        us-east-1 is fed by the grid zone US-MIDA-PJM (PJM Interconnection), 2025
        making the server: 1/96 of an m5.metal (1,611 kg CO2e over four years) per vCPU; Boavizta's figures are 1.7 to 3.4 times lower
        location-based yearly average: certificates and the hour of the day are left out; storage and network are not counted
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
        let spec = CalculateCarbonFootprint::default().spec();
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
