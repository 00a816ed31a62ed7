//! Services that know the intensity of grids right now; each is asked only where a command says so.

use secrecy::SecretString;

use super::Environment;

/// Where the services are, and what they want to see. Their own names are those that their documentation uses.
#[derive(Debug, Clone)]
pub struct LiveConfig {
    /// `None`: the service's own address.
    pub electricity_maps_url: Option<String>,
    pub electricity_maps_token: Option<SecretString>,
    /// In place of the zone of the region.
    pub electricity_maps_zone: Option<String>,
    pub uk_url: Option<String>,
}

impl LiveConfig {
    pub fn read(environment: &Environment) -> Self {
        Self {
            electricity_maps_url: environment("ECO_CODER_ELECTRICITY_MAPS_URL"),
            electricity_maps_token: environment("ELECTRICITY_MAPS_TOKEN").map(Into::into),
            electricity_maps_zone: environment("ECO_CODER_ELECTRICITY_MAPS_ZONE"),
            uk_url: environment("ECO_CODER_UK_CARBON_INTENSITY_URL"),
        }
    }
}
