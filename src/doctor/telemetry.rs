//! Whether somebody listens where traces are sent.

use std::time::Duration;

use hyper::Uri;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Check;
use crate::config::TelemetryConfig;

const NAME: &str = "traces";
const CONNECT: Duration = Duration::from_secs(5);

pub(super) async fn look(telemetry: &TelemetryConfig) -> Vec<Check> {
    vec![match &telemetry.traces_endpoint {
        None => Check::skipped(NAME, "not sent; OTEL_EXPORTER_OTLP_ENDPOINT says where to"),
        Some(endpoint) => reach(endpoint).await,
    }]
}

async fn reach(endpoint: &str) -> Check {
    let fix = "start the collector there, or unset OTEL_EXPORTER_OTLP_ENDPOINT";
    let Some((host, port)) = place(endpoint) else {
        return Check::failed(NAME, format!("{endpoint:?} is not an http(s) address"), fix);
    };
    match timeout(CONNECT, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => Check::ok(NAME, format!("{host}:{port} takes connections")),
        Ok(Err(error)) => Check::warning(NAME, format!("{host}:{port}: {error}"), fix),
        Err(_) => Check::warning(NAME, format!("{host}:{port} does not answer"), fix),
    }
}

fn place(endpoint: &str) -> Option<(String, u16)> {
    let uri: Uri = endpoint.parse().ok()?;
    let port = match (uri.port_u16(), uri.scheme_str()?) {
        (Some(port), "http" | "https") => port,
        (None, "https") => 443,
        (None, "http") => 80,
        _ => return None,
    };
    Some((uri.host()?.trim_matches(['[', ']']).to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_and_a_port() {
        let place = |endpoint| place(endpoint).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(place("http://localhost:4318/v1/traces").as_deref(), Some("localhost 4318"));
        assert_eq!(
            place("https://xray.us-east-1.amazonaws.com/v1/traces").as_deref(),
            Some("xray.us-east-1.amazonaws.com 443")
        );
        assert_eq!(place("http://[::1]:4318").as_deref(), Some("::1 4318"));
        assert_eq!(place("localhost"), None);
        assert_eq!(place("grpc://localhost:4317"), None);
    }
}
