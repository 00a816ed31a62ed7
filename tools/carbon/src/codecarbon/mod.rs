//! The numbers of `CodeCarbon` 3.3.2 on the same inputs, its known defects included: for comparison, not as our own estimate.
//!
//! What it gets wrong is written at each function. The tables are its own, with their licence (`NOTICE`).

mod counter;
mod intensity;
mod memory;
mod power;
mod processor;

pub use counter::{Counter, distinct_counters};
pub use intensity::{Location, intensity, intensity_where_location_failed};
pub use memory::{Architecture, dimms, memory_power};
pub use power::{
    cpu_power_at_constant, cpu_power_at_load, cpu_power_of_process, cpu_power_static_helper,
    power_per_thread,
};
pub use processor::{Match, processor};

use serde::Serialize;

use crate::units::{
    CpuSeconds, Footprint, Gigabytes, Intensity, KilowattHours, Liters, LitersPerKilowattHour, Pue,
    Seconds, Utilization, Watts,
};

/// What `CodeCarbon` would be told of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Session<'a> {
    pub wall: Seconds,
    pub processor: Processor,
    /// In units of 1024^3 bytes: of the machine, or what the process holds.
    pub memory: Gigabytes,
    pub architecture: Architecture,
    pub location: Location<'a>,
    pub pue: Pue,
    pub wue: LitersPerKilowattHour,
}

/// How it knows what the processor draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Processor {
    /// By the energy counters of the packages.
    Counters(KilowattHours),
    /// By the load of the whole machine.
    Load { tdp: Watts, load: Utilization },
    /// By the CPU time of one process.
    Process { tdp: Watts, cpu_time: CpuSeconds, logical_cpus: u32 },
    /// Not at all: half of the TDP, or of 85 W.
    Constant { tdp: Option<Watts> },
}

/// What `CodeCarbon` would report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compat {
    pub cpu_power: Watts,
    pub memory_power: Watts,
    pub cpu_energy: KilowattHours,
    pub memory_energy: KilowattHours,
    pub energy: KilowattHours,
    pub water: Liters,
    pub intensity: Intensity,
    pub co2e_grams: Footprint,
}

const SECONDS_PER_HOUR: f64 = 3600.0;
const WATTS_PER_KILOWATT: f64 = 1000.0;

/// Energy and footprint of a run, as `CodeCarbon` 3.3.2 computes them.
pub fn compat(session: &Session) -> Compat {
    let (cpu_power, cpu_energy) = of_cpu(session);
    let memory_power = memory_power(session.memory, session.architecture);
    let memory_energy = memory_power * session.wall;
    let scaled = |power: Watts| Watts(power.0 * session.pue.0);
    let (cpu_energy, memory_energy) = (cpu_energy * session.pue, memory_energy * session.pue);
    let energy = cpu_energy + memory_energy;
    let intensity = intensity(&session.location);
    Compat {
        cpu_power: scaled(cpu_power),
        memory_power: scaled(memory_power),
        cpu_energy,
        memory_energy,
        energy,
        water: energy * session.wue,
        intensity,
        co2e_grams: energy * intensity,
    }
}

fn of_cpu(session: &Session) -> (Watts, KilowattHours) {
    let wall = session.wall;
    let power = match session.processor {
        Processor::Counters(energy) => return (mean_power(energy, wall), energy),
        Processor::Load { tdp, load } => cpu_power_at_load(tdp, load),
        Processor::Process { tdp, cpu_time, logical_cpus } => {
            cpu_power_of_process(tdp, cpu_time, wall, logical_cpus)
        }
        Processor::Constant { tdp } => cpu_power_at_constant(tdp),
    };
    (power, power * wall)
}

/// Zero where no time has passed, as there.
fn mean_power(energy: KilowattHours, wall: Seconds) -> Watts {
    if wall.0 > 0.0 {
        Watts(energy.0 * WATTS_PER_KILOWATT / (wall.0 / SECONDS_PER_HOUR))
    } else {
        Watts(0.0)
    }
}
