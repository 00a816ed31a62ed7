//! The Carbon Intensity API of Great Britain's system operator: open, without a credential, for that grid alone.

use async_trait::async_trait;
use contract::Timestamp;
use serde::Deserialize;

use super::electricity_maps::plain_time;
use super::fetch::Service;
use super::{Address, IntensityProvider, Kind, Signal};
use crate::units::Intensity;

/// The service.
pub struct UkCarbonIntensity {
    service: Service,
}

impl UkCarbonIntensity {
    pub const ADDRESS: &'static str = "https://api.carbonintensity.org.uk";

    pub fn new(address: Address) -> Result<Self, String> {
        Ok(Self { service: Service::at(address)? })
    }
}

const LONDON: &str = "eu-west-2";

#[derive(Deserialize)]
struct Answer {
    data: Vec<HalfHour>,
}

#[derive(Deserialize)]
struct HalfHour {
    from: String,
    intensity: Values,
}

#[derive(Deserialize)]
struct Values {
    forecast: Option<f64>,
    /// Absent while the half-hour lasts.
    actual: Option<f64>,
}

#[async_trait]
impl IntensityProvider for UkCarbonIntensity {
    fn name(&self) -> &'static str {
        "the UK Carbon Intensity API"
    }

    async fn fetch(&self, region: &str, now: Timestamp) -> Result<Signal, String> {
        if region != LONDON {
            return Err(format!("it knows Great Britain alone, and {region} is elsewhere"));
        }
        let answer: Answer = self.service.get("/intensity", None).await?;
        let half_hour = answer.data.first().ok_or("its answer holds no half-hour")?;
        let values = &half_hour.intensity;
        let (grams, what) = match (values.actual, values.forecast) {
            (Some(grams), _) => (grams, "as it was"),
            (None, Some(grams)) => (grams, "forecast"),
            (None, None) => return Err("its answer holds no intensity".to_owned()),
        };
        Ok(Signal {
            intensity: Intensity(grams),
            kind: Kind::Average,
            source: format!("UK Carbon Intensity API, Great Britain, {what}, generation only"),
            of: plain_time(&half_hour.from),
            read_at: now,
        })
    }
}
