//! One bounded request to a service: TLS unless it is on this machine, a deadline, a limit, no credentials in what is told.

use std::time::Duration;

use http::header::{ACCEPT, HeaderName, HeaderValue};
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

/// A footprint is not worth waiting longer for.
const DEADLINE: Duration = Duration::from_secs(5);
const MOST_OF_AN_ANSWER: usize = 64 * 1024;

/// Where a service listens: `https://host`, or `http` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    pub fn parse(text: &str) -> Result<Self, String> {
        let malformed = || format!("{text:?} is not the address of a service");
        let uri: Uri = text.parse().map_err(|_| malformed())?;
        let host = uri.host().ok_or_else(malformed)?;
        let local = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
        if uri.scheme_str() != Some("https") && !local {
            return Err(format!("{text:?} must start with https://: credentials go there"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// A credential that is never shown.
#[derive(Clone)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The client of one service.
pub(super) struct Service {
    client: Client<HttpsConnector<HttpConnector>, Empty<bytes::Bytes>>,
    address: Address,
    deadline: Duration,
}

impl Service {
    pub(super) fn at(address: Address) -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| format!("no certificates of authorities: {error}"))?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, address, deadline: DEADLINE })
    }

    /// The JSON at a path of the service; the path's values have been encoded.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        header: Option<(HeaderName, String)>,
    ) -> Result<T, String> {
        let mut request = Request::get(format!("{}{path}", self.address.0))
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = header {
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| "the credential has characters that no header may have".to_owned())?;
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        let request = request.body(Empty::new()).map_err(|error| error.to_string())?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| reason(&error))?;
            let status = answer.status();
            if !status.is_success() {
                return Err(format!("it answered {}", status.as_u16()));
            }
            let body = Limited::new(answer.into_body(), MOST_OF_AN_ANSWER).collect().await;
            let body = body.map_err(|_| {
                format!("its answer broke off or is above {MOST_OF_AN_ANSWER} bytes")
            })?;
            serde_json::from_slice(&body.to_bytes())
                .map_err(|_| "its answer is not what its documentation describes".to_owned())
        };
        let answer = tokio::time::timeout(self.deadline, exchange).await;
        answer.unwrap_or_else(|_| {
            Err(format!("it did not answer within {} s", self.deadline.as_secs_f64()))
        })
    }

    #[cfg(test)]
    pub(super) fn impatient(&mut self) {
        self.deadline = Duration::from_millis(100);
    }
}

fn reason(error: &hyper_util::client::legacy::Error) -> String {
    if error.is_connect() {
        "it could not be reached".to_owned()
    } else {
        "the connection broke".to_owned()
    }
}

/// A value as part of a query: letters, digits, `-` and `_`, which is what zones are made of.
pub(super) fn zone_name(zone: &str) -> Result<&str, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !zone.is_empty() && zone.len() <= 40 && zone.chars().all(plain) {
        return Ok(zone);
    }
    Err("the zone has characters that no zone has".to_owned())
}
