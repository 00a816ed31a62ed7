//! What came of a simulated week.

use crate::histogram::Histogram;

/// Counts of the deliveries that lead to a job, and times of the jobs.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub ended: Ended,
    /// Refused by the ingress at least once, and delivered again later.
    pub refused: u64,
    /// By who led: the model, the planner, or the planner because the model was throttled.
    pub led_by_model: u64,
    pub led_by_planner: u64,
    pub throttled: u64,
    /// From the answer 202 to a worker's start, of jobs that were reviewed.
    pub queue_age: Histogram,
    /// From the delivery to the comment.
    pub to_comment: Histogram,
    /// How long GitHub's limit held a comment up, where it did.
    pub held_up: Histogram,
    /// Of all attempts, and how many those are.
    pub worker_seconds: f64,
    pub starts: u64,
    pub usd: f64,
    pub peak: Peak,
}

/// How every accepted job ends, exactly once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    pub accepted: u64,
    pub reviewed: u64,
    pub superseded: u64,
    /// Given up after three attempts.
    pub failed: u64,
    /// Waited longer than the queue keeps a message.
    pub expired: u64,
    /// When the simulation ended.
    pub waiting: u64,
    pub running: u64,
}

/// The most that was used at once.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Peak {
    pub deliveries_per_second: f64,
    pub workers: f64,
    pub new_workers_per_minute: f64,
    pub starts_per_second: f64,
    pub waiting: f64,
    pub table_writes: f64,
    pub tokens_per_minute: f64,
    pub comments_per_hour: f64,
}

impl Ended {
    pub fn accounted_for(&self) -> u64 {
        self.reviewed + self.superseded + self.failed + self.expired + self.waiting + self.running
    }
}
