//! The gateway over HTTP: its own contract, and OpenAI's, so that existing clients work unchanged.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::{any, get, post};
use axum::{Router, middleware};
use contract::Clock;
use model::ModelDriver;
use model::catalog::Catalog;
use model::definitions::Agents;

mod answer;
mod asked;
mod bodies;
mod chat;
mod chat_reply;
mod chat_stream;
mod events;
mod invoke;
mod invoke_stream;
mod keys;
mod models;
mod trace;
mod unknown;

pub use bodies::Bodies;
pub use keys::{Key, Keys};
pub use models::Configured;

/// A diff of 100,000 lines is about 4 MB.
const LARGEST_BODY: usize = 16 << 20;
/// For a whole answer, where the caller does not say.
const ANSWER: Duration = Duration::from_secs(30);
/// For a stream, where the caller does not say, and for anything at most.
const LONGEST: Duration = Duration::from_mins(10);

/// What the API needs.
pub struct ModelApi {
    pub gateway: Arc<dyn ModelDriver>,
    pub keys: Keys,
    /// What `/v1/models` names without asking anyone.
    pub configured: Vec<Configured>,
    /// Agents that a call may name.
    pub agents: Arc<Agents>,
    /// What is known of models.
    pub catalog: Arc<Catalog>,
    /// Asked what they serve where the caller wants to know.
    pub drivers: Vec<Arc<dyn ModelDriver>>,
    /// Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub clock: Clock,
    pub bodies: Bodies,
}

/// The routes under `/v1`, and `/metrics`.
pub fn router(api: ModelApi) -> Router {
    let api = Arc::new(api);
    let guarded = Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::one))
        .route("/metrics", get(models::metrics))
        .layer(middleware::from_fn_with_state(api.clone(), keys::check));
    // Each of these takes `Asked`, which looks at the key itself: a layer around them would cost every call.
    Router::new()
        .route("/v1/invoke", post(invoke::invoke))
        .route("/v1/invoke-stream", post(invoke_stream::invoke))
        .route("/v1/chat/completions", post(chat::complete))
        .merge(guarded)
        .route("/v1", any(unknown::path))
        .route("/v1/{*path}", any(unknown::path))
        .method_not_allowed_fallback(unknown::method)
        .with_state(api)
}
