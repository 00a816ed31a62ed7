use proptest::prelude::*;

use super::*;

const CAUSES: [Cause; 18] = [
    Cause::Auth,
    Cause::Throttled,
    Cause::Budget,
    Cause::Overloaded,
    Cause::BadRequest,
    Cause::UnknownModel,
    Cause::Sampling,
    Cause::ContextTooLong,
    Cause::NotServed,
    Cause::ContentBlocked,
    Cause::Service,
    Cause::Unreachable,
    Cause::BreakerOpen,
    Cause::Interrupted,
    Cause::Unreadable,
    Cause::MalformedToolUse,
    Cause::Timeout,
    Cause::UnknownAgent,
];

/// A cause that is added to the crate does not compile here until it is added to the list.
fn place_of(cause: Cause) -> usize {
    match cause {
        Cause::Auth => 0,
        Cause::Throttled => 1,
        Cause::Budget => 2,
        Cause::Overloaded => 3,
        Cause::BadRequest => 4,
        Cause::UnknownModel => 5,
        Cause::Sampling => 6,
        Cause::ContextTooLong => 7,
        Cause::NotServed => 8,
        Cause::ContentBlocked => 9,
        Cause::Service => 10,
        Cause::Unreachable => 11,
        Cause::BreakerOpen => 12,
        Cause::Interrupted => 13,
        Cause::Unreadable => 14,
        Cause::MalformedToolUse => 15,
        Cause::Timeout => 16,
        Cause::UnknownAgent => 17,
    }
}

fn every_others() -> impl Iterator<Item = Others> + Clone {
    (0_u8..32).map(|bits| Others {
        profile: bits & 1 > 0,
        larger: bits & 2 > 0,
        cheaper: bits & 4 > 0,
        driver: bits & 8 > 0,
        at_hand: bits & 16 > 0,
    })
}

fn every_state() -> Vec<State> {
    let mut states = Vec::new();
    for others in every_others() {
        for bits in 0_u8..4 {
            for routes in 0..4 {
                for (repacks, repairs) in [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)] {
                    for tries in 0..3 {
                        let (samples, patient) = (bits & 1 > 0, bits & 2 > 0);
                        states.push(State {
                            routes,
                            others,
                            repacks,
                            repairs,
                            samples,
                            tries,
                            patient,
                        });
                    }
                }
            }
        }
    }
    states
}

#[test]
fn every_action_in_every_state_comes_nearer_to_the_end() {
    let mut seen = 0_u32;
    for state in every_state() {
        for (at, cause) in CAUSES.into_iter().enumerate() {
            assert_eq!(place_of(cause), at);
            let action = action(&state, cause);
            if action == Action::GiveUp {
                continue;
            }
            // Whatever the routes that remain turn out to offer.
            for others in every_others() {
                for (routes, samples) in [(0, false), (0, true), (9, false), (9, true)] {
                    let fresh = Fresh { routes, others, samples, tries: 2 };
                    let after = state.after(action, fresh);
                    assert!(
                        after.rank() < state.rank(),
                        "{state:?} {cause:?} {action:?} {after:?}"
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 1_000_000, "{seen}");
}

#[test]
fn no_action_asks_for_what_is_not_there() {
    for state in every_state() {
        for cause in CAUSES {
            let there_is = match action(&state, cause) {
                Action::Again => state.tries > 0 && state.patient,
                Action::WithoutSampling => state.samples,
                Action::Repack => state.repacks > 0,
                Action::Repair => state.repairs > 0,
                Action::Take(route) => {
                    let offered = match route {
                        Route::Profile => state.others.profile,
                        Route::Larger => state.others.larger,
                        Route::Cheaper => state.others.cheaper,
                        Route::OtherDriver => state.others.driver,
                        Route::Next => true,
                    };
                    state.routes > 0 && offered
                }
                Action::GiveUp => true,
            };
            assert!(there_is, "{state:?} {cause:?}");
        }
    }
}

/// Everything is there, and the same failure comes again and again.
fn walk(cause: Cause) -> String {
    let others = |left: u8| Others {
        profile: left > 1,
        larger: left > 0,
        cheaper: left > 0,
        driver: left > 0,
        at_hand: left > 0,
    };
    let mut state = State {
        routes: 2,
        others: others(2),
        repacks: 1,
        repairs: 1,
        samples: true,
        tries: 2,
        patient: true,
    };
    let mut said = Vec::new();
    loop {
        let action = action(&state, cause);
        said.push(format!("{action:?}"));
        if action == Action::GiveUp {
            return format!("{cause:?}: {}", said.join(", "));
        }
        let routes = state.routes.saturating_sub(1);
        state =
            state.after(action, Fresh { routes, others: others(routes), samples: true, tries: 2 });
    }
}

#[test]
fn what_is_done_about_each_failure_can_be_read() {
    insta::assert_snapshot!(CAUSES.map(walk).join("\n"), @"
    Auth: Take(OtherDriver), Take(OtherDriver), GiveUp
    Throttled: Again, Again, Take(Profile), Again, Again, Take(Next), Again, Again, GiveUp
    Budget: Take(Cheaper), Take(Cheaper), GiveUp
    Overloaded: Take(Profile), Take(Next), GiveUp
    BadRequest: GiveUp
    UnknownModel: Take(Profile), Take(Next), GiveUp
    Sampling: WithoutSampling, GiveUp
    ContextTooLong: Repack, Take(Larger), Take(Larger), GiveUp
    NotServed: Take(Profile), Take(Next), GiveUp
    ContentBlocked: Repair, GiveUp
    Service: Again, Again, Take(Profile), Again, Again, Take(Next), Again, Again, GiveUp
    Unreachable: Again, Again, Take(Profile), Again, Again, Take(Next), Again, Again, GiveUp
    BreakerOpen: Take(Profile), Take(Next), GiveUp
    Interrupted: Again, Again, Take(Profile), Again, Again, Take(Next), Again, Again, GiveUp
    Unreadable: Again, Again, Take(Profile), Again, Again, Take(Next), Again, Again, GiveUp
    MalformedToolUse: Repair, GiveUp
    Timeout: Take(Profile), Take(Next), Again, Again, GiveUp
    UnknownAgent: GiveUp
    ");
}

#[test]
fn a_model_that_is_denied_is_not_a_matter_of_the_credentials() {
    let denied = ModelError::new(Cause::Auth, "x").with_code("AccessDeniedException");
    assert_eq!(cause_of(&denied), Cause::NotServed);
    let expired = ModelError::new(Cause::Auth, "x").with_code("ExpiredTokenException");
    assert_eq!(cause_of(&expired), Cause::Auth);
}

proptest! {
    /// Two models with two profiles each, three tries, a repacking and a repair: however failures follow each other,
    /// the call has ended after so many attempts.
    #[test]
    fn any_sequence_of_failures_ends(causes in prop::collection::vec(0_usize..18, 64), bits in prop::collection::vec(0_u8..32, 64)) {
        let others = |bits: u8| Others { profile: bits & 1 > 0, larger: bits & 2 > 0, cheaper: bits & 4 > 0, driver: bits & 8 > 0, at_hand: bits & 16 > 0 };
        let mut state = State { routes: 3, others: others(31), repacks: 1, repairs: 1, samples: true, tries: 2, patient: true };
        let mut attempts = 1;
        for (cause, bits) in causes.into_iter().zip(bits) {
            let action = action(&state, CAUSES[cause]);
            if action == Action::GiveUp {
                break;
            }
            attempts += 1;
            let fresh = Fresh { routes: state.routes.saturating_sub(1), others: others(bits), samples: true, tries: 2 };
            state = state.after(action, fresh);
        }
        // Four routes of three tries and one without sampling, a repacking and a repair.
        prop_assert!(attempts <= 4 * 4 + 2, "{attempts}");
    }
}
