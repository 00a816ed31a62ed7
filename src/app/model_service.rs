//! A server of models alone, without webhook and reviews.

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::models::Models;
use super::named::check_named;
use crate::config::Config;
use crate::store::Database;

/// A server that is wired up and bound to its address.
pub struct ModelService {
    listener: TcpListener,
    router: Router,
    models: Models,
}

impl ModelService {
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        check_named(config)?;
        let models = Models::open(config, Some(Database::open(&config.database)?)).await?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listen on {}", config.listen))?;
        tracing::info!(address = %listener.local_addr()?, "listening");
        let snapshot = models.snapshot();
        let health = move || async move {
            let version = env!("CARGO_PKG_VERSION");
            axum::Json(json!({"status": "ok", "version": version, "models": snapshot()}))
        };
        let router = Router::new().route("/health", get(health)).merge(models.router(config));
        Ok(Self { listener, router, models })
    }

    /// Serves until `shutdown`, and tells the ledger what was spent.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let (tell, mut told) = watch::channel(false);
        let kept = self.models.keep(async move {
            // Closed is stopped, too.
            let _ = told.wait_for(|stop| *stop).await;
        });
        let served = async {
            let served = crate::server::run(self.listener, self.router, shutdown).await;
            tell.send_replace(true);
            served
        };
        let (served, ()) = tokio::join!(served, kept);
        served.context("serve HTTP")
    }
}
