//! Eco-Coder: reviews a pull request for performance, quality and environmental impact, with evidence.
//!
//! The areas, in reading order; imports go down this list. `tests/architecture.rs` keeps it so.

/// The subcommands, their output and their exit codes.
pub mod cli;
/// The wiring: the only place that names concrete stores, drivers and clients together.
pub mod app;
/// Looks at settings and at everything that they name, and says each fix.
pub mod doctor;
/// Deployment settings; the only reader of the environment.
pub mod config;
/// HTTP: webhook, AgentCore's contract, health.
pub mod server;
/// The gateway to models over HTTP: its own contract, and OpenAI's.
pub mod model_api;
/// Hands accepted jobs to whoever runs them, and loses none.
pub mod queue;
/// One review, end to end.
pub mod review;
/// What a review says.
pub mod report;
/// The loop: a state machine without I/O, and what carries it out.
pub mod agent;
/// What outlives the process.
pub mod store;
/// What operators are told: logs, metrics, traces, the audit trail.
pub mod telemetry;
