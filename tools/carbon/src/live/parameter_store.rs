//! Parameter Store as one of the services; it keeps what it read by itself.

use async_trait::async_trait;
use contract::Timestamp;

use super::{IntensityProvider, Kind, Signal};
use crate::parameter_store::{ParameterStore, Reading};

#[async_trait]
impl IntensityProvider for ParameterStore {
    fn name(&self) -> &'static str {
        "Parameter Store"
    }

    async fn fetch(&self, region: &str, now: Timestamp) -> Result<Signal, String> {
        match self.read(region).await {
            Reading::Found(given) => Ok(Signal {
                intensity: given.intensity,
                kind: Kind::Average,
                of: given.year.map(|year| year.to_string()),
                source: given.source,
                read_at: given.read_at.unwrap_or(now),
            }),
            Reading::Missing(reason) => Err(reason),
        }
    }
}
