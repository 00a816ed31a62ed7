//! The check run at the commit: beside the comment, never instead of it.

use std::path::Path;

use serde_json::{Value, json};

use crate::world::github::{APP_ID, WORKFLOW_TOKEN, app::app_private_key};
use crate::world::repository::Repository;
use crate::world::{QUICK, REPOSITORY, SLOW, When, World, tree};

const FAIL_ON: &str = "workload: {aws_region: eu-west-1}\nfail_on: ['co2e_increase > 5%']\n";

/// A world whose credentials are those of a GitHub App.
async fn with_app() -> World {
    let mut world = World::new().await;
    world.set("ECO_CODER_GITHUB_TOKEN", "");
    world.set("ECO_CODER_GITHUB_APP_ID", &APP_ID.to_string());
    world.set("ECO_CODER_GITHUB_APP_PRIVATE_KEY", &app_private_key());
    world
}

/// Delivers, and waits until nothing is left to do.
async fn review(world: &World, delivery: &str, number: u64) {
    world.deliver(delivery, "opened", number).await;
    world.comment(number);
    assert_eq!(world.idle().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_leaves_one_check_run_at_its_head_however_often_it_is_delivered() {
    let mut world = with_app().await;
    world.start();
    let number = world.open_pull_request();

    review(&world, "d1", number).await;
    review(&world, "d2", number).await;

    let runs = world.github.check_runs(REPOSITORY);
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].head_sha.as_str(), runs[0].updates), (&*world.github.head_sha(number), 0));
    let fields = &runs[0].fields;
    assert_eq!(
        json!([fields["name"], fields["conclusion"], fields["output"]["title"]]),
        json!(["eco-coder", "success", "1 finding (1 high)"])
    );
    let annotation = &fields["output"]["annotations"][0];
    assert_eq!(
        (&annotation["path"], &annotation["annotation_level"]),
        (&json!("shop/names.py"), &json!("warning"))
    );
    let url = fields["details_url"].as_str().expect("an address");
    assert!(url.contains(&format!("/pull/{number}#issuecomment-")), "{url}");

    world.github.push(number, tree([("shop/more.py", SLOW)]));
    review(&world, "d3", number).await;
    let heads: Vec<_> =
        world.github.check_runs(REPOSITORY).into_iter().map(|run| run.head_sha).collect();
    assert_eq!(heads.last(), Some(&world.github.head_sha(number)));
    assert_eq!((heads.len(), world.github.unexpected()), (2, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_concludes_leaves_one_check_run() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let mut world = with_app().await;
        world.start();
        let number = world.open_pull_request();
        let mut concluding = world.github.hold("POST", "/check-runs", when);
        world.deliver("d1", "opened", number).await;
        concluding.arrived().await;

        world.kill();
        concluding.drop_connection();
        world.start();

        world.comment(number);
        assert_eq!(world.idle().await, 0);
        assert_eq!(world.github.check_runs(REPOSITORY).len(), 1, "{when:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_permission_the_comment_is_posted_and_the_log_says_so_once() {
    let mut world = with_app().await;
    world.github.forbid_checks();
    world.start();
    for delivery in ["d1", "d2"] {
        let number = world.open_pull_request();
        review(&world, delivery, number).await;
    }

    assert_eq!(world.github.check_runs(REPOSITORY), []);
    let log = world.log();
    let said =
        |line: &&Value| line["message"].as_str().is_some_and(|text| text.contains("checks: write"));
    assert_eq!(log.iter().filter(said).count(), 1, "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thresholds_that_nobody_measured_are_neither_held_nor_exceeded() {
    let mut world = with_app().await;
    world.start();
    let settings = (".eco-coder.yml", FAIL_ON);
    let number = world
        .open(tree([settings, ("a.py", QUICK)]), tree([settings, ("a.py", QUICK), ("b.py", "")]));

    review(&world, "d1", number).await;

    let fields = &world.github.check_runs(REPOSITORY)[0].fields;
    assert_eq!(fields["conclusion"], "neutral");
    let summary = fields["output"]["summary"].as_str().expect("a summary");
    assert!(
        summary.contains("the settings have 1 threshold (`fail_on`), and nothing was measured"),
        "{summary}"
    );
}

/// What `measure` writes of two commits, with the change that it found replaced, and head named as GitHub names it.
fn measurement(world: &World, head: &str, low: f64, high: f64) -> String {
    let repository = Repository::with_branch(
        &[(".eco-coder.yml", FAIL_ON), ("size.txt", "1")],
        &[("size.txt", "2")],
    );
    let file = world.folder.path().join("measured.json");
    let path = file.display().to_string();
    let arguments = ["measure", "--pairs", "8", "--out", &path, "--", "true"];
    let ended = world.run_in(&repository.path(), &arguments);
    assert!(file.exists(), "{}", ended.stderr);
    let mut report: Value = serde_json::from_str(&read(&file)).expect("JSON");
    report["head"]["commit"] = json!(head);
    for comparison in report["benchmarks"][0]["comparisons"].as_array_mut().expect("comparisons") {
        comparison["change"] = json!({"value": f64::midpoint(low, high), "low": low, "high": high});
    }
    std::fs::write(&file, report.to_string()).expect("a file");
    path
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("a file")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measurement_in_ci_fails_the_commit_only_where_its_interval_clears_the_threshold() {
    let mut world = World::new().await;
    world.set("ECO_CODER_GITHUB_TOKEN", WORKFLOW_TOKEN);
    let settings = (".eco-coder.yml", FAIL_ON);
    let number = world
        .open(tree([settings, ("a.py", QUICK)]), tree([settings, ("a.py", QUICK), ("b.py", "")]));
    let name = format!("octo/shop#{number}");

    let mut seen = Vec::new();
    for (low, high) in [(0.08, 0.12), (0.01, 0.12), (-0.01, 0.03)] {
        let file = measurement(&world, &world.github.head_sha(number), low, high);
        let ended = world.run(&["review", &name, "--measured", &file, "--post"]);
        let runs = world.github.check_runs(REPOSITORY);
        assert_eq!(runs.len(), 1, "{}", ended.stderr);
        let (fields, updates) = (&runs[0].fields, runs[0].updates);
        let (conclusion, output) = (&fields["conclusion"], &fields["output"]);
        let line = output["summary"].as_str().and_then(|text| text.lines().nth(2));
        seen.push(format!(
            "exit {}, {conclusion}, {}, {updates} updates, {}",
            ended.code,
            output["title"],
            line.unwrap_or_default()
        ));
    }

    insta::assert_snapshot!(seen.join("\n"), @r#"
    exit 1, "failure", "1 threshold exceeded", 0 updates, - true: co2e_increase > 5%: exceeded
    exit 0, "neutral", "it cannot be told whether the thresholds hold", 1 updates, - true: co2e_increase > 5%: cannot tell, the interval holds the threshold
    exit 0, "success", "no findings", 2 updates, - thresholds that hold: 1 of 1
    "#);
    assert_eq!(world.github.comments(number).len(), 1);
    assert_eq!(world.github.unexpected(), Vec::<String>::new());
}
