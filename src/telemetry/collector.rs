//! The HTTP client that spans are sent with: the stack that is in the program already, and a signature where AWS asks for one.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use contract::Clock;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tokio::runtime::Handle;

#[cfg(feature = "aws")]
use super::signature::Signer;

/// One request, from its connection to its answer.
const DEADLINE: Duration = Duration::from_secs(5);
const MOST_OF_AN_ANSWER: usize = 64 * 1024;

/// Sends requests on the service's runtime, for an exporter whose thread has none.
pub(super) struct Collector<C = HttpsConnector<HttpConnector>> {
    client: Client<C, Full<Bytes>>,
    runtime: Handle,
    #[cfg(feature = "aws")]
    signer: Option<Signer>,
    /// So that a collector that is down is logged once, not every two seconds.
    failing: AtomicBool,
}

impl Collector {
    pub(super) fn new(endpoint: &str, clock: Clock) -> Result<Self, String> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| format!("no certificates of authorities: {error}"))?
            .https_or_http()
            .enable_http1()
            .build();
        Self::over(connector, endpoint, clock)
    }
}

impl<C: Connect + Clone + Send + Sync + 'static> Collector<C> {
    fn over(connector: C, endpoint: &str, clock: Clock) -> Result<Self, String> {
        let address: http::Uri =
            endpoint.parse().map_err(|_| format!("the endpoint {endpoint:?} is not an address"))?;
        let Some(host) = address.host() else {
            return Err(format!("the endpoint {endpoint:?} names no host"));
        };
        #[cfg(not(feature = "aws"))]
        let _ = (host, clock);
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector),
            runtime: Handle::try_current().map_err(|error| error.to_string())?,
            #[cfg(feature = "aws")]
            signer: Signer::for_host(host, clock),
            failing: AtomicBool::new(false),
        })
    }

    /// Whether the exporter tries again is its own business; here it is only told.
    fn note(&self, answer: &Result<Response<Bytes>, HttpError>) {
        let failure = match answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answered {}", answer.status())),
            Err(error) => Some(root_cause(&**error)),
        };
        let failed_before = self.failing.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(reason) if !failed_before => tracing::warn!(reason, "spans cannot be sent"),
            None if failed_before => tracing::info!("spans are sent again"),
            _ => {}
        }
    }
}

/// "connection refused" rather than what it is wrapped in.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl<C> fmt::Debug for Collector<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Collector").finish_non_exhaustive()
    }
}

#[async_trait]
impl<C: Connect + Clone + Send + Sync + 'static> HttpClient for Collector<C> {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        #[cfg(feature = "aws")]
        let signer = self.signer.clone();
        let exchange = async move {
            #[cfg(feature = "aws")]
            let request = match &signer {
                Some(signer) => signer.sign(request).await?,
                None => request,
            };
            let answer = client.request(request.map(Full::new)).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, MOST_OF_AN_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(parts, body))
        };
        // Timers, too, exist on the runtime only.
        let bounded = async { tokio::time::timeout(DEADLINE, exchange).await };
        let answer = self.runtime.spawn(bounded).await;
        let answer: Result<_, HttpError> = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(_elapsed)) => Err("the collector does not answer".into()),
            Err(error) => Err(error.into()),
        };
        self.note(&answer);
        answer
    }
}

#[cfg(test)]
#[cfg(feature = "aws")]
mod tests {
    use std::future::{Ready, ready};
    use std::net::SocketAddr;

    use contract::Timestamp;
    use hyper_util::client::legacy::connect::dns::Name;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const NOW: Clock = || Timestamp(1_795_305_600_123);

    /// Every name is this machine's.
    #[derive(Clone)]
    struct Loopback;

    impl tower_service::Service<Name> for Loopback {
        type Response = std::iter::Once<SocketAddr>;
        type Error = std::io::Error;
        type Future = Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(
            &mut self,
            _context: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _name: Name) -> Self::Future {
            ready(Ok(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 0)))))
        }
    }

    /// Sends one request to a host of this name; returns what arrived.
    async fn received(host: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{host}:{}/v1/traces", listener.local_addr().unwrap().port());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 16 * 1024];
            let length = stream.read(&mut bytes).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        });
        let mut collector =
            Collector::over(HttpConnector::new_with_resolver(Loopback), &endpoint, NOW).unwrap();
        collector.signer = collector.signer.map(Signer::with_test_credentials);
        let request = Request::post(&endpoint).body(Bytes::from_static(b"spans")).unwrap();
        assert_eq!(collector.send_bytes(request).await.unwrap().status(), 200);
        server.await.unwrap()
    }

    #[tokio::test]
    async fn a_request_to_x_ray_is_signed_and_one_to_another_collector_is_not() {
        let signed = received("xray.eu-west-1.amazonaws.com").await;
        let authorization = signed.lines().find(|line| line.starts_with("authorization: "));
        assert!(
            authorization.unwrap().starts_with(
                "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/xray/aws4_request, SignedHeaders=host;x-amz-date, Signature="
            ),
            "{signed}"
        );
        let plain = received("collector.example").await;
        assert!(!plain.contains("authorization"), "{plain}");
    }
}
