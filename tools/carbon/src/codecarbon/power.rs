//! Power of the processor in each mode of `CodeCarbon`.

use crate::units::{CpuSeconds, Seconds, Utilization, Watts};

/// What it takes for the TDP of a processor that nobody could name.
const UNKNOWN_TDP: Watts = Watts(85.0);
/// What it takes for each thread of a processor that has a name but no row.
const WATTS_PER_THREAD: f64 = 4.0;
const CONSTANT_SHARE: Utilization = Utilization(0.5);
const IDLE_SHARE: f64 = 0.1;

/// The whole machine: a cubic curve over a floor of a tenth. At 30 % load a server draws about twice this.
pub fn cpu_power_at_load(tdp: Watts, load: Utilization) -> Watts {
    tdp * Utilization(IDLE_SHARE + (1.0 - IDLE_SHARE) * load.0.powi(3))
}

/// One process: its share of the machine's threads, without idle power.
///
/// In a virtual machine `logical_cpus` are those of the guest while the TDP is the host's, which overstates.
pub fn cpu_power_of_process(
    tdp: Watts,
    cpu_time: CpuSeconds,
    wall: Seconds,
    logical_cpus: u32,
) -> Watts {
    if wall.0 > 0.0 && logical_cpus > 0 {
        tdp * Utilization(cpu_time.0 / wall.0 / f64::from(logical_cpus))
    } else {
        Watts(0.0)
    }
}

/// Nothing is measured.
pub fn cpu_power_at_constant(tdp: Option<Watts>) -> Watts {
    tdp.unwrap_or(UNKNOWN_TDP) * CONSTANT_SHARE
}

/// The TDP that stands in for a processor without a row.
pub fn power_per_thread(threads: u32) -> Watts {
    Watts(WATTS_PER_THREAD * f64::from(threads))
}

/// A curve that is in its source and that its tracker does not call; kept because its tests are compared with.
pub fn cpu_power_static_helper(tdp: Watts, load: Utilization, model: &str) -> Watts {
    if model.contains("AMD Ryzen Threadripper") {
        return tdp * Utilization(threadripper(load.0));
    }
    tdp * Utilization(load.0.max(IDLE_SHARE))
}

fn threadripper(load: f64) -> f64 {
    if load < 0.1 {
        0.05 * load * 10.0
    } else if load <= 0.3 {
        0.05 + 1.8 * (load - 0.1)
    } else if load <= 0.5 {
        0.45 + 0.5 * ((load - 0.3) / 0.2).powf(1.8)
    } else {
        0.85 + 0.15 * (1.0 - (-(load - 0.5) * 5.0).exp())
    }
}
