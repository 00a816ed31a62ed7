//! The one HTTP client of the drivers: pooled connections, and a deadline, a limit and a reason for whatever goes wrong.
//!
//! No text of an error holds a header, a path or a body: credentials and prompts are there.

mod trace;
mod wait;

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

pub use self::trace::traceparent;
pub use self::wait::retry_after;
use crate::error::{Cause, ModelError};

const CONNECT: Duration = Duration::from_secs(5);
/// Services close idle connections after a minute or more; one closed here is never found broken.
const IDLE: Duration = Duration::from_secs(50);
const MOST_IDLE: usize = 256;

/// Connections to services. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Client {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What a service answered, body still to come. Dropping it closes the connection, which cancels what is under way.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: hyper::body::Incoming,
}

impl Client {
    /// Fails where this machine has no certificates of authorities.
    pub fn new() -> Result<Self, ModelError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        // Without it a request of two segments waits 40 ms for the acknowledgment of the first.
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map_err(|error| {
                let help = "install the package ca-certificates or set SSL_CERT_FILE";
                ModelError::new(Cause::Unreachable, format!("{error}; {help}"))
            })?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .build(connector);
        Ok(Self { pool })
    }

    /// The head of the answer, whatever its status. Redirects are not followed: the credentials are for one host.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        deadline: Instant,
    ) -> Result<Answer, ModelError> {
        let uri = request.uri().clone();
        let answer = self.pool.request(request.map(Full::new));
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => {
                let (head, body) = answer.into_parts();
                Ok(Answer { status: head.status, headers: head.headers, body })
            }
            Ok(Err(error)) => Err(unanswered(&uri, &error)),
            Err(_) => Err(ModelError::new(
                Cause::Timeout,
                format!("{} had not begun to answer by the deadline", host(&uri)),
            )),
        }
    }
}

impl Answer {
    /// The whole body, if it comes before the deadline and is not longer than `at_most`.
    pub async fn bytes(mut self, at_most: usize, deadline: Instant) -> Result<Bytes, ModelError> {
        let Some(first) = self.chunk(deadline).await? else { return Ok(Bytes::new()) };
        let mut length = first.len();
        if length > at_most {
            return Err(too_long(at_most));
        }
        let Some(second) = self.chunk(deadline).await? else { return Ok(first) };
        let mut all = BytesMut::from(first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            length += chunk.len();
            if length > at_most {
                return Err(too_long(at_most));
            }
            all.extend_from_slice(&chunk);
            next = self.chunk(deadline).await?;
        }
        Ok(all.freeze())
    }

    /// The next bytes of a stream, never empty; `None` at its end. `silence` is how long nothing may come.
    pub async fn next_chunk(
        &mut self,
        deadline: Instant,
        silence: Duration,
    ) -> Result<Option<Bytes>, ModelError> {
        let patience = Instant::now() + silence;
        if deadline <= patience {
            return self.chunk(deadline).await;
        }
        timeout_at(patience, self.frame()).await.unwrap_or_else(|_| {
            let seconds = silence.as_secs_f32();
            Err(ModelError::new(Cause::Timeout, format!("the answer paused for {seconds} s")))
        })
    }

    async fn chunk(&mut self, deadline: Instant) -> Result<Option<Bytes>, ModelError> {
        timeout_at(deadline, self.frame()).await.unwrap_or_else(|_| {
            Err(ModelError::new(Cause::Timeout, "the answer was not complete by the deadline"))
        })
    }

    /// Trailers and empty frames say nothing here.
    async fn frame(&mut self) -> Result<Option<Bytes>, ModelError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| {
                let text = format!("the connection broke within the answer{}", root(&error));
                ModelError::new(Cause::Interrupted, text)
            })?;
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

fn unanswered(uri: &Uri, error: &hyper_util::client::legacy::Error) -> ModelError {
    let did = if error.is_connect() {
        "could not be reached"
    } else {
        "closed the connection before it answered"
    };
    ModelError::new(Cause::Unreachable, format!("{} {did}{}", host(uri), root(error)))
}

fn too_long(at_most: usize) -> ModelError {
    ModelError::new(Cause::Unreadable, format!("the answer is longer than {at_most} bytes"))
}

fn host(uri: &Uri) -> String {
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", uri.host().unwrap_or("the service"))
}

/// The first cause, as `: connection refused`.
fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!(": {cause}").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A service that answers these bytes to whatever it is told, and then hangs up or falls silent.
    async fn service(answer: &'static [u8], hangs_up: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(answer).await.unwrap();
            if !hangs_up {
                std::future::pending::<()>().await;
            }
        });
        address
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    async fn ask(address: &str) -> Result<Answer, ModelError> {
        let request = Request::post(address).body(Bytes::from("{}")).unwrap();
        Client::new().unwrap().send(request, soon()).await
    }

    #[tokio::test]
    async fn an_answer_comes_whole_or_in_pieces() {
        let address =
            service(b"HTTP/1.1 429 x\r\ncontent-length: 5\r\nretry-after: 2\r\n\r\nhello", false);
        let answer = ask(&address.await).await.unwrap();
        assert_eq!(answer.status, 429);
        assert_eq!(retry_after(&answer.headers), Some(Duration::from_secs(2)));
        assert_eq!(answer.bytes(5, soon()).await.unwrap(), "hello");
        let address = service(
            b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
            false,
        );
        let mut answer = ask(&address.await).await.unwrap();
        let mut all = Vec::new();
        while let Some(chunk) = answer.next_chunk(soon(), Duration::from_secs(1)).await.unwrap() {
            all.extend_from_slice(&chunk);
        }
        assert_eq!(all, b"hello");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_is_not_read_to_its_end() {
        let address = service(b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nhello", false).await;
        let error = ask(&address).await.unwrap().bytes(4, soon()).await.unwrap_err();
        assert_eq!(error.cause, Cause::Unreadable);
    }

    #[tokio::test]
    async fn each_way_to_get_no_answer_has_its_cause() {
        let nobody = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}/secret", listener.local_addr().unwrap())
        };
        let refused = ask(&nobody).await.unwrap_err();
        assert_eq!(refused.cause, Cause::Unreachable);
        assert!(refused.message.contains("Connection refused"), "{refused}");
        assert!(!refused.message.contains("secret"), "{refused}");

        let silent = ask(&service(b"", false).await).await.unwrap_err();
        assert_eq!(silent.cause, Cause::Timeout);
        let gone = ask(&service(b"", true).await).await.unwrap_err();
        assert_eq!(gone.cause, Cause::Unreachable);

        let half = b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\nhel";
        let broken = ask(&service(half, true).await).await.unwrap();
        assert_eq!(broken.bytes(99, soon()).await.unwrap_err().cause, Cause::Interrupted);
        let slow = ask(&service(half, false).await).await.unwrap();
        assert_eq!(slow.bytes(99, soon()).await.unwrap_err().cause, Cause::Timeout);
        let mut paused = ask(&service(half, false).await).await.unwrap();
        let patience = Duration::from_millis(20);
        assert!(paused.next_chunk(soon(), patience).await.unwrap().is_some());
        let error = paused.next_chunk(soon(), patience).await.unwrap_err();
        assert_eq!(error.message, "the answer paused for 0.02 s");
    }
}
