//! Whether reviews run, and when the last of them got on: what AgentCore decides by when it ends a session.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use contract::{Clock, Timestamp};

/// Moved by the work itself, never by who asks. A time that stands still under work lets a stuck session be ended; one
/// that moves without work would keep it alive, and billed, to the limit.
#[derive(Debug)]
pub struct Progress {
    running: AtomicUsize,
    moved: AtomicI64,
    clock: Clock,
}

/// A review runs for as long as this lives.
#[derive(Debug)]
pub struct Busy(Arc<Progress>);

impl Progress {
    pub fn new(clock: Clock) -> Self {
        Self { running: AtomicUsize::new(0), moved: AtomicI64::new(clock().0), clock }
    }

    /// A review begins.
    pub fn begin(self: &Arc<Self>) -> Busy {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.moved((self.clock)());
        Busy(Arc::clone(self))
    }

    /// A review got on: a tool has answered, a model has replied.
    pub fn moved(&self, now: Timestamp) {
        self.moved.fetch_max(now.0, Ordering::Relaxed);
    }

    pub fn is_busy(&self) -> bool {
        self.running.load(Ordering::Relaxed) > 0
    }

    pub fn last_moved(&self) -> Timestamp {
        Timestamp(self.moved.load(Ordering::Relaxed))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.moved((self.0.clock)());
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_moves_with_the_work_only() {
        let progress = Arc::new(Progress::new(|| Timestamp(1000)));
        assert!(!progress.is_busy());
        let (one, two) = (progress.begin(), progress.begin());
        progress.moved(Timestamp(5000));
        progress.moved(Timestamp(4000));
        drop(one);
        assert!(progress.is_busy());
        drop(two);
        assert!(!progress.is_busy());
        assert_eq!(progress.last_moved(), Timestamp(5000));
    }
}
