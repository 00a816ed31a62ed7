//! How long one file may take.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// An end of the work on one file, which one thread does. What counts is the time that the thread ran: on a busy
/// machine it takes longer until the end comes, and a file is not left out because of its neighbors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    /// A thread never runs for longer than time passes, so until then nobody needs to ask how long it ran.
    at_least_until: Instant,
    thread_time: Duration,
}

impl Deadline {
    /// For the thread that calls this, which has so much time from now on.
    pub(crate) fn after(time: Duration) -> Self {
        Self { at_least_until: Instant::now() + time, thread_time: thread_time() + time }
    }

    pub(crate) fn has_passed(self) -> bool {
        Instant::now() >= self.at_least_until && thread_time() >= self.thread_time
    }
}

fn thread_time() -> Duration {
    // The clock counts up from zero.
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_the_thread_did_not_run_does_not_count() {
        let deadline = Deadline::after(Duration::from_millis(20));
        std::thread::sleep(Duration::from_millis(60));
        assert!(!deadline.has_passed());
        while thread_time() < deadline.thread_time {}
        assert!(deadline.has_passed());
    }

    #[test]
    fn who_has_no_time_is_too_late_at_once() {
        assert!(Deadline::after(Duration::ZERO).has_passed());
    }
}
