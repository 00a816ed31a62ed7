//! From work to energy: watts per vCPU, and memory above what those watts include.

use crate::factors::Tables;
use crate::units::{CpuSeconds, Gigabytes, KilowattHours, Seconds, WattsPerGigabyte, WattsPerVcpu};

/// What a vCPU draws idle and at full load, and the memory that this includes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VcpuPower {
    pub(crate) min: WattsPerVcpu,
    pub(crate) max: WattsPerVcpu,
    /// The watts are those of whole servers, so this much memory per vCPU is in them already.
    pub(crate) memory: Gigabytes,
    /// How many processor families the mean takes in.
    pub(crate) families: usize,
}

impl VcpuPower {
    /// The mean over the families that the cloud runs today; `None` if the tables are broken.
    pub(crate) fn of_unknown_processor(tables: &Tables) -> Option<Self> {
        let families: Vec<_> =
            tables.families.iter().filter(|family| family.in_mean == "yes").collect();
        let threads = tables.factor("threads-per-chip")?.value;
        Some(Self {
            min: WattsPerVcpu(mean(families.iter().map(|family| family.min_w.0))?),
            max: WattsPerVcpu(mean(families.iter().map(|family| family.max_w.0))?),
            memory: Gigabytes(
                mean(families.iter().filter_map(|family| family.gb_per_chip).map(|gb| gb.0))?
                    / threads,
            ),
            families: families.len(),
        })
    }
}

/// Energy of vCPUs that are reserved for `reserved` and busy for `busy` of it.
pub(crate) fn of_cpu(power: &VcpuPower, busy: CpuSeconds, reserved: CpuSeconds) -> KilowattHours {
    power.max * busy + power.min * (reserved - busy)
}

/// Energy of the memory above the baseline.
pub(crate) fn of_memory(above: Gigabytes, power: WattsPerGigabyte, time: Seconds) -> KilowattHours {
    power * above * time
}

/// The memory that the watts per vCPU do not include.
pub(crate) fn memory_above_baseline(memory: Gigabytes, baseline: Gigabytes) -> Gigabytes {
    Gigabytes((memory - baseline).0.max(0.0))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_processor_is_the_mean_of_twelve_families() {
        let power = VcpuPower::of_unknown_processor(Tables::bundled()).unwrap();
        assert_eq!(power.families, 12);
        assert!(
            (power.max.0 - 2.8277).abs() < 1e-3 && (power.memory.0 - 1.3731).abs() < 1e-3,
            "{power:?}"
        );
    }
}
