//! What a person says of a piece of work, by flags or as JSON, and the workload that it means.

use anyhow::bail;
use carbon::best::{Boundary, Location, Machine, Workload};
use carbon::impact_framework::FunctionalUnits;
use carbon::units::{
    CpuSeconds, Executions, Gigabytes, Intensity, Joules, Pue, Seconds, Vcpus, Watts,
};
use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Deserialize;

/// A piece of work, as far as it is known. Times, memory and counters are those of one execution.
#[derive(Debug, Clone, Default, PartialEq, Args, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Input {
    /// CPU time, of all cores together.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    cpu_seconds: Option<f64>,
    /// Elapsed time [default: as long as the CPU time takes].
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    wall_seconds: Option<f64>,
    /// Memory that it holds.
    #[arg(long, value_name = "MB", allow_negative_numbers = true)]
    memory_mb: Option<f64>,
    /// vCPUs that are reserved for it.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    vcpus: Option<f64>,
    /// Region of AWS where it runs, as `eu-west-1`.
    #[arg(long, value_name = "REGION", conflicts_with = "country")]
    region: Option<String>,
    /// Country where it runs, in three letters as `DEU`.
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// The EC2 instance that it runs on, as `m6g.large`.
    #[arg(long, value_name = "TYPE", group = "machine")]
    instance: Option<String>,
    /// The family of the processor in a cloud, as `Graviton2`.
    #[arg(long, value_name = "NAME", group = "machine")]
    family: Option<String>,
    /// It is a Lambda function of so much memory.
    #[arg(long, value_name = "MB", group = "machine", allow_negative_numbers = true)]
    lambda_mb: Option<f64>,
    /// It is a Fargate task of so many vCPUs; `--memory-mb` is its memory.
    #[arg(long, value_name = "VCPUS", group = "machine", allow_negative_numbers = true)]
    fargate_vcpus: Option<f64>,
    /// The Lambda function or Fargate task runs on arm64.
    #[arg(long)]
    arm: bool,
    /// It runs on a machine of its own, with processors of this thermal design power.
    #[arg(long, value_name = "WATTS", group = "machine", allow_negative_numbers = true)]
    tdp_watts: Option<f64>,
    /// Processors of that machine [default: 1].
    #[arg(long, value_name = "N", requires = "tdp_watts")]
    chips: Option<u32>,
    /// Threads of all processors of that machine.
    #[arg(long, value_name = "N", requires = "tdp_watts")]
    threads: Option<u32>,
    /// What energy counters said of one execution.
    #[arg(long, value_name = "JOULES", group = "machine", allow_negative_numbers = true)]
    joules: Option<f64>,
    /// What those counters see [default: packages].
    #[arg(long, value_enum, requires = "joules")]
    counters: Option<Counters>,
    /// How often it runs; the total is for all of these [default: 1].
    #[arg(long, value_name = "N")]
    executions: Option<u64>,
    /// Requests, users or files of one execution, for the score of ISO/IEC 21031 [default: 1].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    units_per_execution: Option<f64>,
    /// Power usage effectiveness of the building, in place of the bundled one.
    #[arg(long, value_name = "PUE", allow_negative_numbers = true)]
    pue: Option<f64>,
    /// Market-based intensity, gCO2e/kWh; told beside the answer.
    #[arg(long, value_name = "GRAMS", allow_negative_numbers = true)]
    market_intensity: Option<f64>,
}

/// What energy counters see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Counters {
    Packages,
    PackagesAndMemory,
    Wall,
}

impl Input {
    /// The same, and for what it leaves open what the other says.
    #[must_use]
    pub(super) fn over(self, other: Self) -> Self {
        let has_place = self.region.is_some() || self.country.is_some();
        let place = |of: Option<String>| of.filter(|_| !has_place);
        let names_machine = self.names_machine();
        let machine = |of: Option<f64>| of.filter(|_| !names_machine);
        let named = |of: Option<String>| of.filter(|_| !names_machine);
        Self {
            cpu_seconds: self.cpu_seconds.or(other.cpu_seconds),
            wall_seconds: self.wall_seconds.or(other.wall_seconds),
            memory_mb: self.memory_mb.or(other.memory_mb),
            vcpus: self.vcpus.or(other.vcpus),
            region: self.region.or(place(other.region)),
            country: self.country.or(place(other.country)),
            instance: self.instance.or(named(other.instance)),
            family: self.family.or(named(other.family)),
            lambda_mb: self.lambda_mb.or(machine(other.lambda_mb)),
            fargate_vcpus: self.fargate_vcpus.or(machine(other.fargate_vcpus)),
            arm: self.arm || other.arm && !names_machine,
            tdp_watts: self.tdp_watts.or(machine(other.tdp_watts)),
            chips: self.chips.or(other.chips),
            threads: self.threads.or(other.threads),
            joules: self.joules.or(machine(other.joules)),
            counters: self.counters.or(other.counters),
            executions: self.executions.or(other.executions),
            units_per_execution: self.units_per_execution.or(other.units_per_execution),
            pue: self.pue.or(other.pue),
            market_intensity: self.market_intensity.or(other.market_intensity),
        }
    }

    fn names_machine(&self) -> bool {
        self.machines() > 0
    }

    fn machines(&self) -> usize {
        let named = [self.instance.is_some(), self.family.is_some()];
        let sized = [self.lambda_mb, self.fargate_vcpus, self.tdp_watts, self.joules];
        let all = named.into_iter().chain(sized.map(|of| of.is_some()));
        all.filter(|is_said| *is_said).count()
    }

    /// What it means to the carbon model.
    pub(super) fn workload(&self) -> anyhow::Result<Workload<'_>> {
        if self.machines() > 1 {
            bail!(
                "say one of instance, family, lambda_mb, fargate_vcpus, tdp_watts and joules: each names the machine"
            );
        }
        let Some(cpu_seconds) = self.cpu_seconds.or(self.joules.and(Some(0.0))) else {
            bail!("how much CPU time it takes is not said: pass --cpu-seconds (or --joules)");
        };
        let location = match (&self.region, &self.country) {
            (Some(_), Some(_)) => bail!("say region or country, not both"),
            (Some(region), None) => Location::Region(region),
            (None, Some(country)) => Location::Country(country),
            (None, None) => Location::Unknown,
        };
        Ok(Workload {
            wall: self.wall_seconds.map(Seconds),
            memory: self.memory(),
            vcpus: self.vcpus.map(Vcpus),
            machine: self.machine()?,
            location,
            executions: Executions(self.executions.unwrap_or(1)),
            units_per_execution: FunctionalUnits(self.units_per_execution.unwrap_or(1.0)),
            pue: self.pue.map(Pue),
            market_based: self.market_intensity.map(Intensity),
            ..Workload::of(CpuSeconds(cpu_seconds))
        })
    }

    fn memory(&self) -> Gigabytes {
        Gigabytes::from_megabytes(self.memory_mb.unwrap_or_default())
    }

    fn machine(&self) -> anyhow::Result<Machine<'_>> {
        let arm = self.arm;
        if let Some(instance) = &self.instance {
            return Ok(Machine::Instance(instance));
        }
        if let Some(family) = &self.family {
            return Ok(Machine::Family(family));
        }
        if let Some(megabytes) = self.lambda_mb {
            return Ok(Machine::Lambda { megabytes, arm });
        }
        if let Some(vcpus) = self.fargate_vcpus {
            return Ok(Machine::Fargate { vcpus: Vcpus(vcpus), memory: self.memory(), arm });
        }
        if let Some(tdp) = self.tdp_watts {
            let Some(threads) = self.threads else {
                bail!(
                    "a TDP is of whole processors: say with --threads how many threads they have"
                );
            };
            let chips = self.chips.unwrap_or(1);
            return Ok(Machine::Processor { tdp: Watts(tdp), chips, threads });
        }
        if let Some(joules) = self.joules {
            let boundary = match self.counters {
                None | Some(Counters::Packages) => Boundary::Packages,
                Some(Counters::PackagesAndMemory) => Boundary::PackagesAndMemory,
                Some(Counters::Wall) => Boundary::Wall,
            };
            return Ok(Machine::Measured { joules: Joules(joules), boundary });
        }
        Ok(Machine::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(json: &str) -> Input {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn flags_go_before_what_the_file_says() {
        let file =
            input(r#"{"cpu_seconds": 1.0, "region": "eu-west-1", "lambda_mb": 512, "arm": true}"#);
        let flags = input(r#"{"cpu_seconds": 2.0, "country": "DEU", "instance": "m6g.large"}"#);
        let both = flags.clone().over(file);
        assert_eq!(both, flags);
        assert!(both.workload().is_ok());
    }

    #[test]
    fn two_machines_or_places_are_one_too_many() {
        let wrong = |json: &str| input(json).workload().unwrap_err().to_string();
        assert!(
            wrong(r#"{"cpu_seconds": 1, "joules": 1, "lambda_mb": 512}"#).contains("say one of")
        );
        assert!(
            wrong(r#"{"cpu_seconds": 1, "region": "eu-west-1", "country": "DEU"}"#)
                .contains("not both")
        );
        assert!(wrong(r#"{"cpu_seconds": 1, "tdp_watts": 65}"#).contains("--threads"));
        assert!(wrong("{}").contains("--cpu-seconds"));
    }
}
