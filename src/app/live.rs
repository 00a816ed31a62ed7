//! A service for live intensities, with what it said in the last 24 hours kept on disk.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use carbon::live::{
    Address, ElectricityMaps, IntensityProvider, LiveIntensity, Secret, UkCarbonIntensity,
};
use clap::ValueEnum;
use contract::Cache;
use secrecy::ExposeSecret;

use super::{CLOCK, file_store};
use crate::config::LiveConfig;

/// A service that can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LiveService {
    /// Electricity Maps; set `ELECTRICITY_MAPS_TOKEN`.
    ElectricityMaps,
    /// The Carbon Intensity API of Great Britain's system operator, for eu-west-2.
    Uk,
}

/// The service, ready to be asked. What it says is kept below `folder`, where there is one.
pub fn live_intensity(
    service: LiveService,
    config: &LiveConfig,
    folder: Option<&Path>,
) -> anyhow::Result<LiveIntensity> {
    let provider = provider(service, config).map_err(|why| anyhow!(why))?;
    let cache = folder.map(|folder| file_store(&folder.join("intensities.db"))).transpose()?;
    let cache = cache.map(|store| -> Arc<dyn Cache> { store });
    Ok(LiveIntensity::new(provider, cache, CLOCK))
}

fn provider(
    service: LiveService,
    config: &LiveConfig,
) -> Result<Box<dyn IntensityProvider>, String> {
    let address =
        |given: &Option<String>, own: &str| Address::parse(given.as_deref().unwrap_or(own));
    Ok(match service {
        LiveService::ElectricityMaps => {
            let token = config.electricity_maps_token.as_ref();
            let token =
                token.ok_or("Electricity Maps wants a token: set ELECTRICITY_MAPS_TOKEN")?;
            let address = address(&config.electricity_maps_url, ElectricityMaps::ADDRESS)?;
            let token = Secret(token.expose_secret().to_owned());
            Box::new(ElectricityMaps::new(address, token, config.electricity_maps_zone.clone())?)
        }
        LiveService::Uk => {
            Box::new(UkCarbonIntensity::new(address(&config.uk_url, UkCarbonIntensity::ADDRESS)?)?)
        }
    })
}
