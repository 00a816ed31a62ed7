//! `eco-coder serve`: webhook, workers and AgentCore's contract in one process.

use anyhow::Context;
use clap::Args;

use super::{Failure, logging};
use crate::app::serve::Service;
use crate::config::{Config, Environment};
use crate::telemetry::Telemetry;

/// Serve GitHub's webhook, and review what it delivers.
#[derive(Debug, Default, Args)]
pub struct Arguments {
    /// The address to listen on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<std::net::SocketAddr>,
}

impl Arguments {
    pub async fn run(self, mut config: Config, environment: &Environment) -> Result<(), Failure> {
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        config.check_server()?;
        let telemetry = logging::for_server(&config, environment);
        let served = serve(&config, &telemetry).await;
        telemetry.shutdown().await;
        served
    }
}

async fn serve(config: &Config, telemetry: &Telemetry) -> Result<(), Failure> {
    let service = Service::start(config, telemetry).await.map_err(Failure::Usage)?;
    service.run(stop_signal()).await.map_err(Failure::Outside)
}

/// Work that can be broken off. Whoever breaks it off pays for what a model said until then; around this, that is written
/// down.
pub(super) async fn unless_stopped<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        ended = work => ended,
        () = stop_signal() => Err(Failure::Told(130)),
    }
}

/// Ctrl-C, or the SIGTERM of a service manager.
pub(super) async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .context("listen for SIGTERM")
        {
            Ok(mut signal) => drop(signal.recv().await),
            Err(error) => {
                tracing::warn!(%error, "only an interrupt stops this server");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
