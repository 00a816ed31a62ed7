//! What operators are told: logs, metrics, traces, and the audit trail of each review.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::Clock;
use secrecy::SecretString;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub mod audit;
mod beside;
#[cfg(feature = "otlp")]
mod collector;
mod emf;
mod encoded;
mod fields;
mod logs;
pub mod metrics;
pub mod model_calls;
pub mod recorder;
mod redaction;
mod runs;
#[cfg(all(feature = "otlp", feature = "aws"))]
mod signature;
pub mod spans;
#[cfg(feature = "otlp")]
#[path = "traces.rs"]
mod traces;
#[cfg(not(feature = "otlp"))]
#[path = "no_traces.rs"]
mod traces;

pub use audit::{Keep, Line};
pub use metrics::Metric;
pub use recorder::{About, ErrorType, Finished, Recorder, Session, ToolCalled, Turned};

use beside::Beside;
use emf::Emf;
use redaction::Redaction;
use traces::Exporter;

/// What spans still wait for is given up after this long, at the end of an invocation and of the process.
const FLUSH_DEADLINE: Duration = Duration::from_secs(2);

/// Where lines go.
pub type Sink = Arc<Mutex<dyn Write + Send>>;

/// What is told, and to whom.
pub struct Settings {
    pub kind: Kind,
    /// As in `info,eco_coder=debug`; a wrong one falls back to the default of the kind.
    pub log_filter: Option<String>,
    /// Metrics go to stdout, a line each. A command's stdout belongs to its result, so it has none.
    pub metrics: bool,
    /// A command has no traces: what surrounds it in a CI job may have set a collector for its own.
    pub traces: Option<TracesTo>,
    /// Texts that must never be read in a log.
    pub secrets: Vec<SecretString>,
    pub clock: Clock,
}

/// Who reads what this process says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A person at a terminal: short lines, and only when something is wrong.
    Command,
    /// Whoever collects the logs of a server or of Lambda: a JSON object each line.
    Server,
}

/// A collector that speaks OpenTelemetry's protocol over HTTP.
#[derive(Debug, Clone)]
pub struct TracesTo {
    pub endpoint: String,
    pub headers: Vec<(String, String)>,
    /// What is known of the place where this runs, by OpenTelemetry's names, as `cloud.region`.
    pub resource: Vec<(String, String)>,
}

/// What was started, for as long as the process runs.
pub struct Telemetry {
    metrics: Option<Emf>,
    traces: Option<Exporter>,
    lines: Option<Sink>,
    clock: Clock,
}

impl Telemetry {
    /// Takes over this process's logs. To be called within a runtime, which then sends the spans.
    pub fn start(settings: &Settings) -> Self {
        let redaction = Arc::new(Redaction::new(&settings.secrets));
        let server = settings.kind == Kind::Server;
        let wanted = settings.traces.as_ref().filter(|_| server);
        let (traces, problem) = match wanted.map(|to| Exporter::new(to, settings.clock)) {
            None => (None, None),
            Some(Ok(exporter)) => (Some(exporter), None),
            Some(Err(problem)) => (None, Some(problem)),
        };
        let filter = settings.log_filter.as_deref();
        let lines: Option<Sink> =
            server.then(|| -> Sink { Arc::new(Mutex::new(Beside::new(std::io::stderr()))) });
        let subscriber = tracing_subscriber::registry()
            .with((!server).then(|| logs::for_people(filter, redaction.clone())))
            .with(
                lines
                    .clone()
                    .map(|lines| logs::for_machines(filter, lines, redaction, settings.clock)),
            )
            .with(traces.as_ref().map(Exporter::layer));
        // Only a second start in one process could fail, and then the first one's logs go on.
        let _ = subscriber.try_init();
        if let Some(problem) = problem {
            tracing::warn!(problem, "no traces are sent");
        }
        let stdout: Sink = Arc::new(Mutex::new(std::io::stdout()));
        Self {
            metrics: (server && settings.metrics).then(|| Emf::to(stdout)),
            traces,
            lines,
            clock: settings.clock,
        }
    }

    /// Tells nobody anything; for what is not wired up.
    pub fn silent(clock: Clock) -> Self {
        Self { metrics: None, traces: None, lines: None, clock }
    }

    /// What reviews tell of themselves, with `keep` as the place of the audit trail.
    pub fn recorder(&self, keep: Keep) -> Recorder {
        Recorder::new(self.metrics.clone(), keep, self.clock)
    }

    /// Writes the lines and sends the spans that wait; for the end of each invocation, after which Lambda freezes the
    /// process.
    pub async fn flush(&self) {
        if let Some(traces) = &self.traces {
            traces.flush(FLUSH_DEADLINE).await;
        }
        write_lines(self.lines.as_ref());
    }

    /// Sends what waits, and ends.
    pub async fn shutdown(self) {
        if let Some(traces) = self.traces {
            traces.shutdown(FLUSH_DEADLINE).await;
        }
        write_lines(self.lines.as_ref());
    }
}

fn write_lines(lines: Option<&Sink>) {
    if let Some(lines) = lines {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody could be told of a failure.
        let _ = lines.flush();
    }
}
