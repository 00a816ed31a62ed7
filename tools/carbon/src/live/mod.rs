//! The intensity of a grid right now, from services that are asked only where an operator says so.
//!
//! What a service says is kept for 24 hours. Where it says nothing that can be used, the bundled value counts and the answer
//! says why.

mod electricity_maps;
mod fetch;
#[cfg(feature = "aws")]
mod parameter_store;
mod uk;
mod watt_time;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{Cache, Clock, Timestamp};
use serde::{Deserialize, Serialize};

pub use electricity_maps::ElectricityMaps;
pub use fetch::{Address, Secret};
pub use uk::UkCarbonIntensity;
pub use watt_time::{WattTime, WattTimeAccount};

use crate::units::Intensity;
use crate::work::{MOST_INTENSITY, OverrideIntensity};

/// A service that knows the intensity of grids.
#[async_trait]
pub trait IntensityProvider: Send + Sync {
    fn name(&self) -> &'static str;

    /// For a region of AWS whose name has been checked; an error is a reason for the reader.
    async fn fetch(&self, region: &str, now: Timestamp) -> Result<Signal, String>;
}

/// What a service said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    pub intensity: Intensity,
    pub kind: Kind,
    /// Service and zone.
    pub source: String,
    /// The time that it is of, as the service writes it.
    pub of: Option<String>,
    pub read_at: Timestamp,
}

/// What an intensity is good for; the two are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Of all that feeds the grid: for a footprint.
    Average,
    /// Of what one kilowatt-hour more would take: for what a change saves, not for a footprint.
    Marginal,
}

/// The answer for a region.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    Found(Signal),
    /// The bundled value counts, and why.
    Bundled(String),
}

const KEPT: Duration = Duration::from_hours(24);

/// Asks a service, and keeps what it says.
pub struct LiveIntensity {
    provider: Box<dyn IntensityProvider>,
    cache: Option<Arc<dyn Cache>>,
    clock: Clock,
}

impl LiveIntensity {
    pub fn new(
        provider: Box<dyn IntensityProvider>,
        cache: Option<Arc<dyn Cache>>,
        clock: Clock,
    ) -> Self {
        Self { provider, cache, clock }
    }

    pub async fn read(&self, region: &str) -> Live {
        let (name, now) = (self.provider.name(), (self.clock)());
        let key = format!("intensity/{name}/{region}");
        if let Some(kept) = self.kept(&key, now).await {
            return Live::Found(kept);
        }
        match self.provider.fetch(region, now).await.and_then(checked) {
            Ok(signal) => {
                if let (Some(cache), Ok(text)) = (&self.cache, serde_json::to_string(&signal)) {
                    cache.keep(&key, &text, now + KEPT).await;
                }
                Live::Found(signal)
            }
            Err(reason) => {
                tracing::debug!(provider = name, region, reason, "no live intensity");
                Live::Bundled(format!("{name} was asked first: {reason}"))
            }
        }
    }

    async fn kept(&self, key: &str, now: Timestamp) -> Option<Signal> {
        let text = self.cache.as_ref()?.cached(key, now).await?;
        serde_json::from_str(&text).ok()
    }
}

impl Live {
    /// What takes the place of the bundled value; a marginal signal does not.
    pub fn for_footprint(&self) -> Option<OverrideIntensity> {
        match self {
            Self::Found(signal) if signal.kind == Kind::Average => Some(OverrideIntensity {
                intensity: signal.intensity,
                source: match &signal.of {
                    Some(of) => format!("{}, of {of}", signal.source),
                    None => signal.source.clone(),
                },
                year: None,
                read_at: Some(signal.read_at),
            }),
            Self::Found(_) | Self::Bundled(_) => None,
        }
    }

    /// Why the bundled value counts.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Bundled(reason) => Some(reason),
            Self::Found(_) => None,
        }
    }
}

fn checked(signal: Signal) -> Result<Signal, String> {
    if (0.0..=MOST_INTENSITY).contains(&signal.intensity.0) {
        return Ok(signal);
    }
    Err(format!(
        "it says {} g/kWh, which is not between 0 and {MOST_INTENSITY}",
        signal.intensity.0
    ))
}

#[cfg(test)]
mod tests;
