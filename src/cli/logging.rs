//! Logs go to stderr: JSON lines from a server, quiet short ones from a command.

use tracing_subscriber::EnvFilter;

/// `filter` as in `info,eco_coder=debug`; a wrong one falls back to the default.
pub(super) fn start(server: bool, filter: Option<&str>) {
    let default = if server { "info" } else { "error" };
    let filter =
        EnvFilter::try_new(filter.unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if server {
        builder.json().flatten_event(true).with_current_span(true).init();
    } else {
        builder.without_time().with_target(false).compact().init();
    }
}
