//! The deployments that are compared, and what a week costs in each.

use pricing::{Bill, Deployment, Prices, Review};

use crate::inputs::{
    self, DELIVERIES_PER_REVIEW, REPORT_BYTES, Reviews, SECONDS_TO_FIND_SUPERSEDED,
};
use crate::limits::Limits;
use crate::outcome::{Outcome, Peak};
use crate::service::{Service, Window};
use crate::simulation::simulate;
use crate::traffic::{DAY, Deliveries, WEEK};

/// How a run is made: the same seed gives the same result.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub seed: u64,
    /// Of GitHub's repositories.
    pub share: f64,
}

/// The service as it is built, with its defaults.
pub fn service(with_model: bool) -> Service {
    let deployment = Deployment::default();
    let state_units = (REPORT_BYTES / 1024.0).ceil();
    Service {
        with_model,
        // The delivery as seen, and the job.
        writes_per_delivery: 2.0,
        writes_per_review: deployment.small_writes + deployment.checkpoints * state_units,
        deliveries_per_job: DELIVERIES_PER_REVIEW,
        seconds_to_find_superseded: SECONDS_TO_FIND_SUPERSEDED,
        // A turn of the model, a tool.
        step: 9.0,
        planner_step: 0.5,
        // Assumed: two attempts in a thousand meet an error of GitHub or AWS that the clients' own retries do not hide.
        failing: 0.002,
        attempts: 3,
        pause: 15.0,
        redeliver_every: 900.0,
        budget_seconds: 600.0,
    }
}

/// A week, Monday to Sunday, after the weekend before it; then until the last job has ended.
pub fn week(run: Run, with_model: bool, limits: &Limits) -> Option<Outcome> {
    let reviews = Reviews::new()?;
    let window = Window { from: 2.0 * DAY, until: 2.0 * DAY + WEEK };
    // The traffic's weeks begin on Mondays, the simulation on a Saturday.
    let shift = 5.0 * DAY;
    let traffic = inputs::traffic().sample(run.share);
    let deliveries = Deliveries::new(traffic, shift, shift + window.until, run.seed)
        .map(|delivery| crate::traffic::Delivery { at: delivery.at - shift, ..delivery });
    let limits = limits.sample(run.share);
    let draw = |random: &mut fastrand::Rng, leader| reviews.draw(random, leader);
    Some(simulate(deliveries, &service(with_model), &limits, window, draw, run.seed + 1, true))
}

/// What the most that was used at once means for all of GitHub.
pub fn peak_of_all(peak: &Peak, share: f64) -> Peak {
    Peak {
        deliveries_per_second: peak.deliveries_per_second / share,
        workers: peak.workers / share,
        new_workers_per_minute: peak.new_workers_per_minute / share,
        starts_per_second: peak.starts_per_second / share,
        waiting: peak.waiting / share,
        table_writes: peak.table_writes / share,
        tokens_per_minute: peak.tokens_per_minute / share,
        comments_per_hour: peak.comments_per_hour,
    }
}

/// The week's bill, for all of GitHub.
pub fn bill(outcome: &Outcome, share: f64) -> Bill {
    let deployment =
        Deployment { deliveries_per_review: DELIVERIES_PER_REVIEW, ..Deployment::default() };
    let reviews = outcome.ended.reviewed.max(1) as f64;
    let average = Review {
        seconds: outcome.worker_seconds / reviews,
        // Lambda bills no CPU time of its own.
        cpu_seconds: 0.0,
        report_bytes: REPORT_BYTES,
        model_usd: outcome.usd / reviews,
    };
    Bill::of(&deployment.uses(&average).times(reviews / share), &Prices::bundled())
}
