//! The one HTTP client of the drivers: pooled connections, and a deadline, a limit and a reason for whatever goes wrong.
//!
//! No text of an error holds a header, a path or a body: credentials and prompts are there.

mod connection;
mod pool;
mod trace;
mod wait;

use std::error::Error;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use self::connection::Connection;
use self::pool::{Origin, Pool};
pub use self::trace::traceparent;
pub use self::wait::retry_after;
use crate::error::{Cause, ModelError};
use crate::pieces::Pieces;

const CONNECT: Duration = Duration::from_secs(5);

/// Connections to services. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Client {
    connector: HttpsConnector<HttpConnector>,
    pool: Arc<Pool>,
}

/// What a service answered, body still to come. Dropping it closes the connection, which cancels what is under way.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    /// Goes back at the end of the body. A connection is a kilobyte, and goes through many hands.
    connection: Option<Box<Connection>>,
    origin: Origin,
    pool: Arc<Pool>,
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
        Ok(Self { connector, pool: Arc::default() })
    }

    /// The head of the answer, whatever its status. Redirects are not followed: the credentials are for one host.
    pub async fn send(
        &self,
        request: Request<impl Into<Pieces>>,
        deadline: Instant,
    ) -> Result<Answer, ModelError> {
        let uri = request.uri().clone();
        let answer = self.ask(&uri, addressed(request)?);
        timeout_at(deadline, answer).await.unwrap_or_else(|_| {
            let text = format!("{} had not begun to answer by the deadline", host(&uri));
            Err(ModelError::new(Cause::Timeout, text))
        })
    }

    /// By a connection that is there, else by a new one. A kept one may turn out to be closed before anything was sent.
    async fn ask(&self, uri: &Uri, mut request: Request<Pieces>) -> Result<Answer, ModelError> {
        let origin = Origin::of(uri);
        while let Some(mut connection) = self.pool.take(&origin) {
            match connection.ask(request).await {
                Ok(response) => return Ok(self.answer(response, connection, origin)),
                Err(mut unanswered) => match unanswered.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(closed(uri, unanswered.error())),
                },
            }
        }
        // Seldom, and as large as all else of a request: in a box, it is not moved with each of them.
        let mut connection = Box::pin(self.connect(uri)).await?;
        match connection.ask(request).await {
            Ok(response) => Ok(self.answer(response, connection, origin)),
            Err(unanswered) => Err(closed(uri, unanswered.error())),
        }
    }

    async fn connect(&self, uri: &Uri) -> Result<Box<Connection>, ModelError> {
        let mut connector = self.connector.clone();
        let connected = async {
            poll_fn(|context| connector.poll_ready(context)).await?;
            Ok(Box::new(Connection::over(connector.call(uri.clone()).await?).await?))
        };
        connected.await.map_err(|error: Box<dyn Error + Send + Sync>| {
            unanswered(uri, "could not be reached", &*error)
        })
    }

    fn answer(
        &self,
        response: Response<Incoming>,
        connection: Box<Connection>,
        origin: Origin,
    ) -> Answer {
        let (head, body) = response.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
            connection: Some(connection),
            origin,
            pool: Arc::clone(&self.pool),
        }
    }
}

/// As HTTP/1 wants it: the host in a header, and the path alone in the first line.
fn addressed(request: Request<impl Into<Pieces>>) -> Result<Request<Pieces>, ModelError> {
    let mut request = request.map(Into::into);
    if !request.headers().contains_key(HOST) {
        let host = HeaderValue::from_str(&host_header(request.uri()))
            .map_err(|_| ModelError::new(Cause::BadRequest, "the service's host is no name"))?;
        request.headers_mut().insert(HOST, host);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
    Ok(request)
}

/// Without the port that the scheme has anyway.
pub(crate) fn host_header(uri: &Uri) -> String {
    let name = uri.host().unwrap_or_default();
    let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    match uri.port().filter(|port| port.as_u16() != usual) {
        Some(port) => [name, ":", port.as_str()].concat(),
        None => name.to_owned(),
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
        while let Some(connection) = &mut self.connection {
            let Some(frame) = connection.frame(&mut self.body).await else {
                self.leave();
                break;
            };
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

    /// The answer is complete, and its connection free for another.
    fn leave(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.keep(self.origin.clone(), connection);
        }
    }
}

fn closed(uri: &Uri, error: &hyper::Error) -> ModelError {
    unanswered(uri, "closed the connection before it answered", error)
}

fn unanswered(uri: &Uri, did: &str, error: &(dyn Error + 'static)) -> ModelError {
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
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// A service that answers so many requests on each connection, and then hangs up. It counts its connections, and
    /// those that were closed on the other side.
    async fn patient(requests: usize) -> (String, Arc<AtomicUsize>, Arc<AtomicUsize>) {
        let (connections, left) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/path", listener.local_addr().unwrap());
        let (counted, gone) = (connections.clone(), left.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let gone = gone.clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    for _ in 0..requests {
                        let length = stream.read(&mut request).await.unwrap();
                        if length == 0 {
                            gone.fetch_add(1, Ordering::SeqCst);
                            return;
                        }
                        let told = String::from_utf8_lossy(&request[..length]).into_owned();
                        assert!(told.starts_with("POST /path HTTP/1.1\r\nhost: 127.0.0.1:"));
                        let answer = b"HTTP/1.1 200 x\r\ncontent-length: 5\r\n\r\nhello";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        (address, connections, left)
    }

    async fn hello(client: &Client, address: &str) {
        let request = Request::post(address).body(Bytes::from("{}")).unwrap();
        let answer = client.send(request, soon()).await.unwrap();
        assert_eq!(answer.bytes(5, soon()).await.unwrap(), "hello");
    }

    #[tokio::test]
    async fn a_connection_is_kept_for_the_next_request_until_the_service_hangs_up() {
        let client = Client::new().unwrap();
        let (address, connections, _) = patient(3).await;
        for at in 0..9 {
            hello(&client, &address).await;
            assert_eq!(connections.load(Ordering::SeqCst), at / 3 + 1);
            // Time for the service to hang up.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn requests_at_a_time_have_a_connection_each_and_all_are_kept() {
        let client = Client::new().unwrap();
        let (address, connections, _) = patient(99).await;
        for _ in 0..3 {
            futures::future::join_all((0..5).map(|_| hello(&client, &address))).await;
        }
        assert_eq!(connections.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_waits_for_closes_its_connection() {
        let client = Client::new().unwrap();
        let (address, _, left) = patient(99).await;
        let request = Request::post(&address).body(Bytes::from("{}")).unwrap();
        drop(client.send(request, soon()).await.unwrap());
        let until = Instant::now() + Duration::from_secs(5);
        while left.load(Ordering::SeqCst) == 0 {
            assert!(Instant::now() < until, "the connection is still open");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
