//! The machine against what is known exactly, and against itself.

use fastrand::Rng;

use crate::limits::Limits;
use crate::outcome::Outcome;
use crate::random::exponential;
use crate::service::{Effort, Service, Window};
use crate::settings::{Run, service, week};
use crate::simulation::simulate;
use crate::traffic::Delivery;

/// The probability of waiting among `servers` that `load` of them would keep busy, by Erlang's C formula.
fn erlang_c(servers: u32, load: f64) -> f64 {
    // Erlang's B by its recursion, which does not overflow, and C from it.
    let blocked = (1..=servers)
        .fold(1.0, |blocked, server| load * blocked / (f64::from(server) + load * blocked));
    let busy = load / f64::from(servers);
    blocked / (1.0 - busy * (1.0 - blocked))
}

/// A queue before workers, and nothing else.
fn bare() -> Service {
    Service {
        writes_per_delivery: 0.0,
        writes_per_review: 0.0,
        deliveries_per_job: 1.0,
        failing: 0.0,
        budget_seconds: f64::INFINITY,
        ..service(false)
    }
}

fn poisson(per_second: f64, seed: u64) -> impl Iterator<Item = Delivery> {
    let mut random = Rng::with_seed(seed);
    let mut at = 0.0;
    (0..).map(move |pull_request| {
        at += exponential(&mut random, 1.0 / per_second);
        Delivery { at, pull_request, push: 0, installation: 0 }
    })
}

fn workers(number: f64) -> Limits {
    Limits { workers: number, first_workers: number, ..Limits::none() }
}

fn assert_balanced(outcome: &Outcome) {
    assert!(outcome.ended.accepted > 0);
    assert_eq!(outcome.ended.accepted, outcome.ended.accounted_for(), "{:?}", outcome.ended);
}

#[test]
fn waiting_agrees_with_erlangs_formula() {
    // Each of the servers ends a job in 10 s on average.
    for (servers, per_second) in [(1, 0.07), (5, 0.4), (20, 1.8), (100, 9.5)] {
        let (mean, load) = (10.0, per_second * 10.0);
        let jobs = 400_000;
        let until = f64::from(jobs) / per_second;
        let window = Window { from: until * 0.05, until };
        let draw = |random: &mut Rng, _| Effort {
            seconds: exponential(random, mean),
            ..Effort::default()
        };
        let deliveries = poisson(per_second, 3).take_while(|delivery| delivery.at < until);
        let outcome =
            simulate(deliveries, &bare(), &workers(f64::from(servers)), window, draw, 4, true);

        assert_balanced(&outcome);
        let waited = erlang_c(servers, load);
        let expected = waited * mean / (f64::from(servers) - load);
        let ratio = outcome.queue_age.mean() / expected;
        assert!(
            (0.93..1.07).contains(&ratio),
            "{servers} servers: {} s, not {expected} s",
            outcome.queue_age.mean()
        );
    }
}

#[test]
fn every_accepted_job_ends_exactly_once_whatever_binds() {
    let run = Run { seed: 5, share: 0.004 };
    let tight = Limits {
        ingress_per_second: 900.0,
        workers: 250.0,
        table_at_first: 3000.0,
        table_writes: 4500.0,
        retention: 600.0,
        ..Limits::default_quotas()
    };
    for limits in [Limits::default_quotas(), Limits::none(), tight.clone()] {
        assert_balanced(&week(run, true, &limits).expect("a price"));
    }
    let outcome = week(run, true, &tight).expect("a price");
    assert_eq!((outcome.ended.waiting, outcome.ended.running), (0, 0));
    let each =
        [outcome.refused, outcome.ended.superseded, outcome.ended.expired, outcome.throttled];
    assert!(each.iter().all(|count| *count > 0), "everything happened: {each:?}");
}

#[test]
fn the_same_seed_gives_the_same_week() {
    let outcome =
        |seed| week(Run { seed, share: 0.0005 }, true, &Limits::default_quotas()).expect("a price");
    let (one, again, other) = (outcome(9), outcome(9), outcome(10));
    assert_eq!((one.ended, one.peak), (again.ended, again.peak));
    assert!((one.worker_seconds - again.worker_seconds).abs() < f64::EPSILON);
    assert_ne!(one.ended, other.ended);
}

#[test]
fn only_the_newest_push_is_reviewed() {
    // Ten pushes a second apart to one pull request, and one worker that takes 5 s for each.
    let pushes = (0..10).map(|push| Delivery {
        at: f64::from(push),
        pull_request: 0,
        push: push as u16,
        installation: 0,
    });
    let window = Window { from: 0.0, until: 20.0 };
    let draw = |_: &mut Rng, _| Effort { seconds: 5.0, ..Effort::default() };
    let outcome = simulate(pushes, &bare(), &workers(1.0), window, draw, 1, true);
    assert_balanced(&outcome);
    assert_eq!((outcome.ended.reviewed, outcome.ended.superseded), (1, 9));
}

#[test]
fn an_attempt_that_fails_is_made_again_and_given_up_after_the_third() {
    let window = Window { from: 0.0, until: 1000.0 };
    let deliveries = || poisson(1.0, 1).take_while(|delivery| delivery.at < 1000.0);
    let draw = |_: &mut Rng, _| Effort { seconds: 1.0, ..Effort::default() };
    let always = Service { failing: 1.0, ..bare() };
    let outcome = simulate(deliveries(), &always, &Limits::none(), window, draw, 1, true);
    assert_balanced(&outcome);
    assert_eq!(
        (outcome.ended.failed, outcome.starts),
        (outcome.ended.accepted, 3 * outcome.ended.accepted)
    );
    let half = Service { failing: 0.5, ..bare() };
    let outcome = simulate(deliveries(), &half, &Limits::none(), window, draw, 1, true);
    assert_balanced(&outcome);
    let given_up = outcome.ended.failed as f64 / outcome.ended.accepted as f64;
    assert!((0.08..0.17).contains(&given_up), "an eighth: {given_up}");
}
