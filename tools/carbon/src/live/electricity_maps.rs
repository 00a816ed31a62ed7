//! Electricity Maps, version 3: the average intensity of what a zone uses, over the life cycle.

use async_trait::async_trait;
use contract::Timestamp;
use http::header::HeaderName;
use serde::Deserialize;

use super::fetch::{Service, zone_name};
use super::{Address, IntensityProvider, Kind, Secret, Signal};
use crate::units::Intensity;

/// The service; it wants a token, and for commercial use a contract.
pub struct ElectricityMaps {
    service: Service,
    token: Secret,
    zone: Option<String>,
}

impl ElectricityMaps {
    pub const ADDRESS: &'static str = "https://api.electricitymaps.com";

    /// Without a zone, that of the region in the bundled table is asked for.
    pub fn new(address: Address, token: Secret, zone: Option<String>) -> Result<Self, String> {
        Ok(Self { service: Service::at(address)?, token, zone })
    }
}

#[derive(Deserialize)]
struct Latest {
    zone: String,
    #[serde(rename = "carbonIntensity")]
    carbon_intensity: f64,
    datetime: Option<String>,
    #[serde(rename = "isEstimated", default)]
    is_estimated: bool,
}

#[async_trait]
impl IntensityProvider for ElectricityMaps {
    fn name(&self) -> &'static str {
        "Electricity Maps"
    }

    async fn fetch(&self, region: &str, now: Timestamp) -> Result<Signal, String> {
        let zone = self.zone.as_deref().or_else(|| crate::best::zone_of(region));
        let zone = zone_name(zone.ok_or("no zone is known for the region; set one")?)?;
        let header = (HeaderName::from_static("auth-token"), self.token.0.clone());
        let path = format!("/v3/carbon-intensity/latest?zone={zone}");
        let latest: Latest = self.service.get(&path, Some(header)).await?;
        if latest.zone != zone {
            return Err(format!("it answered for another zone than {zone}"));
        }
        let estimated = if latest.is_estimated { ", estimated" } else { "" };
        Ok(Signal {
            intensity: Intensity(latest.carbon_intensity),
            kind: Kind::Average,
            source: format!("Electricity Maps, zone {zone}{estimated}"),
            of: latest.datetime.as_deref().and_then(plain_time),
            read_at: now,
        })
    }
}

/// A time as it is told, if it is one.
pub(super) fn plain_time(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_digit() || "-:.+TZ".contains(c);
    (text.len() <= 40 && text.chars().all(plain)).then(|| text.to_owned())
}
