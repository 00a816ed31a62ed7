use proptest::prelude::*;

use super::*;

fn breaker(now: Instant) -> Breaker {
    Breaker::new(BreakerSettings::default(), now)
}

/// One call from beginning to end.
fn call(breaker: &mut Breaker, outcome: Outcome, now: Instant) {
    assert_eq!(breaker.closed_for(now), None, "the call was not let in");
    let pass = breaker.enter(now);
    breaker.settle(pass, outcome, now);
}

#[test]
fn half_of_ten_calls_that_fail_open_it() {
    let now = Instant::now();
    let mut breaker = breaker(now);
    (0..5).for_each(|_| call(&mut breaker, Outcome::Success, now));
    (0..4).for_each(|_| call(&mut breaker, Outcome::Failed, now));
    assert_eq!(breaker.name(now), "closed");
    call(&mut breaker, Outcome::Failed, now);
    assert_eq!(breaker.name(now), "open");
    assert_eq!(breaker.closed_for(now), Some(Duration::from_secs(10)));
}

#[test]
fn failures_of_long_ago_do_not_count() {
    let start = Instant::now();
    let mut breaker = breaker(start);
    (0..9).for_each(|_| call(&mut breaker, Outcome::Failed, start));
    call(&mut breaker, Outcome::Failed, start + Duration::from_secs(31));
    assert_eq!(breaker.name(start + Duration::from_secs(31)), "closed");
}

#[test]
fn throttles_and_refusals_never_open_it() {
    let now = Instant::now();
    let mut breaker = breaker(now);
    for outcome in [Outcome::Throttled, Outcome::Refused, Outcome::Canceled] {
        (0..1_000).for_each(|_| call(&mut breaker, outcome, now));
        assert_eq!(breaker.name(now), "closed");
    }
}

#[test]
fn three_refusals_of_the_credentials_in_a_row_open_it_for_minutes() {
    let now = Instant::now();
    let mut breaker = breaker(now);
    call(&mut breaker, Outcome::Auth, now);
    call(&mut breaker, Outcome::Auth, now);
    call(&mut breaker, Outcome::Success, now);
    call(&mut breaker, Outcome::Auth, now);
    call(&mut breaker, Outcome::Auth, now);
    assert_eq!(breaker.name(now), "closed");
    call(&mut breaker, Outcome::Auth, now);
    assert_eq!(breaker.closed_for(now), Some(Duration::from_mins(5)));
}

#[test]
fn one_call_tries_whether_the_model_is_back_and_its_failure_doubles_the_rest() {
    let start = Instant::now();
    let mut breaker = breaker(start);
    (0..10).for_each(|_| call(&mut breaker, Outcome::Failed, start));
    let later = start + Duration::from_secs(10);
    let trial = breaker.enter(later);
    assert!(breaker.closed_for(later).is_some(), "a second one waits");
    breaker.settle(trial, Outcome::Failed, later);
    assert_eq!(breaker.closed_for(later), Some(Duration::from_secs(20)));
    let again = later + Duration::from_secs(20);
    call(&mut breaker, Outcome::Success, again);
    assert_eq!(breaker.name(again), "closed");
}

#[test]
fn a_trial_that_is_canceled_leaves_its_place_to_the_next() {
    let start = Instant::now();
    let mut breaker = breaker(start);
    (0..10).for_each(|_| call(&mut breaker, Outcome::Failed, start));
    let later = start + Duration::from_secs(10);
    for outcome in [Outcome::Canceled, Outcome::Throttled] {
        call(&mut breaker, outcome, later);
        assert_eq!((breaker.name(later), breaker.closed_for(later)), ("half_open", None));
    }
}

#[test]
fn an_answer_from_before_the_rest_does_not_end_it() {
    let now = Instant::now();
    let mut breaker = breaker(now);
    let early = breaker.enter(now);
    (0..10).for_each(|_| call(&mut breaker, Outcome::Failed, now));
    breaker.settle(early, Outcome::Success, now);
    assert_eq!(breaker.name(now), "open");
}

proptest! {
    /// Whatever happens, in whatever order calls end: after a rest exactly one call is under way as a trial.
    #[test]
    fn at_most_one_trial_is_under_way(steps in prop::collection::vec((0_u8..9, 0_usize..20, 0_u64..4_000), 0..400)) {
        let mut now = Instant::now();
        let mut breaker = breaker(now);
        let mut under_way: Vec<Pass> = Vec::new();
        for (what, which, millis) in steps {
            now += Duration::from_millis(millis);
            if what < 3 {
                if breaker.closed_for(now).is_none() {
                    under_way.push(breaker.enter(now));
                }
            } else if !under_way.is_empty() {
                let outcome = match what {
                    3 => Outcome::Success,
                    4 => Outcome::Throttled,
                    5 => Outcome::Auth,
                    6 => Outcome::Canceled,
                    _ => Outcome::Failed,
                };
                let pass = under_way.remove(which % under_way.len());
                breaker.settle(pass, outcome, now);
            }
            let trials = under_way.iter().filter(|pass| pass.trial && pass.era == breaker.era).count();
            prop_assert!(trials <= 1);
            prop_assert_eq!(trials == 1, breaker.state == State::HalfOpen { trial: true });
        }
    }
}
