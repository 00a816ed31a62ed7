//! `WattTime`, version 3: what one kilowatt-hour more would emit. That is no footprint, so it never takes a place in one.

use async_trait::async_trait;
use contract::Timestamp;
use http::header::AUTHORIZATION;
use serde::Deserialize;

use super::electricity_maps::plain_time;
use super::fetch::{Service, zone_name};
use super::{Address, IntensityProvider, Kind, Secret, Signal};
use crate::units::Intensity;

/// The service.
pub struct WattTime {
    service: Service,
    account: WattTimeAccount,
    /// As it names them: `CAISO_NORTH`.
    zone: String,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct WattTimeAccount {
    pub user: String,
    pub password: Secret,
}

impl WattTime {
    pub const ADDRESS: &'static str = "https://api.watttime.org";

    pub fn new(address: Address, account: WattTimeAccount, zone: &str) -> Result<Self, String> {
        let zone = zone_name(zone)?.to_owned();
        Ok(Self { service: Service::at(address)?, account, zone })
    }
}

/// One pound per megawatt-hour in grams per kilowatt-hour.
const GRAMS_PER_POUND: f64 = 0.453_592_37;
const UNITS: &str = "lbs_co2_per_mwh";

#[derive(Deserialize)]
struct Login {
    token: String,
}

#[derive(Deserialize)]
struct Forecast {
    data: Vec<Point>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Point {
    point_time: String,
    value: f64,
}

#[derive(Deserialize)]
struct Meta {
    units: String,
}

#[async_trait]
impl IntensityProvider for WattTime {
    fn name(&self) -> &'static str {
        "WattTime"
    }

    async fn fetch(&self, _region: &str, now: Timestamp) -> Result<Signal, String> {
        let user = base64(format!("{}:{}", self.account.user, self.account.password.0).as_bytes());
        let basic = (AUTHORIZATION, format!("Basic {user}"));
        let login: Login = self.service.get("/login", Some(basic)).await?;
        let bearer = (AUTHORIZATION, format!("Bearer {}", login.token));
        let path =
            format!("/v3/forecast?region={}&signal_type=co2_moer&horizon_hours=0", self.zone);
        let forecast: Forecast = self.service.get(&path, Some(bearer)).await?;
        if forecast.meta.units != UNITS {
            return Err(format!("it answers in other units than {UNITS}"));
        }
        let point = forecast.data.first().ok_or("its answer holds no value")?;
        Ok(Signal {
            intensity: Intensity(point.value * GRAMS_PER_POUND),
            kind: Kind::Marginal,
            source: format!("WattTime, marginal, region {}", self.zone),
            of: plain_time(&point.point_time),
            read_at: now,
        })
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Three bytes are four digits of 64; what is missing at the end is `=`.
fn base64(bytes: &[u8]) -> String {
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        (0..4).map(move |place| {
            let digit = (bits >> (18 - 6 * place)) & 63;
            if place <= chunk.len() { char::from(DIGITS[digit as usize]) } else { '=' }
        })
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_encoded_as_http_wants_them() {
        let encoded: Vec<String> =
            ["", "a", "ab", "abc", "user:pass"].map(|text| base64(text.as_bytes())).to_vec();
        assert_eq!(encoded, ["", "YQ==", "YWI=", "YWJj", "dXNlcjpwYXNz"]);
    }
}
