//! `eco-coder models serve`: the gateway alone, without webhook and reviews.

use clap::Args;

use super::serve::stop_signal;
use super::{Failure, logging};
use crate::app::model_service::ModelService;
use crate::config::{Config, Environment};

/// Serve the models of the settings under `/v1`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The address to listen on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<std::net::SocketAddr>,
}

impl Arguments {
    pub(super) async fn run(
        self,
        mut config: Config,
        environment: &Environment,
    ) -> Result<(), Failure> {
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        let telemetry = logging::for_server(&config, environment);
        let served = serve(&config).await;
        telemetry.shutdown().await;
        served
    }
}

async fn serve(config: &Config) -> Result<(), Failure> {
    let service = ModelService::start(config).await.map_err(Failure::Usage)?;
    service.run(stop_signal()).await.map_err(Failure::Outside)
}
