//! A small server that answers like AWS, and what a client of it needs.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use emulators::{Answer, Emulators, Exchange};
use serde_json::Value;

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// It fails the story whose requests, or whose own answers, break the services' public models.
pub(crate) struct Fake {
    pub(crate) config: SdkConfig,
    seen: Arc<Mutex<Vec<Seen>>>,
    faults: Arc<Mutex<Vec<String>>>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        let faults = std::mem::take(&mut *self.faults.lock().unwrap());
        if !std::thread::panicking() {
            assert!(faults.is_empty(), "the services' models are broken:\n{}", faults.join("\n"));
        }
    }
}

impl Fake {
    /// Answers each request through `answer`, which is also told how many came before it.
    pub(crate) async fn start(
        answer: impl Fn(&Seen, usize) -> Response + Send + Sync + 'static,
    ) -> Self {
        // Before anyone is asked: installing or starting it would outlast the caller's patience.
        Emulators::shared();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let faults: Arc<Mutex<Vec<String>>> = Arc::default();
        let state = (seen.clone(), faults.clone(), Arc::new(answer));
        let app = Router::new().fallback(
            move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                let (log, faults, answer) = state.clone();
                let request = Seen {
                    method,
                    path: uri.path().to_owned(),
                    query: uri.query().unwrap_or_default().to_owned(),
                    headers,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                };
                let mut log = log.lock().unwrap();
                let before = log.iter().filter(|earlier| earlier.is_like(&request)).count();
                log.push(request.clone());
                held_to_the_models(request.clone(), body, answer(&request, before), faults)
            },
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { config: emulators::sdk(&url), seen, faults }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// As `POST /codereviews`, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect()
    }
}

impl Seen {
    fn is_like(&self, other: &Self) -> bool {
        (&self.method, &self.path) == (&other.method, &other.path)
    }
}

async fn held_to_the_models(
    request: Seen,
    body: Bytes,
    response: Response,
    faults: Arc<Mutex<Vec<String>>>,
) -> Response {
    let (head, answer) = response.into_parts();
    let answer = to_bytes(answer, usize::MAX).await.unwrap();
    let (status, headers, told) = (head.status.as_u16(), texts(&head.headers), answer.clone());
    let found = tokio::task::spawn_blocking(move || {
        let target = match request.query.as_str() {
            "" => request.path,
            query => format!("{}?{query}", request.path),
        };
        Emulators::shared().faults(&Exchange {
            method: request.method.as_str(),
            target: &target,
            headers: texts(&request.headers),
            body: &body,
            answer: Some(Answer { status, headers, body: &told }),
        })
    });
    let found = found.await.unwrap();
    faults.lock().unwrap().extend(found);
    Response::from_parts(head, answer.into())
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

pub(crate) fn json(body: &Value) -> Response {
    ([("content-type", "application/json")], body.to_string()).into_response()
}

pub(crate) fn error(status: u16, kind: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("x-amzn-errortype", kind)], r#"{"message":"told by the fake"}"#).into_response()
}

pub(crate) fn no_wait(_: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(ready(()))
}
