//! How the service behaves, and what a review takes.

/// Who leads a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leader {
    Model,
    /// The planner, because none was wanted.
    Planner,
    /// The planner, after the model's service refused.
    Throttled,
}

/// What one review takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effort {
    pub seconds: f64,
    /// As the model's quota counts them.
    pub tokens: f64,
    pub usd: f64,
}

/// How the service behaves, whatever the load.
#[derive(Debug, Clone)]
pub struct Service {
    pub with_model: bool,
    /// Write units for an accepted delivery, and for a review.
    pub writes_per_delivery: f64,
    pub writes_per_review: f64,
    /// Deliveries that arrive for one that leads to a job.
    pub deliveries_per_job: f64,
    pub seconds_to_find_superseded: f64,
    /// A newer push ends a review at its next step; how long a step takes with a model, and without.
    pub step: f64,
    pub planner_step: f64,
    /// Attempts that fail for reasons of their own, how many there are, and the pause before the second.
    pub failing: f64,
    pub attempts: u8,
    pub pause: f64,
    /// How often GitHub is asked for deliveries that were refused.
    pub redeliver_every: f64,
    /// A run ends with the planner when this is over.
    pub budget_seconds: f64,
}

/// What is counted: jobs accepted and work done in this time.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub from: f64,
    pub until: f64,
}
