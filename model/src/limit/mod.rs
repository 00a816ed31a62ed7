//! What a model may be asked at all: quota, rate, concurrency, and whether it is left alone for a while.
//!
//! Every model and profile has a gate of its own. Behind it stands one state without I/O (`lane.rs`), made of parts
//! that are each proven by themselves; the gate adds the lock, the clock and the waiting.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use tokio::time::Instant;

use crate::ModelError;

mod admission;
pub mod backoff;
mod breaker;
mod bucket;
pub mod burn;
mod concurrency;
mod lane;
mod outcome;
mod queue;
mod retry_budget;
mod window;

#[cfg(test)]
#[path = "limit_tests.rs"]
mod tests;

pub use admission::{Gate, Permit};
pub use breaker::BreakerSettings;
pub use lane::Level;
pub use outcome::Outcome;

/// Models come from settings; ids beyond these share one gate, so that whoever makes ids up fills no memory.
const MOST_GATES: usize = 1024;
const OTHERS: &str = "others";

/// The limits of one model and profile.
#[derive(Debug, Clone)]
pub struct Settings {
    /// As the service's quota says; `None` where it is not known, and then only throttles tell.
    pub tokens_per_minute: Option<u64>,
    /// `BEDROCK_QPS`.
    pub requests_per_second: Option<f64>,
    /// `BEDROCK_CONCURRENCY`: the most calls under way at once.
    pub concurrency: u32,
    /// The most calls that wait for a place.
    pub waiting: usize,
    pub breaker: BreakerSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tokens_per_minute: None,
            requests_per_second: None,
            concurrency: 64,
            waiting: 10_000,
            breaker: BreakerSettings::default(),
        }
    }
}

/// How it stands with one model and profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    pub key: String,
    /// `closed`, `open`, `half_open`.
    pub breaker: &'static str,
    /// How long no call is let in.
    pub rests_ms: Option<u64>,
    pub tokens: Option<Level>,
    pub requests: Option<Level>,
    pub in_flight: u32,
    pub concurrency_limit: u32,
    pub waiting: usize,
}

/// The gates to all models.
#[derive(Debug)]
pub struct Limits {
    usual: Settings,
    own: HashMap<String, Settings>,
    gates: RwLock<HashMap<String, Arc<Gate>>>,
}

impl Limits {
    /// The same for every model, each by itself.
    pub fn new(usual: Settings) -> Self {
        Self { usual, own: HashMap::new(), gates: RwLock::new(HashMap::new()) }
    }

    /// Other limits for this one.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, settings: Settings) -> Self {
        self.own.insert(key.into(), settings);
        self
    }

    /// A place at a model for one call; see [`Gate::admit`].
    pub async fn admit(
        &self,
        key: &str,
        reserve_tokens: u64,
        deadline: Instant,
    ) -> Result<Permit, ModelError> {
        self.gate(key).admit(reserve_tokens, deadline).await
    }

    /// For who asks the same model again and again.
    pub fn gate(&self, key: &str) -> Arc<Gate> {
        let known = self.gates.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        known.unwrap_or_else(|| self.add(key))
    }

    /// How it stands with every model that was asked, by key.
    pub fn snapshot(&self) -> Vec<Snapshot> {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Snapshot> = gates.values().map(|gate| gate.snapshot()).collect();
        all.sort_by(|one, other| one.key.cmp(&other.key));
        all
    }

    /// How it stands with one of them, if it was asked.
    pub fn snapshot_of(&self, key: &str) -> Option<Snapshot> {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        gates.get(key).map(|gate| gate.snapshot())
    }

    fn add(&self, key: &str) -> Arc<Gate> {
        let mut gates = self.gates.write().unwrap_or_else(PoisonError::into_inner);
        let key = if gates.len() >= MOST_GATES && !gates.contains_key(key) { OTHERS } else { key };
        let settings = self.own.get(key).unwrap_or(&self.usual);
        let gate = gates
            .entry(key.to_owned())
            .or_insert_with(|| Arc::new(Gate::new(key, settings, Instant::now())));
        Arc::clone(gate)
    }
}
