//! What one call teaches of one model: the model's last word, however often it was asked for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::observe::{Learned, Observe};
use super::route::Way;
use crate::limit::Outcome;
use crate::router::Work;
use crate::{Cause, ErrorKind};

/// Held by the course of a call and by each attempt at the model; told when the last of them has let go of it.
pub(super) struct Lesson {
    way: Arc<Way>,
    work: Work,
    observe: Arc<dyn Observe>,
    last: Mutex<Option<Last>>,
}

struct Last {
    usable: f64,
    latency: Duration,
    cost_usd: Option<f64>,
}

impl Lesson {
    pub(super) fn new(way: &Arc<Way>, work: Work, observe: &Arc<dyn Observe>) -> Self {
        let (way, observe) = (Arc::clone(way), Arc::clone(observe));
        Self { way, work, observe, last: Mutex::default() }
    }

    /// An attempt has ended; what was learned from the one before it no longer counts.
    pub(super) fn hear(&self, usable: f64, latency: Duration, cost_usd: Option<f64>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Last { usable, latency, cost_usd });
    }
}

impl Drop for Lesson {
    fn drop(&mut self) {
        let last = self.last.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Last { usable, latency, cost_usd }) = last else { return };
        let model_id = &self.way.route.model.id;
        self.observe.learned(&Learned { model_id, work: self.work, usable, latency, cost_usd });
    }
}

/// Whether a failure tells of the model, and not of the call or of how little time its caller had.
pub(super) fn is_the_models(outcome: Outcome, cause: Cause) -> bool {
    let kind = matches!(cause.kind(), ErrorKind::ProviderError | ErrorKind::Timeout);
    outcome != Outcome::Canceled && (kind || matches!(cause, Cause::Throttled | Cause::NotServed))
}
