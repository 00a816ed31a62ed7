//! All cases, and what holds of them together.

use std::collections::BTreeSet;

use fake_bedrock::api::RUNTIME;
use futures::StreamExt;

use crate::case::Case;
use crate::{bodies, connections, contents, frames, refusals, run, streams, words};

/// At once; each has a server of its own.
const AT_ONCE: usize = 16;

fn cases() -> Vec<Case> {
    let groups = [
        refusals::modeled(),
        refusals::unmodeled(),
        words::cases(),
        bodies::cases(),
        connections::cases(),
        streams::exceptions(),
        streams::endings(),
        contents::cases(),
        frames::cases(),
    ];
    groups.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_is_what_the_service_means_by_it() {
    let client = model::http::Client::new().unwrap();
    let cases = cases();
    assert!(cases.len() >= 80, "only {} cases", cases.len());
    let runs = cases.iter().map(|case| run::differences(case, client.clone()));
    let found: Vec<Vec<String>> = futures::stream::iter(runs).buffered(AT_ONCE).collect().await;
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} of {} differ:\n{}", found.len(), cases.len(), found.join("\n"));
}

#[test]
fn every_exception_that_the_service_names_is_among_the_cases() {
    let cases = cases();
    let named = |operation: &str, is_streaming: bool| {
        for error in &RUNTIME.operations[operation].errors {
            let name = &error.shape;
            let covered = cases.iter().any(|case| {
                case.is_streaming == is_streaming
                    && case.name.starts_with(&format!("{name} (header)"))
            });
            assert!(covered, "{operation}: {name}");
        }
    };
    named("Converse", false);
    named("ConverseStream", true);
    let events = &RUNTIME.shape("ConverseStreamOutput").members;
    for name in events.keys().filter(|name| name.ends_with("Exception")) {
        for place in ["first", "after text"] {
            let wanted = format!("{name}, {place}");
            assert!(cases.iter().any(|case| case.name == wanted), "{wanted}");
        }
    }
}

#[test]
fn names_of_cases_tell_them_apart() {
    let cases = cases();
    let names: BTreeSet<_> = cases.iter().map(|case| (&case.name, case.is_streaming)).collect();
    assert_eq!(names.len(), cases.len());
}
