//! What `CodeCarbon` would be told of the same work by someone who knows the country and the machine's own account of itself.

use super::site::Grid;
use super::workload::{Boundary, Machine, Reserved};
use super::{Estimate, Location};
use crate::codecarbon::{
    self, Architecture, Compat, Counter, Processor, Session, compat, power_per_thread,
};
use crate::units::{Gigabytes, LitersPerKilowattHour, Pue, Watts};

const BYTES_PER_GIGABYTE: f64 = 1e9;
const BYTES_PER_GIB: f64 = 1_073_741_824.0;
const MICROJOULES_PER_JOULE: f64 = 1e6;

impl Estimate<'_> {
    /// Of one execution.
    pub(super) fn compared(&self) -> Compat {
        let country = self.country();
        let cloud = match self.workload.location {
            Location::Region(region) => Some(("aws", region)),
            Location::Country(_) | Location::Unknown => None,
        };
        compat(&Session {
            wall: self.reserved.wall,
            processor: self.processor(self.reserved),
            memory: Gigabytes(self.workload.memory.0 * BYTES_PER_GIGABYTE / BYTES_PER_GIB),
            architecture: self.architecture(),
            location: codecarbon::Location { cloud, country, part: None },
            pue: Pue(1.0),
            wue: LitersPerKilowattHour(0.0),
        })
    }

    fn processor(&self, reserved: Reserved) -> Processor {
        let threads = reserved.vcpus.0.ceil().max(1.0) as u32;
        let of =
            |tdp, logical_cpus| Processor::Process { tdp, cpu_time: reserved.busy, logical_cpus };
        match self.workload.machine {
            Machine::Measured { joules, boundary: Boundary::Packages } => {
                let mut counter = Counter::new(Some(0.0), 0.0);
                Processor::Counters(counter.advance(Some(joules.0 * MICROJOULES_PER_JOULE)))
            }
            Machine::Processor { tdp, chips, threads } => {
                of(Watts(tdp.0 * f64::from(chips)), threads)
            }
            _ => of(self.tdp_in_guest().unwrap_or_else(|| power_per_thread(threads)), threads),
        }
    }

    /// The TDP of the whole processor, whatever part of it the guest sees.
    fn tdp_in_guest(&self) -> Option<Watts> {
        let instance = self.drawn.power.instance?;
        codecarbon::processor(instance.processor).ok()?.map(|found| found.tdp)
    }

    fn architecture(&self) -> Architecture {
        let family = self.drawn.power.family.map_or("", |family| family.name.as_str());
        if family.starts_with("Graviton") { Architecture::Arm } else { Architecture::X86 }
    }

    /// The country in which the region is, of three letters.
    fn country(&self) -> Option<&'static str> {
        let zone = match self.site.grid {
            Grid::Zone(_, region) | Grid::Region(region) => region.zone.as_str(),
            Grid::Country(country) => return Some(country.code),
            Grid::World(_) => return None,
        };
        Some(match zone.get(..3) {
            Some("US-") => "USA",
            Some("CA-") => "CAN",
            Some("CN-") => "CHN",
            _ => zone,
        })
    }
}
