//! The HTTP side: webhook deliveries in, reviews on request, and signs of life.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use contract::{Clock, Timestamp};
use tokio::sync::Semaphore;

use crate::queue::Queue;

mod allow_list;
mod body;
mod delivery;
mod health;
mod invocation_request;
mod invocations;
mod listen;
mod progress;
mod pull_request;
mod rejection;
mod secrets;
#[cfg(test)]
mod testing;
mod unbroken;
mod webhook;

pub use allow_list::{AllowList, BadPattern};
pub use invocations::{Invocation, Invoke, Target, Tell};
pub use listen::run;
pub use progress::{Busy, Progress};
pub use secrets::{ReadSecrets, WebhookSecrets};

/// What the server needs. It keeps nothing of its own: an accepted delivery is in the queue.
pub struct Server {
    pub webhook_secrets: WebhookSecrets,
    pub queue: Arc<dyn Queue>,
    pub allow: AllowList,
    pub review_drafts: bool,
    pub clock: Clock,
    pub started: Timestamp,
    pub progress: Arc<Progress>,
    /// Whether `/health` counts the jobs. It asks for no credentials, and in a shared table to count is to read them all.
    pub counts_jobs: bool,
    /// Models with their breakers and budgets, where this server has a gateway to them.
    pub models: Option<ModelSnapshot>,
    /// Runs a review while the caller waits. `/invocations` asks for no credentials, so it exists only where this is
    /// set: behind AgentCore, or on the loopback interface.
    pub invoke: Option<Invoke>,
}

/// How it stands with the models, as JSON.
pub type ModelSnapshot = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// What handlers share.
struct Shared {
    server: Server,
    /// Places for bodies too large to be held by every connection at once.
    large_bodies: Arc<Semaphore>,
}

/// All routes.
pub fn router(server: Server) -> Router {
    let mut router = Router::new()
        .route("/webhook", post(webhook::receive))
        .route("/ping", get(invocations::ping))
        .route("/health", get(health::report));
    if server.invoke.is_some() {
        router = router.route("/invocations", post(invocations::invoke));
    }
    let shared = Shared { server, large_bodies: body::places_for_large_ones() };
    router
        .fallback(async || rejection::Rejection::NotFound)
        .method_not_allowed_fallback(async || rejection::Rejection::MethodNotAllowed)
        .with_state(Arc::new(shared))
}
