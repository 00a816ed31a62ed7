//! What a function's share stands for over the fleet in a year, as the reader sees it.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text::amount;
use super::{Figure, source_line};

/// A part of the fleet's year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetYear {
    pub energy: Figure,
    pub co2e: Figure,
    /// 90 % interval of `co2e`.
    pub low: Figure,
    pub high: Figure,
    /// `None` where the settings say no price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usd: Option<Figure>,
}

/// How the figures came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FleetBasis {
    pub methodology: String,
    pub assumptions: Vec<String>,
    pub sources: Vec<String>,
}

/// The year of the function that `evidence` names, as `CALL#/bottlenecks/0`.
pub(super) fn year(answer: &Value, evidence: &str) -> Option<FleetYear> {
    let (_, pointer) = evidence.split_once('#')?;
    let figure = |name: &str, unit: &str| {
        let value = answer.pointer(&format!("{pointer}/fleet_year/{name}"))?.as_f64()?;
        let evidence = format!("{evidence}/fleet_year/{name}");
        Some(Figure { value, unit: unit.into(), evidence })
    };
    Some(FleetYear {
        energy: figure("energy_kwh", "kWh")?,
        co2e: figure("co2e_grams", "gCO2e")?,
        low: figure("co2e_grams_low", "gCO2e")?,
        high: figure("co2e_grams_high", "gCO2e")?,
        usd: figure("usd", "USD"),
    })
}

pub(super) fn basis(answer: &Value) -> Option<FleetBasis> {
    let year = answer.get("fleet_year")?;
    let sources = year["sources"].as_array().map(|list| list.iter().map(source_line).collect());
    Some(FleetBasis {
        methodology: year["methodology"].as_str()?.to_owned(),
        assumptions: serde_json::from_value(year["assumptions"].clone()).ok()?,
        sources: sources.unwrap_or_default(),
    })
}

impl FleetYear {
    /// `about 41 MWh, 12 t CO2e (90 % interval 7 to 20) and $1,632 a year over the fleet`
    pub(super) fn line(&self) -> String {
        let (energy, energy_unit) = scaled(self.energy.value, ["kWh", "MWh", "GWh"]);
        let (co2e, co2e_unit) = scaled(self.co2e.value, ["g", "kg", "t"]);
        // The interval is told in the unit of the figure it stands around.
        let unit = if self.co2e.value > 0.0 { self.co2e.value / co2e } else { 1.0 };
        let mut line = format!(
            "about {} {energy_unit}, {} {co2e_unit} CO2e (90 % interval {} to {})",
            amount(energy),
            amount(co2e),
            amount(self.low.value / unit),
            amount(self.high.value / unit)
        );
        if let Some(usd) = &self.usd {
            let _ = write!(line, " and {}", dollars(usd.value));
        }
        line + " a year over the fleet"
    }
}

/// In the unit in which the number is short; each unit is a thousand of the one before it.
fn scaled(value: f64, units: [&'static str; 3]) -> (f64, &'static str) {
    match value {
        small if small < 1e3 => (small, units[0]),
        medium if medium < 1e6 => (medium / 1e3, units[1]),
        large => (large / 1e6, units[2]),
    }
}

/// Whole dollars with commas, and cents below a hundred.
fn dollars(usd: f64) -> String {
    if usd < 100.0 {
        return format!("${usd:.2}");
    }
    let digits = format!("{usd:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("${grouped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_told_in_units_that_keep_it_short() {
        let figure = |value: f64| Figure { value, unit: String::new(), evidence: String::new() };
        let line = |scale: f64, usd: Option<f64>| {
            let (low, high) = (figure(0.5 * scale), figure(2.0 * scale));
            let (energy, co2e) = (figure(3.0 * scale), figure(scale));
            FleetYear { energy, co2e, low, high, usd: usd.map(figure) }.line()
        };
        insta::assert_snapshot!(
            [line(0.0, None), line(4.0, Some(0.5)), line(41_234.0, Some(1_632.4)), line(7.2e9, Some(12_345_678.0))].join("\n"),
            @"
            about 0 kWh, 0 g CO2e (90 % interval 0 to 0) a year over the fleet
            about 12 kWh, 4 g CO2e (90 % interval 2 to 8) and $0.50 a year over the fleet
            about 124 MWh, 41.2 kg CO2e (90 % interval 20.6 to 82.5) and $1,632 a year over the fleet
            about 21600 GWh, 7200 t CO2e (90 % interval 3600 to 14400) and $12,345,678 a year over the fleet
            "
        );
    }
}
