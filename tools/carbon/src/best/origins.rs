//! Where each figure of an estimate comes from.

use super::Estimate;
use super::equivalents;
use super::tables::BestTables;
use super::tiers::Tier;
use super::workload::Machine;
use crate::factors::Source;

const MEAN: &str = "power.csv: ccf-coefficients b0032d9 (2026-04-24); EPYC 4th and 5th Gen recomputed from SPECpower results";

impl Estimate<'_> {
    /// Every figure that any step names, and those behind the equivalents.
    pub(super) fn sources(&self, tables: &BestTables) -> Vec<Source> {
        let mut sources = vec![self.site.intensity_source()];
        sources.extend(self.site.pue_source(tables));
        let mut ids = self.power_ids();
        ids.extend(self.memory_ids());
        ids.push("server-life");
        if self.drawn.power.has_default_server() {
            ids.extend(["server-embodied", "server-vcpus"]);
        } else {
            ids.push("making/machine");
        }
        ids.extend(equivalents::IDS);
        sources.extend(
            ids.into_iter()
                .filter_map(|id| tables.source(id).cloned().or_else(|| self.own_source(id))),
        );
        sources
    }

    /// Figures that belong to the machine of this work.
    fn own_source(&self, id: &str) -> Option<Source> {
        let power = &self.drawn.power;
        let given = "given with the work";
        let (what, value, unit, source, licence) = match (id, self.workload.machine) {
            ("power/counters", Machine::Measured { joules, .. }) => {
                ("energy that the counters counted".to_owned(), joules.0, "J", given, "given")
            }
            ("power/tdp", Machine::Processor { tdp, .. }) => {
                ("TDP of a chip".to_owned(), tdp.0, "W", given, "given")
            }
            ("power/load-curve", _) => (
                "power above idle at this load, as a share of that at full load".to_owned(),
                BestTables::bundled().ok()?.shape(self.reserved.load()),
                "W/W",
                "mean shape of SPECpower results with hardware of 2017 or later (load_curve.csv)",
                "own fit",
            ),
            ("power/family" | "power/family-idle" | "power/family-memory", _) => {
                let (what, value, unit) = match id {
                    "power/family" => ("power of a busy vCPU", power.vcpu.max.0, "W/vCPU"),
                    "power/family-idle" => ("power of an idle vCPU", power.vcpu.min.0, "W/vCPU"),
                    _ => {
                        ("memory that the watts of a vCPU include", power.vcpu.memory.0, "GB/vCPU")
                    }
                };
                match power.family {
                    Some(row) => (
                        format!("{what}, {}", row.name),
                        value,
                        unit,
                        row.source.as_str(),
                        row.licence.as_str(),
                    ),
                    None => (
                        format!("{what}, mean of {} server families", power.vcpu.families),
                        value,
                        unit,
                        MEAN,
                        "Apache-2.0",
                    ),
                }
            }
            ("making/machine", _) => (
                "making the machine, per hour of a vCPU".to_owned(),
                self.making.0,
                "g CO2e/vCPU-h",
                if power.instance.is_some() {
                    "instances.csv: ccf-coefficients b0032d9 (2026-04-24)"
                } else {
                    "Cloud Carbon Footprint: 1000 kg, 100 kg for each further socket, 533/384 kg per GB above 16 GB"
                },
                "Apache-2.0",
            ),
            _ => return None,
        };
        Some(Source {
            id: id.to_owned(),
            what,
            value,
            unit: unit.to_owned(),
            source: source.to_owned(),
            year: (source != given).then_some(2026),
            licence: licence.to_owned(),
        })
    }

    pub(super) fn power_ids(&self) -> Vec<&str> {
        match self.tier {
            Tier::Measured => vec!["power/counters", "counter-to-wall"],
            Tier::Fitted => vec![
                "fit-tdp-idle",
                "fit-tdp-load",
                "fit-chip",
                "fit-bias",
                "power/load-curve",
                "power/tdp",
            ],
            Tier::Fallback => vec!["fallback-thread"],
            Tier::Processor => vec!["power/family", "power/family-idle"],
        }
    }

    pub(super) fn memory_ids(&self) -> Vec<&str> {
        match self.tier {
            Tier::Fitted => vec!["fit-memory"],
            Tier::Processor => vec!["memory-power", "power/family-memory", "threads-per-chip"],
            Tier::Measured | Tier::Fallback => vec!["memory-power"],
        }
    }
}
