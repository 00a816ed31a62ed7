//! From a difference in CPU time or joules to joules and gCO2e, with one set of factors for both sides.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::MeasureError;
use crate::metric::{JOULES, scaled};

/// What turns CPU time into energy and energy into emissions. A comparison takes one of these, never two: base and head cannot
/// be converted differently, so what differs between them is the code and not the place or the hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrozenFactors {
    /// What a processor draws while it works for one second of CPU time.
    pub watts_per_cpu: f64,
    /// Energy of the whole site for each unit that the machine takes.
    pub power_usage_effectiveness: f64,
    pub grams_per_kwh: f64,
    /// Where the three come from.
    pub sources: Vec<String>,
}

/// Where joules come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnergySource {
    /// The processors' own meters.
    Measured,
    /// CPU time, times the power of a busy processor.
    CpuTime,
}

/// A value and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    fn show(self, unit: impl Fn(f64) -> String) -> String {
        let [value, low, high] = [self.value, self.low, self.high].map(|value| {
            let sign = if value < 0.0 { "" } else { "+" };
            format!("{sign}{}", unit(value))
        });
        format!("{value} ({low} .. {high})")
    }

    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }
}

/// What head takes more than base, in one run. The interval is that of the difference alone: the factors are shared, so their
/// uncertainty scales both sides alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnergyDelta {
    pub source: EnergySource,
    /// Of base.
    pub base_joules: f64,
    pub joules: Estimate,
    pub grams_co2e: Estimate,
}

impl EnergyDelta {
    /// The difference in words.
    pub fn sentence(&self) -> String {
        let source = match self.source {
            EnergySource::Measured => "measured",
            EnergySource::CpuTime => "from CPU time",
        };
        let energy = self.joules.show(|joules| scaled(joules, &JOULES));
        let emissions = self.grams_co2e.show(|grams| scaled(grams, &GRAMS));
        format!("each run of head, {source}: {energy}; in CO2e {emissions}")
    }
}

const GRAMS: [(f64, &str); 5] = [(1e3, "kg"), (1.0, "g"), (1e-3, "mg"), (1e-6, "µg"), (1e-9, "ng")];
const JOULES_PER_KWH: f64 = 3.6e6;

impl FrozenFactors {
    pub(crate) fn check(&self) -> Result<(), MeasureError> {
        let sensible = |value: f64| value.is_finite() && value >= 0.0;
        if sensible(self.watts_per_cpu)
            && sensible(self.grams_per_kwh)
            && sensible(self.power_usage_effectiveness - 1.0)
        {
            return Ok(());
        }
        Err(MeasureError::Request(format!(
            "factors must be numbers of at least 0, and the PUE at least 1; they are {} W, {} gCO2e/kWh and {}",
            self.watts_per_cpu, self.grams_per_kwh, self.power_usage_effectiveness
        )))
    }

    /// `base` is what base took, in joules or CPU seconds as `source` says; `change` is head's change of it as a share.
    pub fn delta(&self, source: EnergySource, base: f64, change: Estimate) -> EnergyDelta {
        let base_joules = match source {
            EnergySource::Measured => base,
            EnergySource::CpuTime => base * self.watts_per_cpu,
        };
        let joules = change.times(base_joules);
        let grams_co2e = self.kilowatt_hours(joules).times(self.grams_per_kwh);
        EnergyDelta { source, base_joules, joules, grams_co2e }
    }

    /// What the site takes for joules of the machine.
    pub fn kilowatt_hours(&self, joules: Estimate) -> Estimate {
        joules.times(self.power_usage_effectiveness / JOULES_PER_KWH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors() -> FrozenFactors {
        FrozenFactors {
            watts_per_cpu: 5.0,
            power_usage_effectiveness: 1.2,
            grams_per_kwh: 300.0,
            sources: vec![],
        }
    }

    #[test]
    fn a_tenth_of_an_hour_of_cpu_time_becomes_grams() {
        let change = Estimate { value: 0.10, low: 0.05, high: 0.15 };
        let delta = factors().delta(EnergySource::CpuTime, 3600.0, change);
        // 3600 s x 5 W = 18 kJ; a tenth of it is 1.8 kJ = 0.0005 kWh, with PUE 0.0006 kWh, at 300 g/kWh 0.18 g.
        assert!((delta.joules.value - 1800.0).abs() < 1e-9);
        assert!((delta.grams_co2e.value - 0.18).abs() < 1e-12);
        assert!((delta.grams_co2e.low - 0.09).abs() < 1e-12);
        assert!((delta.grams_co2e.high - 0.27).abs() < 1e-12);
    }

    #[test]
    fn factors_that_are_no_quantities_are_refused() {
        assert!(factors().check().is_ok());
        for watts in [f64::NAN, -1.0, f64::INFINITY] {
            assert!(FrozenFactors { watts_per_cpu: watts, ..factors() }.check().is_err());
        }
        assert!(FrozenFactors { power_usage_effectiveness: 0.9, ..factors() }.check().is_err());
    }

    #[test]
    fn measured_joules_are_taken_as_they_are() {
        let change = Estimate { value: -0.5, low: -0.6, high: -0.4 };
        let delta = factors().delta(EnergySource::Measured, 40.0, change);
        assert!((delta.joules.value + 20.0).abs() < 1e-12);
    }
}
