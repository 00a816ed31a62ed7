//! Starts what this process tells of itself, as the settings ask.

use crate::app::CLOCK;
use crate::config::{Config, Environment, Metrics};
use crate::telemetry::{Kind, Settings, Telemetry, TracesTo};

/// For a command, whose settings may not even be read yet.
pub(super) fn for_command(environment: &Environment) {
    Telemetry::start(&Settings {
        kind: Kind::Command,
        log_filter: filter(environment),
        metrics: false,
        traces: None,
        secrets: Vec::new(),
        clock: CLOCK,
    });
}

/// For a server, here or in Lambda.
pub(super) fn for_server(config: &Config, environment: &Environment) -> Telemetry {
    let traces = config.telemetry.traces_endpoint.as_ref().map(|endpoint| TracesTo {
        endpoint: endpoint.clone(),
        headers: config.telemetry.traces_headers.clone(),
        resource: config.telemetry.resource.clone(),
    });
    Telemetry::start(&Settings {
        kind: Kind::Server,
        log_filter: filter(environment),
        metrics: config.telemetry.metrics == Metrics::Emf,
        traces,
        secrets: config.secrets(),
        clock: CLOCK,
    })
}

/// As in `info,eco_coder=debug`.
fn filter(environment: &Environment) -> Option<String> {
    environment("ECO_CODER_LOG")
}
