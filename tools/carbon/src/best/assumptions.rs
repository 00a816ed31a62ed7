//! What an estimate takes for granted, in sentences.

use super::Estimate;
use super::site::{Building, Grid};
use super::tiers::Tier;
use super::workload::{Boundary, Machine};

impl Estimate<'_> {
    pub(super) fn assumptions(&self) -> Vec<String> {
        let mut list = vec![
            "times, memory and counters are those of one execution".to_owned(),
            self.tier_assumption(),
        ];
        if self.workload.wall.is_none() {
            list.push(format!(
                "the wall time is not known: {} vCPU, busy all the time",
                self.reserved.vcpus.0
            ));
        }
        if self.reserved.memory > self.workload.memory {
            list.push(format!(
                "{:.2} GB of memory count, because they are reserved",
                self.reserved.memory.0
            ));
        }
        list.extend(self.arm_assumption());
        list.push(self.grid_assumption());
        list.extend(
            self.workload.live_failure.map(|why| format!("{why}; the bundled intensity counts")),
        );
        list.extend(self.building_assumption());
        list.push(if self.drawn.power.has_default_server() {
            "making the server: 1/96 of an m5.metal (1,611 kg CO2e over four years) per vCPU; Boavizta's figures are 1.7 to 3.4 times lower".to_owned()
        } else {
            "making the machine: Cloud Carbon Footprint's formula over four years; Boavizta's figures are 1.7 to 3.4 times lower".to_owned()
        });
        list.push("location-based yearly average: certificates and the hour of the day are left out; storage and network are not counted".to_owned());
        list
    }

    pub(super) fn tier_assumption(&self) -> String {
        let power = &self.drawn.power;
        match (self.tier, self.workload.machine) {
            (Tier::Measured, Machine::Measured { boundary: Boundary::Wall, .. }) => {
                "the meter counted everything that ran meanwhile".to_owned()
            }
            (Tier::Measured, _) => "the counters counted everything that ran meanwhile; from the packages to the wall socket it is 1.35 times as much, as measured on one desktop machine".to_owned(),
            (Tier::Fitted, _) => "power follows a model over the TDP that was fitted to servers of SPECpower".to_owned(),
            (Tier::Fallback, _) => "nothing is known of the machine: 4 W per busy thread, which nobody has measured".to_owned(),
            (Tier::Processor, _) => match (power.instance, power.family) {
                (Some(instance), Some(family)) => format!("{} runs on {} ({})", instance.name, instance.processor, family.name),
                (_, Some(family)) => format!("the processor is of the family {}", family.name),
                (Some(instance), None) => format!("nobody has measured the processor of {}: mean of {} server families", instance.name, power.vcpu.families),
                (None, None) => format!("the processor is not known: mean of {} server families", power.vcpu.families),
            },
        }
    }

    fn arm_assumption(&self) -> Option<String> {
        let family = self.drawn.power.family?.name.as_str();
        family.starts_with("Graviton").then(|| {
            format!("nobody has measured {family}: it is taken to draw what EPYC of the 2nd generation draws")
        })
    }

    pub(super) fn grid_assumption(&self) -> String {
        match (self.site.given, self.site.grid) {
            (Some(given), _) => format!("the grid's intensity comes from {}", given.origin()),
            (None, Grid::Zone(zone, region)) => {
                let other = zone.other.map(|(other, intensity)| {
                    format!(
                        "; {other} ({} g) claims it too, and the interval spans both",
                        intensity.0
                    )
                });
                format!(
                    "{} is fed by the grid zone {} ({}), {}{}",
                    region.name,
                    zone.code,
                    zone.name,
                    zone.year,
                    other.unwrap_or_default()
                )
            }
            (None, Grid::Region(region)) => {
                format!(
                    "{} stands for the grid zone of {}, {}",
                    region.zone_name, region.name, region.year
                )
            }
            (None, Grid::Country(country)) => {
                format!("the average of {} stands for the grid zone", country.name)
            }
            (None, Grid::World(region)) => {
                format!("location unknown: the average of the world's grids, {}", region.year)
            }
        }
    }

    fn building_assumption(&self) -> Option<String> {
        match self.site.building {
            Building::Own => Some("the machine stands in no data center (PUE 1)".to_owned()),
            Building::Row(row) if row.region.is_empty() => {
                Some(format!("no PUE is published for the place: average of AWS, {}", row.pue.0))
            }
            Building::Row(_) | Building::Given => None,
        }
    }
}
