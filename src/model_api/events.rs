//! Server-sent events as an answer, in either dialect.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};

/// Proxies close connections that are silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The client's leaving drops the body, with it the events, and that cancels the call.
pub(super) fn answer(
    events: impl Stream<Item = Event> + Send + 'static,
    heartbeat: KeepAlive,
) -> Response {
    let mut response = Sse::new(events.map(Ok::<_, Infallible>))
        .keep_alive(heartbeat.interval(HEARTBEAT))
        .into_response();
    // Nginx and its like would hold events back to send them together.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
