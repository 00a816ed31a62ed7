//! `eco-coder measure`, and a review that knows what was measured.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use crate::world::repository::Repository;
use crate::world::{QUICK, SLOW, World};

const SETTINGS: &str = "workload: {aws_region: eu-west-1}\nbenchmarks:\n  - name: load names\n    command: [python3, -S, bench.py]\n    covers: ['shop/*.py#load']\n    executions_per_month: 1000000\nfail_on: ['co2e_increase > 5%']\n";
const BENCH: &str =
    "total = 0\nfor number in range(int(open('size.txt').read())):\n    total += number\n";
const FEW: &str = "20000";
const MANY: &str = "1000000";

/// Head does fifty times as much in its benchmark, and puts a query into a loop.
fn slower() -> Repository {
    Repository::with_branch(
        &[
            (".eco-coder.yml", SETTINGS),
            ("bench.py", BENCH),
            ("size.txt", FEW),
            ("shop/names.py", QUICK),
        ],
        &[("size.txt", MANY), ("shop/names.py", SLOW)],
    )
}

/// What `measure` leaves where worktrees stand, and what git knows of worktrees.
fn left_behind(world: &World, repository: &Repository) -> (Vec<String>, usize) {
    let state = world.folder.path().join(".cache/eco-coder/measure");
    let entries = fs::read_dir(state).map(|entries| {
        let names = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    });
    (entries.unwrap_or_default(), repository.git(&["worktree", "list"]).lines().count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_costs_more_is_measured_told_beside_the_finding_and_fails() {
    let world = World::new().await;
    let repository = slower();
    let file = world.folder.path().join("measured.json").display().to_string();

    // As many pairs as an undeniable change needs: the run ends in time beside other tests, too.
    let measured = world.run_in(&repository.path(), &["measure", "--pairs", "10", "--out", &file]);

    assert_eq!(measured.code, 1, "{}{}", measured.stdout, measured.stderr);
    assert!(measured.stdout.contains("load names: regressed: CPU time +"), "{}", measured.stdout);
    let exceeded = "load names: co2e_increase > 5%: exceeded";
    assert!(measured.stderr.contains(exceeded), "{}", measured.stderr);
    assert_eq!(left_behind(&world, &repository), (Vec::new(), 1));

    let review = ["review", "--measured", &file, "--format"];
    let ended = world.run_in(&repository.path(), &[&review[..], &["markdown"]].concat());
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let page = &ended.stdout;
    assert!(page.contains("; 1 benchmark regressed"), "{page}");
    assert!(page.contains("| load names | **regressed** | CPU time +"), "{page}");
    let here = Regex::new(r"query-in-loop.*measured here: CPU time \+[\d.]+ % \(95 % interval [\d.]+ to [\d.]+\) in load names").unwrap();
    assert!(here.is_match(page), "{page}");
    assert!(page.contains(&format!("- {exceeded}")), "{page}");
    let emissions =
        Regex::new(r"CO2e \(\+[\d.]+ to \+[\d.]+\) a run; a year \+[\d.]+ kWh").unwrap();
    assert!(emissions.is_match(page), "{page}");

    let ended = world.run_in(&repository.path(), &[&review[..], &["json"]].concat());
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["findings"][0]["grade"], "measured-here");
    let evidence = report["findings"][0]["measured_here"]["evidence"].as_str().unwrap();
    assert!(evidence.ends_with("#/benchmarks/0/change_percent/value"), "{evidence}");

    repository.commit(&[("more.txt", "more")]);
    let ended = world.run_in(&repository.path(), &[&review[..], &["json"]].concat());
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("the head under review: measure again"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_shows_no_change_and_passes() {
    let world = World::new().await;
    let repository = Repository::with_branch(
        &[("bench.py", BENCH), ("size.txt", FEW)],
        &[("notes.txt", "nothing of the program")],
    );
    let arguments = ["measure", "--pairs", "8", "--region", "eu-west-1", "--fail-on"];
    let rest = ["co2e_increase > 500%", "--format", "json", "--", "python3", "-S", "bench.py"];

    let ended = world.run_in(&repository.path(), &[&arguments[..], &rest].concat());

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["benchmarks"][0]["pairs"].as_array().map(Vec::len), Some(8));
    assert_eq!(report["benchmarks"][0]["name"], "python3 -S bench.py");
    assert!(report["factors"]["grams_per_kwh"].as_f64().unwrap() > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_measured_is_said_and_leaves_nothing_behind() {
    let world = World::new().await;
    let repository = Repository::with_branch(
        &[("bench.py", "raise SystemExit('no database')\n")],
        &[("bench.py", "pass\n")],
    );
    for (arguments, named) in [
        (&["measure"][..], "there is nothing to run: give a command after `--`"),
        (&["measure", "--", "no-such-program"], "there is no program \"no-such-program\""),
        (&["measure", "--", "python3", "bench.py"], "no database"),
        (&["measure", "--base", "nowhere", "--", "true"], "nowhere"),
        (&["measure", "--region", "mars-1", "--", "true"], "mars-1"),
        (&["measure", "--effect", "0", "--", "true"], "shares between 0 and 1"),
        (&["measure", "--effect", "NaN", "--", "true"], "shares between 0 and 1"),
        (&["measure", "--minutes", "-1", "--", "true"], "--minutes -1"),
        (&["measure", "--metric", "joy", "--", "true"], "it is one of cpu-time, wall-time"),
        (&["measure", "--fail-on", "joy > 1%", "--", "true"], "is not a threshold"),
        (&["measure", "--repo", "/", "--", "true"], "not inside a git work tree"),
    ] {
        let ended = world.run_in(&repository.path(), arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(named), "{arguments:?}: {}", ended.stderr);
    }
    assert_eq!(left_behind(&world, &repository), (Vec::new(), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_measurement_left_is_removed_at_the_next_start() {
    let world = World::new().await;
    let repository = slower();
    let started = repository.path().join("started");
    let line = format!("touch '{}'; sleep 60", started.display());
    let mut command = world.command(&["measure", "--", "sh", "-c", &line]);
    command.current_dir(repository.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !started.exists() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_ne!(left_behind(&world, &repository), (Vec::new(), 1));

    let ended = world.run_in(&repository.path(), &["measure", "--pairs", "8", "--", "true"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(left_behind(&world, &repository), (Vec::new(), 1));
}
