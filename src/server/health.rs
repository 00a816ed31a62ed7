//! `GET /health`: whether deliveries can be kept, and how far behind the reviews are.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Shared;

/// A queue that takes longer than this to count its jobs is not well.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn report(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Value>) {
    let server = &shared.server;
    let now = (server.clock)();
    let depth = if server.counts_jobs {
        timeout(PATIENCE, server.queue.depth(now)).await.ok().and_then(Result::ok)
    } else {
        None
    };
    let (status, word) = if depth.is_some() || !server.counts_jobs {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the queue does not answer")
    };
    let mut body = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": now.since(server.started).as_secs(),
        "queue": depth,
    });
    if let Some(models) = &server.models {
        body["models"] = models();
    }
    (status, Json(body))
}
