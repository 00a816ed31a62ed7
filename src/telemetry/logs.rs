//! Logs go to stderr: JSON lines from a server, quiet short ones from a command.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, PoisonError};

use contract::{Clock, Timestamp};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::Sink;
use super::fields::Fields;
use super::redaction::Redaction;

/// The crates in `tools/`; a test compares.
const TOOLS: &[&str] = &[
    "analyzer", "carbon", "codeguru", "contract", "github", "measure", "plot", "pricing", "profile",
];

const SESSION: &str = "session_id";
const REQUEST: &str = "request_id";
const MESSAGE: &str = "message";
/// A line that is longer than this is rare, and its buffer not worth keeping.
const KEPT: usize = 16 * 1024;

/// Short lines for people.
pub(super) fn for_people<S>(
    filter: Option<&str>,
    redaction: Arc<Redaction>,
) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let writer = move || Redacting { redaction: redaction.clone() };
    tracing_subscriber::fmt::layer()
        .without_time()
        .with_target(false)
        .compact()
        .with_writer(writer)
        .with_filter(env_filter(filter, "error"))
}

/// A JSON object each line, for a collector.
pub(super) fn for_machines<S>(
    filter: Option<&str>,
    sink: Sink,
    redaction: Arc<Redaction>,
    clock: Clock,
) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    // Whatever is logged, the spans around it say of which review it tells.
    let our_spans = filter_fn(|metadata| metadata.is_span() && is_ours(metadata.target()))
        .with_max_level_hint(LevelFilter::INFO);
    JsonLines { sink, redaction, clock }.with_filter(env_filter(filter, "info").or(our_spans))
}

fn env_filter(given: Option<&str>, default: &str) -> EnvFilter {
    EnvFilter::try_new(given.unwrap_or(default)).unwrap_or_else(|_| EnvFilter::new(default))
}

/// Whether code of this repository speaks.
pub(super) fn is_ours(target: &str) -> bool {
    let krate = target.split("::").next().unwrap_or(target);
    krate == "eco_coder" || krate == "model" || TOOLS.contains(&krate)
}

struct JsonLines {
    sink: Sink,
    redaction: Arc<Redaction>,
    clock: Clock,
}

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Taken out, because a field may say something itself while it is written down.
        let mut page = PAGE.try_with(RefCell::take).unwrap_or_default();
        page.clear();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(around) = span.extensions().get::<Fields>() {
                // Whoever is nearer to the event knows better, except what request it is: that was named first by who
                // took it.
                page.fields.lay_over(around, REQUEST);
            }
        }
        event.record(&mut page.own);
        page.fields.lay_over(&page.own, REQUEST);
        page.write_line(event, (self.clock)());
        self.say(&page.line, *event.metadata().level());
        if page.line.capacity() <= KEPT {
            let _ = PAGE.try_with(|kept| kept.replace(page));
        }
    }
}

impl JsonLines {
    /// Nobody could be told of a failure.
    fn say(&self, line: &[u8], level: Level) {
        let Ok(line) = std::str::from_utf8(line) else { return };
        let told = self.redaction.apply(line);
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = sink.write_all(told.as_bytes());
        // What is wrong must be there to read even if the process goes down with it.
        if level <= Level::WARN {
            let _ = sink.flush();
        }
    }
}

/// What a thread writes its lines on, one after the other.
#[derive(Default)]
struct Page {
    own: Fields,
    fields: Fields,
    line: Vec<u8>,
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

impl Page {
    fn clear(&mut self) {
        self.own.clear();
        self.fields.clear();
        self.line.clear();
    }

    fn write_line(&mut self, event: &Event<'_>, now: Timestamp) {
        let line = &mut self.line;
        let level = event.metadata().level().as_str();
        add(line, [r#"{"timestamp":""#, &now.rfc3339_millis(), r#"","level":""#, level, "\""]);
        for name in [SESSION, REQUEST] {
            add(line, [",\"", name, "\":"]);
            line.extend_from_slice(self.fields.get(name).unwrap_or(b"null"));
        }
        let (before, area) = component(event.metadata().target());
        add(line, [r#","component":""#, before, area, r#"","message":"#]);
        line.extend_from_slice(self.fields.get(MESSAGE).unwrap_or(b"null"));
        add(line, [r#","context":{"#]);
        let context = self.fields.sorted();
        for (at, (name, value)) in
            context.filter(|(name, _)| ![SESSION, REQUEST, MESSAGE].contains(name)).enumerate()
        {
            add(line, [if at > 0 { ",\"" } else { "\"" }, name, "\":"]);
            line.extend_from_slice(value);
        }
        add(line, ["}}\n"]);
    }
}

/// A line has thirty parts, and to format them would take as long as all else that it is.
fn add<const PARTS: usize>(line: &mut Vec<u8>, parts: [&str; PARTS]) {
    for part in parts {
        line.extend_from_slice(part.as_bytes());
    }
}

/// The area that speaks, as `review` or `tools::` and `github`: names that JSON need not escape.
fn component(target: &'static str) -> (&'static str, &'static str) {
    let mut parts = target.split("::");
    let krate = parts.next().unwrap_or(target);
    match parts.next() {
        Some(area) if krate == "eco_coder" => ("", area),
        _ if TOOLS.contains(&krate) => ("tools::", krate),
        _ => ("", krate),
    }
}

/// Stderr without credentials. The formatter writes a line at once.
struct Redacting {
    redaction: Arc<Redaction>,
}

impl Write for Redacting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().write_all(self.redaction.apply(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const NOW: Clock = || Timestamp(1_795_305_600_123);

    /// What is written while `act` speaks.
    fn lines(filter: Option<&str>, act: impl FnOnce()) -> Vec<String> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let redaction = Arc::new(Redaction::new(&["open sesame".into()]));
        let layer = for_machines(filter, written.clone(), redaction, NOW);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_says_when_who_and_of_which_review() {
        let lines = lines(None, || {
            let session = tracing::info_span!(
                "session",
                session_id = "s-1",
                repository = "octo/shop",
                pr_number = 7,
                otel.kind = "consumer"
            );
            let _session = session.enter();
            tracing::info!(target: "eco_coder::review::work", findings = 2, "reviewed");
            tracing::warn!(target: "github::call", wait_seconds = 3, "waiting");
        });
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"timestamp":"2026-11-22T00:00:00.123Z","level":"INFO","session_id":"s-1","request_id":null,"component":"review","message":"reviewed","context":{"findings":2,"pr_number":7,"repository":"octo/shop"}}
        {"timestamp":"2026-11-22T00:00:00.123Z","level":"WARN","session_id":"s-1","request_id":null,"component":"tools::github","message":"waiting","context":{"pr_number":7,"repository":"octo/shop","wait_seconds":3}}
        "#);
    }

    #[test]
    fn the_request_is_the_outermost_and_the_rest_the_innermost() {
        let lines = lines(None, || {
            let _invocation =
                tracing::info_span!("invocation", request_id = "r-1", attempt = 1).entered();
            let _session = tracing::info_span!(
                "session",
                request_id = "d-1",
                attempt = 2,
                commit_sha = tracing::field::Empty
            )
            .entered();
            tracing::Span::current().record("commit_sha", "abc");
            tracing::info!(target: "eco_coder::review", attempt = 3, json.counts = r#"{"findings":2}"#, "reviewed");
        });
        insta::assert_snapshot!(lines.join("\n"), @r#"{"timestamp":"2026-11-22T00:00:00.123Z","level":"INFO","session_id":null,"request_id":"r-1","component":"review","message":"reviewed","context":{"attempt":3,"commit_sha":"abc","counts":{"findings":2}}}"#);
    }

    #[test]
    fn a_filter_quiets_events_and_not_what_surrounds_them() {
        let lines = lines(Some("error"), || {
            let _session = tracing::info_span!("session", session_id = "s-1").entered();
            tracing::info!("not said");
            tracing::error!("said");
        });
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains(r#""session_id":"s-1""#) && lines[0].contains(r#""said""#));
    }

    #[test]
    fn credentials_are_written_neither_in_messages_nor_in_fields() {
        let lines = lines(None, || {
            let _span =
                tracing::info_span!("session", url = "https://x@ghs_0123456789abcdef/").entered();
            let error = std::io::Error::other("refused Bearer 0123456789abcdef");
            tracing::error!(
                error = &error as &dyn std::error::Error,
                secret = "open sesame",
                "ghp_0123456789abcdef"
            );
        });
        insta::assert_snapshot!(lines.join("\n"), @r#"{"timestamp":"2026-11-22T00:00:00.123Z","level":"ERROR","session_id":null,"request_id":null,"component":"telemetry","message":"[redacted]","context":{"error":"refused Bearer [redacted]","secret":"[redacted]","url":"https://x@[redacted]/"}}"#);
    }

    #[test]
    fn a_long_text_is_cut_and_no_text_breaks_its_line() {
        let lines = lines(None, || tracing::info!(long = "ü".repeat(10_000), "one\ntwo"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() < 9000);
    }

    #[test]
    fn every_tool_is_known_by_name() {
        let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/tools");
        let folders: BTreeSet<String> = std::fs::read_dir(tools)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("Cargo.toml").exists())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        let known: BTreeSet<String> = TOOLS.iter().map(|&tool| tool.to_owned()).collect();
        assert_eq!(folders, known);
    }
}
