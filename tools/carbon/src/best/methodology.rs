//! How an estimate came about, in a few sentences.

use super::Estimate;
use super::tiers::Tier;

impl Estimate<'_> {
    /// The formula, how the energy is known, and which grid it is.
    pub(super) fn methodology(&self) -> String {
        let watts = match self.tier {
            Tier::Processor => format!(", {:.2} W per busy vCPU", self.drawn.power.vcpu.max.0),
            Tier::Measured | Tier::Fitted | Tier::Fallback => String::new(),
        };
        format!(
            "Footprint = (energy of the processor + memory beside it) x PUE {} x grid intensity {} gCO2e/kWh + a share of making \
             the hardware. The energy is of tier {}: {}{watts}. The grid: {}. Equivalents are US EPA figures.",
            self.pue.0,
            self.intensity.0,
            self.tier.number(),
            self.tier_assumption(),
            self.grid_assumption(),
        )
    }
}
