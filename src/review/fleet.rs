//! The fleet's year: what each function's share of the run time stands for in energy, CO2e and US dollars.
//!
//! The profile says shares, the settings say CPU-hours, and the carbon tool says what one of these stands for. The figures
//! become part of the profile's answer, so that they have a place as evidence like any others.

use std::sync::Arc;

use async_trait::async_trait;
use carbon::CalculateCarbonFootprint;
use carbon::best::Workload;
use contract::{Tool, ToolError, ToolSpec};
use serde_json::{Map, Value, json};

use super::settings::FleetSettings;

/// The profile tool, and what its shares stand for over the fleet.
pub(super) struct WithFleet {
    pub(super) profile: Arc<dyn Tool>,
    pub(super) carbon: CalculateCarbonFootprint,
    pub(super) fleet: FleetSettings,
}

#[async_trait]
impl Tool for WithFleet {
    fn spec(&self) -> ToolSpec {
        let mut spec = self.profile.spec();
        spec.description.push_str(
            " `fleet_year` is what a function's share stands for over the whole fleet in a year, computed from the \
             repository's settings.",
        );
        spec
    }

    async fn call(&self, input: Value) -> Result<Value, ToolError> {
        let mut answer = self.profile.call(input).await?;
        let has_shares =
            answer["bottlenecks"].as_array().is_some_and(|functions| !functions.is_empty());
        if !has_shares {
            return Ok(answer);
        }
        match self.whole_year().await {
            Ok(year) => add(&mut answer, &year),
            Err(why) => {
                let note = format!("what the fleet's year stands for cannot be told: {why}");
                if let Some(notes) = answer["notes"].as_array_mut() {
                    notes.push(note.into());
                }
            }
        }
        Ok(answer)
    }
}

impl WithFleet {
    /// All CPU-hours of the fleet in a year; an execution of the carbon model is one of them.
    async fn whole_year(&self) -> Result<Map<String, Value>, String> {
        let fleet = &self.fleet;
        let hours = Workload::of_cpu_hours(&fleet.aws_region, fleet.cpu_hours_per_year);
        let carbon = self.carbon.footprint(hours).await.map_err(|error| error.to_string())?;
        let mut year = Map::new();
        year.insert("cpu_hours".into(), json!(fleet.cpu_hours_per_year));
        for (name, figure) in [
            ("energy_kwh", carbon.energy_consumed_kwh.0),
            ("co2e_grams", carbon.co2e_grams.0),
            ("co2e_grams_low", carbon.interval_90.low.0),
            ("co2e_grams_high", carbon.interval_90.high.0),
        ] {
            year.insert(name.into(), rounded(figure));
        }
        if let Some(usd) = fleet.usd_per_cpu_hour {
            year.insert("usd".into(), rounded(usd * fleet.cpu_hours_per_year as f64));
        }
        year.insert("aws_region".into(), json!(fleet.aws_region));
        year.insert("methodology".into(), json!(carbon.methodology));
        year.insert("assumptions".into(), json!(self.assumptions(carbon.assumptions)));
        year.insert("sources".into(), json!(carbon.sources));
        Ok(year)
    }

    fn assumptions(&self, of_carbon: Vec<String>) -> Vec<String> {
        let fleet = &self.fleet;
        let mut list = vec![
            format!(
                "the fleet takes {} CPU-hours a year in {}, as `fleet` in `{}` says; a CPU-hour is one vCPU, busy for an hour",
                fleet.cpu_hours_per_year,
                fleet.aws_region,
                super::settings::FILE
            ),
            "the fleet spends its CPU time as the profile does; the interval does not include how far the two differ".to_owned(),
            "a function's part includes what it calls: it is what there is to save at most, not what a change saves".to_owned(),
            "one execution of the carbon model stands for one CPU-hour here".to_owned(),
        ];
        list.extend(
            fleet
                .usd_per_cpu_hour
                .map(|usd| format!("a CPU-hour costs {usd} US dollars, as the settings say")),
        );
        list.extend(of_carbon);
        list
    }
}

/// Gives each function its part of the year, and the whole year to the answer.
fn add(answer: &mut Value, year: &Map<String, Value>) {
    for function in answer["bottlenecks"].as_array_mut().into_iter().flatten() {
        let Some(percent) = function["cpu_percentage"].as_f64() else { continue };
        let part: Map<String, Value> = year
            .iter()
            .filter_map(|(name, figure)| {
                Some((name.clone(), rounded(figure.as_f64()? * percent / 100.0)))
            })
            .collect();
        function["fleet_year"] = Value::Object(part);
    }
    answer["fleet_year"] = Value::Object(year.clone());
}

/// Four digits: more than any of these figures holds, and short for a model to read.
fn rounded(figure: f64) -> Value {
    format!("{figure:.3e}").parse::<f64>().map_or(Value::Null, |figure| json!(figure))
}

#[cfg(test)]
mod tests {
    use carbon::best::Estimate;

    use super::*;

    struct Answers(Value);

    #[async_trait]
    impl Tool for Answers {
        fn spec(&self) -> ToolSpec {
            ToolSpec { name: "p".into(), description: String::new(), input_schema: json!({}) }
        }

        async fn call(&self, _input: Value) -> Result<Value, ToolError> {
            Ok(self.0.clone())
        }
    }

    fn fleet(region: &str, usd: Option<f64>) -> FleetSettings {
        FleetSettings {
            cpu_hours_per_year: 120_000,
            aws_region: region.into(),
            usd_per_cpu_hour: usd,
        }
    }

    async fn asked(fleet: FleetSettings, bottlenecks: Value) -> Value {
        let profile = Answers(json!({"bottlenecks": bottlenecks, "notes": []}));
        let carbon = CalculateCarbonFootprint::default();
        let tool = WithFleet { profile: Arc::new(profile), carbon, fleet };
        tool.call(json!({})).await.unwrap()
    }

    fn two() -> Value {
        json!([{"function_name": "load", "cpu_percentage": 34.0}, {"function_name": "main", "cpu_percentage": 100.0}])
    }

    #[tokio::test]
    async fn a_share_is_that_part_of_what_the_carbon_model_says_of_the_year() {
        let answer = asked(fleet("eu-west-1", Some(0.04)), two()).await;
        let hours = Workload::of_cpu_hours("eu-west-1", 120_000);
        let year = Estimate::of(&hours).unwrap().report().unwrap();
        let load = &answer["bottlenecks"][0]["fleet_year"];
        for (name, whole) in [
            ("cpu_hours", 120_000.0),
            ("energy_kwh", year.energy_consumed_kwh.0),
            ("co2e_grams", year.co2e_grams.0),
            ("co2e_grams_low", year.interval_90.low.0),
            ("co2e_grams_high", year.interval_90.high.0),
            ("usd", 4_800.0),
        ] {
            let part = load[name].as_f64().unwrap();
            assert!((part / (0.34 * whole) - 1.0).abs() < 1e-3, "{name}: {part}, of {whole}");
            let all = answer["bottlenecks"][1]["fleet_year"][name].as_f64().unwrap();
            assert!((all / whole - 1.0).abs() < 1e-3, "{name}: {all}");
        }
        assert!(answer["fleet_year"]["sources"].as_array().is_some_and(|list| !list.is_empty()));
    }

    #[tokio::test]
    async fn without_a_price_there_are_no_dollars() {
        let answer = asked(fleet("eu-west-1", None), two()).await;
        assert!(!answer.to_string().contains("usd"), "{answer}");
        assert!(!answer["fleet_year"]["assumptions"].to_string().contains("dollars"));
    }

    #[tokio::test]
    async fn a_region_that_nobody_knows_is_a_note_and_no_figure() {
        let answer = asked(fleet("mars-1", Some(0.04)), two()).await;
        insta::assert_snapshot!(answer["notes"][0], @r#""what the fleet's year stands for cannot be told: unknown AWS region \"mars-1\"; the nearest known ones are ca-west-1, sa-east-1, me-south-1""#);
        assert_eq!(answer.get("fleet_year"), None);
    }

    #[tokio::test]
    async fn no_profile_has_no_year() {
        let answer = asked(fleet("eu-west-1", Some(0.04)), json!([])).await;
        assert_eq!(answer, json!({"bottlenecks": [], "notes": []}));
    }
}
