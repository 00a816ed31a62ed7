//! `eco-coder footprint`, as a person asks it.

use std::collections::BTreeSet;
use std::fs;
#[cfg(feature = "live")]
use std::sync::Arc;
#[cfg(feature = "live")]
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
#[cfg(feature = "live")]
use tokio::io::{AsyncReadExt, AsyncWriteExt};
#[cfg(feature = "live")]
use tokio::net::TcpListener;

use crate::world::{Ended, World};

async fn footprint(arguments: &[&str]) -> Ended {
    let world = World::new().await;
    let ended = world.run_in(world.folder.path(), &[&["footprint"], arguments].concat());
    assert_eq!(world.github.requests().len(), 0);
    ended
}

async fn json(arguments: &[&str]) -> Value {
    let ended = footprint(&[arguments, &["--format", "json"]].concat()).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[cfg(feature = "odbl-data")]
#[tokio::test(flavor = "multi_thread")]
async fn an_hour_of_a_cpu_in_dublin_is_a_page_that_can_be_read() {
    let ended = footprint(&["--cpu-seconds", "3600", "--region", "eu-west-1"]).await;
    insta::assert_snapshot!(ended.stdout, @"
    1.42 gCO2e per execution, 90 % interval 0.739 to 2.74

      energy       0.00314 kWh per execution (T2), PUE 1.11
      grid         301 gCO2e/kWh
      hardware     0.479 gCO2e per execution of making it
      SCI          1.42 gCO2e per functional unit (ISO/IEC 21031)
      equals       0.115 smartphone charges, 0.00583 km driven, 2.08 tree-hours of uptake
      CodeCarbon   4.07 gCO2e per execution, by the rules of its version 3.3.2

    6 assumptions, 13 sources: see them with --explain
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_names_sources_that_are_listed() {
    let lambda = ["--cpu-seconds", "0.2", "--wall-seconds", "0.5", "--lambda-mb", "1769", "--arm"];
    let arguments = [&lambda[..], &["--region", "us-east-1", "--executions", "1000000"]].concat();
    let report = json(&arguments).await;
    let ids = |list: &Value| -> BTreeSet<String> {
        let list = list.as_array().expect("a list").iter();
        list.filter_map(|one| one["id"].as_str().or(one.as_str())).map(Into::into).collect()
    };
    let listed = ids(&report["sources"]);
    let steps = report["steps"].as_array().expect("steps");
    assert!(steps.len() >= 5);
    for step in steps {
        assert!(ids(&step["sources"]).is_subset(&listed), "{step} names what is not in {listed:?}");
    }
    let total = report["co2e_grams"].as_f64().unwrap();
    let interval = &report["interval_90"];
    assert!(
        interval["low"].as_f64().unwrap() < total && total < interval["high"].as_f64().unwrap()
    );

    let page = footprint(&[&arguments[..], &["--explain"]].concat()).await.stdout;
    for id in listed {
        assert!(page.contains(&format!("  {id}: ")), "{id} is missing:\n{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_flags_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("work.json");
    fs::write(&file, r#"{"cpu_seconds": 2.5, "memory_mb": 512, "instance": "m6g.large", "region": "eu-north-1"}"#)
        .unwrap();
    let file = file.display().to_string();
    let flags = ["--cpu-seconds", "2.5", "--memory-mb", "512", "--instance", "m6g.large"];

    let by_flags = json(&[&flags[..], &["--region", "eu-north-1"]].concat()).await;
    let by_file = json(&["--json", &file]).await;

    assert_eq!(by_file, by_flags);
    assert_ne!(json(&["--json", &file, "--country", "POL"]).await, by_file);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_nobody_names_is_said_and_not_guessed() {
    let report = json(&["--cpu-seconds", "1"]).await;
    assert_eq!(report["location_unknown"], true);
    let page = footprint(&["--cpu-seconds", "1"]).await.stdout;
    assert!(page.contains("the world's: nobody said where it runs"), "{page}");
}

#[cfg(feature = "live")]
/// A service on loopback that says one thing to all who ask, and how often it was asked.
async fn service(status: &'static str, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + body).as_bytes()).await;
        }
    });
    (address, asked)
}

#[cfg(feature = "live")]
const LONDON: [&str; 5] = ["--cpu-seconds", "3600", "--region", "eu-west-2", "--live"];

#[cfg(feature = "live")]
#[tokio::test(flavor = "multi_thread")]
async fn a_live_intensity_counts_is_kept_and_is_asked_for_only_on_request() {
    let (address, asked) = service("200 OK", r#"{"data": [{"from": "2026-11-21T16:00Z", "to": "2026-11-21T16:30Z", "intensity": {"forecast": 166, "actual": null, "index": "moderate"}}]}"#).await;
    let mut world = World::new().await;
    world.set("ECO_CODER_UK_CARBON_INTENSITY_URL", &address);
    let run = |arguments: &[&str]| {
        let ended = world
            .run_in(world.folder.path(), &[&["footprint", "--format", "json"], arguments].concat());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };

    let bundled = run(&LONDON[..4]);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    for _ in 0..2 {
        let live = run(&[&LONDON[..], &["uk"]].concat());
        assert_eq!(live["carbon_intensity_gco2_per_kwh"], 166.0);
        assert_eq!(live["live_failure"], Value::Null);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_ne!(bundled["carbon_intensity_gco2_per_kwh"], 166.0);
}

#[cfg(feature = "live")]
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_leaves_the_bundled_value_and_says_so() {
    let (address, _) = service("503 Unavailable", "{}").await;
    let mut world = World::new().await;
    world.set("ECO_CODER_UK_CARBON_INTENSITY_URL", &address);
    let ended = world.run_in(world.folder.path(), &[&["footprint"], &LONDON[..], &["uk"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended
            .stdout
            .contains("the bundled intensity counts: the UK Carbon Intensity API was asked first"),
        "{}",
        ended.stdout
    );

    let ended = world.run_in(
        world.folder.path(),
        &[&["footprint"], &LONDON[..], &["electricity-maps"]].concat(),
    );
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("set ELECTRICITY_MAPS_TOKEN"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_makes_no_sense_is_refused_in_words() {
    for (arguments, named) in [
        (&["--cpu-seconds", "-1"][..], "a number of seconds from 0 to 1e9"),
        (&["--cpu-seconds", "NaN"], "a number of seconds from 0 to 1e9"),
        (&["--cpu-seconds", "1", "--executions", "0"], "a whole number from 1 to 1e15"),
        (&["--cpu-seconds", "1", "--region", "eu-wset-1"], "the nearest known ones are eu-west-1"),
        (&["--cpu-seconds", "1", "--instance", "m6g.lrage"], "m6g.large"),
        (
            &["--cpu-seconds", "1", "--instance", "m6g.large", "--joules", "3"],
            "cannot be used with",
        ),
        (&["--cpu-seconds", "1", "--pue", "0.5"], "pue"),
        (&["--region", "eu-west-1"], "pass --cpu-seconds"),
        (&["--json", "nowhere.json"], "read nowhere.json"),
    ] {
        let ended = footprint(arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(named), "{arguments:?}: {}", ended.stderr);
    }
}
