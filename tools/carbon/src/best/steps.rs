//! The steps of an estimate, each with its formula, its figure and the sources of what is in it.

use serde::Serialize;

use super::Estimate;
use super::tables::BestTables;
use super::tiers::Tier;
use super::workload::{Boundary, Machine};

/// One step of the calculation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub what: &'static str,
    pub formula: String,
    pub value: f64,
    pub unit: &'static str,
    /// Ids of the sources of its figures.
    pub sources: Vec<String>,
}

impl Estimate<'_> {
    pub(super) fn steps(&self, tables: &BestTables) -> Vec<Step> {
        let (cpu, memory) = self.energy_formulas(tables);
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let power = self.power_ids();
        let intensity = self.site.intensity_source().id;
        let pue = self.site.pue_source(tables).map(|source| source.id);
        let making = if self.drawn.power.has_default_server() {
            ids(&["server-embodied", "server-vcpus", "server-life"])
        } else {
            ids(&["server-life", "making/machine"])
        };
        let step =
            |what, formula, value, unit, sources| Step { what, formula, value, unit, sources };
        vec![
            step("energy of the processor", cpu, self.drawn.cpu.0, "kWh", ids(&power)),
            step(
                "energy of memory beside it",
                memory,
                self.drawn.memory.0,
                "kWh",
                ids(&self.memory_ids()),
            ),
            step(
                "energy with the building",
                format!("(processor + memory) x {} x PUE {}", self.drawn.to_wall, self.pue.0),
                self.energy.0,
                "kWh",
                pue.into_iter().collect(),
            ),
            step(
                "operational emissions",
                format!("energy x {} g/kWh", self.intensity.0),
                self.operational.0,
                "g CO2e",
                vec![intensity],
            ),
            step(
                "embodied emissions",
                format!(
                    "{:.4} g per vCPU-hour x {} vCPU-seconds",
                    self.making.0,
                    self.reserved.vcpu_time().0
                ),
                self.embodied.0,
                "g CO2e",
                making,
            ),
            step(
                "score per functional unit",
                format!("(operational + embodied) / {}", self.workload.units_per_execution.0),
                self.sci.0,
                "g CO2e",
                Vec::new(),
            ),
            step(
                "all executions",
                format!("one execution x {}", self.executions().0),
                self.total.0,
                "g CO2e",
                Vec::new(),
            ),
        ]
    }

    fn energy_formulas(&self, tables: &BestTables) -> (String, String) {
        let (reserved, vcpu) = (&self.reserved, &self.drawn.power.vcpu);
        let (busy, idle) = (reserved.busy.0, reserved.vcpu_time().0 - reserved.busy.0);
        let held = |from: f64| {
            format!(
                "{:.3} GB x {} W/GB x {} s",
                (reserved.memory.0 - from).max(0.0),
                tables.memory.0,
                reserved.wall.0
            )
        };
        match self.workload.machine {
            Machine::Measured { joules, boundary } => {
                let memory = if boundary == Boundary::Packages {
                    held(0.0)
                } else {
                    "in the counters".to_owned()
                };
                (format!("{} J of counters", joules.0), memory)
            }
            Machine::Processor { tdp, chips, threads } => (
                format!(
                    "{chips} x ({} W x ({} + {} g({:.2})) {:+} W) x {} of {threads} threads x {} s",
                    tdp.0,
                    tables.fit.idle,
                    tables.fit.load,
                    reserved.load(),
                    tables.fit.chip,
                    reserved.vcpus.0,
                    reserved.wall.0
                ),
                format!(
                    "{:.3} GB x {} W/GB x {} s",
                    reserved.memory.0, tables.fit.memory.0, reserved.wall.0
                ),
            ),
            Machine::Unknown if self.tier == Tier::Fallback => {
                (format!("{} W per thread x {busy} s", tables.fallback_thread), held(0.0))
            }
            _ => (
                format!(
                    "{:.4} W x {busy} s busy + {:.4} W x {idle} s idle",
                    vcpu.max.0, vcpu.min.0
                ),
                held(vcpu.memory.0 * reserved.vcpus.0),
            ),
        }
    }
}
