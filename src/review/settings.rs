//! The repository's own settings, `.eco-coder.yml`, always read from the base of a change.

use contract::Binding;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::benchmarks::{BenchmarkSettings, CommandLine, Threshold};
use crate::agent::Workload;

pub const FILE: &str = ".eco-coder.yml";
const MOST_BYTES: usize = 64 * 1024;

/// What a repository decides about its reviews.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What one execution of this program takes, for the carbon figure.
    pub workload: Option<WorkloadSettings>,
    /// What all machines that run this program take, for what a finding's function costs in a year.
    pub fleet: Option<FleetSettings>,
    /// Profile files in the repository, in any of the formats of docs/profiles.md, as path globs.
    pub profiles: Vec<String>,
    /// Name, or beginning of the name, of the CI artifact that holds profile files.
    pub profile_artifact: Option<String>,
    /// Ids of rules that stay silent here.
    pub disabled_rules: Vec<String>,
    /// Rules that were measured in a file's language and gain nothing there.
    pub weak_rules: WeakRules,
    /// Files that are not reviewed, as path globs.
    pub ignore: Vec<String>,
    /// What `eco-coder measure` runs on base and on head.
    pub benchmarks: Vec<BenchmarkSettings>,
    /// Run once on each side before the benchmarks.
    pub build: Option<CommandLine>,
    /// Changes that are not accepted, as `co2e_increase > 5%`: one that is measured, its whole interval above the threshold,
    /// ends `measure` and `review` with exit code 1.
    pub fail_on: Vec<Threshold>,
}

/// What becomes of rules whose measured gain may be none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WeakRules {
    #[default]
    Hide,
    Show,
}

/// One execution, and how many of them count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSettings {
    /// CPU seconds of one execution; without it, the profile's total.
    #[serde(default)]
    pub cpu_time_seconds: Option<f64>,
    /// Memory of one execution, MB; without it, the profile's.
    #[serde(default)]
    pub ram_usage_mb: Option<f64>,
    /// Where it runs, as `eu-west-1`.
    pub aws_region: String,
    /// Executions that the total is for, for example in a month.
    #[serde(default = "one")]
    pub executions: u64,
}

/// All machines that run the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSettings {
    /// Hours of one vCPU that the program takes in a year, on all machines.
    #[schemars(range(min = 1, max = 1_000_000_000_000_u64))]
    #[serde(deserialize_with = "cpu_hours")]
    pub cpu_hours_per_year: u64,
    /// Where they run, as `eu-west-1`.
    pub aws_region: String,
    /// What such an hour costs, US dollars; without it no dollars are told.
    #[schemars(range(min = 0, max = 1_000_000))]
    #[serde(default, deserialize_with = "price")]
    pub usd_per_cpu_hour: Option<f64>,
}

/// More than all computers of the world have.
const MOST_CPU_HOURS: u64 = 1_000_000_000_000;
const MOST_USD: f64 = 1e6;

fn cpu_hours<'de, D: Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    let hours = u64::deserialize(source)?;
    if (1..=MOST_CPU_HOURS).contains(&hours) {
        Ok(hours)
    } else {
        Err(D::Error::custom("`cpu_hours_per_year` must be a whole number from 1 to 1e12"))
    }
}

fn price<'de, D: Deserializer<'de>>(source: D) -> Result<Option<f64>, D::Error> {
    match Option::<f64>::deserialize(source)? {
        Some(usd) if !(0.0..=MOST_USD).contains(&usd) => {
            Err(D::Error::custom("`usd_per_cpu_hour` must be a number from 0 to 1e6"))
        }
        price => Ok(price),
    }
}

fn one() -> u64 {
    1
}

impl Settings {
    /// Reads the file; what is wrong with it is one line for the reader, and the defaults hold.
    pub fn read(bytes: Option<&[u8]>) -> (Self, Option<String>) {
        let Some(bytes) = bytes else { return (Self::default(), None) };
        if bytes.len() > MOST_BYTES {
            return (
                Self::default(),
                Some(format!("`{FILE}` is larger than 64 KiB; the defaults were used")),
            );
        }
        let parsed =
            std::str::from_utf8(bytes).map_err(|error| error.to_string()).and_then(Self::parse);
        match parsed {
            Ok(settings) => (settings, None),
            Err(error) => (
                Self::default(),
                Some(format!("`{FILE}` could not be read, so the defaults were used: {error}")),
            ),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(text)
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    pub fn workload(&self) -> Option<Workload> {
        self.workload.as_ref().map(|workload| Workload {
            cpu_time_seconds: workload.cpu_time_seconds,
            ram_usage_mb: workload.ram_usage_mb,
            aws_region: workload.aws_region.clone(),
            execution_count: workload.executions,
        })
    }

    /// Where the program runs.
    pub fn region(&self) -> Option<&str> {
        let workload = self.workload.as_ref().map(|workload| workload.aws_region.as_str());
        workload.or_else(|| self.fleet.as_ref().map(|fleet| fleet.aws_region.as_str()))
    }

    pub fn analyzer(&self) -> analyzer::Settings {
        analyzer::Settings {
            disabled_rules: self.disabled_rules.clone(),
            show_weak: self.weak_rules == WeakRules::Show,
            ignore: self.ignore.clone(),
            ..analyzer::Settings::default()
        }
    }
}

/// The name of a repository where no CodeGuru association names it.
pub fn repository_arn(association: Option<&str>, repository: &str) -> String {
    association.map_or_else(|| format!("eco-coder:repository/{repository}"), ToOwned::to_owned)
}

/// The name under which profiles are asked for.
pub fn profiling_group(binding: &Binding) -> &str {
    binding.profiling_group.as_deref().unwrap_or(profile::PROFILE_FILES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_current() {
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(Settings)).unwrap() + "\n";
        assert!(
            include_str!("../../docs/settings.schema.json") == schema,
            "write this to docs/settings.schema.json:\n{schema}"
        );
    }

    #[test]
    fn settings_that_cannot_be_read_leave_the_defaults_and_say_why() {
        let (settings, why) = Settings::read(Some(
            b"ignore: [docs/**]\nworkload: {cpu_time_seconds: 0.2, aws_region: eu-west-1}\n",
        ));
        assert_eq!(why, None);
        assert_eq!(
            (
                settings.ignore.as_slice(),
                settings.workload().map(|workload| workload.execution_count)
            ),
            (["docs/**".to_owned()].as_slice(), Some(1))
        );

        let (settings, why) = Settings::read(Some(b"ignroe: []\n"));
        assert_eq!(settings, Settings::default());
        assert!(why.is_some_and(|why| why.contains("ignroe")));
        assert_eq!(Settings::read(Some(b"\xff\xfe")).0, Settings::default());
        assert_eq!(Settings::read(Some(b"# nothing yet\n")), (Settings::default(), None));
        assert_eq!(Settings::read(None), (Settings::default(), None));
    }

    #[test]
    fn a_fleet_needs_hours_and_a_region_and_may_have_a_price() {
        let fleet = |text: &str| Settings::read(Some(format!("fleet: {text}\n").as_bytes()));
        let (settings, why) = fleet("{cpu_hours_per_year: 120000, aws_region: eu-west-1}");
        assert_eq!((settings.fleet.map(|fleet| fleet.usd_per_cpu_hour), why), (Some(None), None));
        for (wrong, expected) in [
            ("{cpu_hours_per_year: 0, aws_region: eu-west-1}", "from 1 to 1e12"),
            ("{cpu_hours_per_year: -5, aws_region: eu-west-1}", "invalid u64"),
            ("{cpu_hours_per_year: 5}", "aws_region"),
            ("{cpu_hours_per_year: 5, aws_region: a, usd_per_cpu_hour: -1}", "from 0 to 1e6"),
            ("{cpu_hours_per_year: 5, aws_region: a, usd_per_cpu_hour: .nan}", "from 0 to 1e6"),
        ] {
            let (settings, why) = fleet(wrong);
            assert_eq!(settings, Settings::default(), "{wrong}");
            assert!(why.as_ref().is_some_and(|why| why.contains(expected)), "{wrong}: {why:?}");
        }
    }
}
