//! What reviews cost, computed from the reviews that a server has kept.

use serde_json::Value;

use crate::world::World;

/// The page without what differs from run to run: figures, and with them the order of a bill's lines.
fn without_figures(page: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut bill = 0;
    for line in page.lines() {
        let varies = line.starts_with("  ") || line.contains('$');
        let kept = line.split_whitespace().filter(|word| !(varies && is_figure(word)));
        lines.push(kept.collect::<Vec<_>>().join(" "));
        if line.starts_with("  ") {
            bill += 1;
            let end = lines.len();
            lines[end - bill..].sort();
        } else {
            bill = 0;
        }
    }
    lines.join("\n")
}

fn is_figure(word: &str) -> bool {
    let bare = word.trim_end_matches(['.', ',']).trim_start_matches('$').replace(',', "");
    bare.parse::<f64>().is_ok()
}

async fn two_pull_requests_and_three_reviews() -> World {
    let world = World::serving().await;
    let (first, second) = (world.open_pull_request(), world.open_pull_request());
    world.deliver("d1", "opened", first).await;
    world.deliver("d2", "opened", second).await;
    world.comment(first);
    world.comment(second);
    world.github.push(first, crate::world::tree([("shop/more.py", crate::world::SLOW)]));
    world.deliver("d3", "synchronize", first).await;
    world.comment(first);
    assert_eq!(world.idle().await, 0);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_pull_requests_cost_is_computed_from_the_reviews_that_are_kept() {
    let world = two_pull_requests_and_three_reviews().await;

    let ended = world.run(&["cost"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    insta::assert_snapshot!(without_figures(&ended.stdout), @"
    Computed from 3 reviews of 2 pull requests, as if all had run on Lambda (arm64) with 1024 MB.

    Per pull request: median mean 95th percentile

    Per 1,000 pull requests:
    CloudWatch Logs ingestion GB
    CloudWatch Logs storage GB-month
    Data transfer to the internet GB
    DynamoDB on-demand reads read unit
    DynamoDB on-demand writes write unit
    DynamoDB point-in-time recovery GB-month
    DynamoDB storage GB-month
    KMS requests request
    Lambda requests request
    Lambda, arm64 GB-second
    S3 PUT request
    S3 Standard storage GB-month
    SQS standard requests request
    Secrets Manager calls call
    X-Ray traces trace
    item amount unit USD each USD
    total

    Each month, whatever is reviewed:
    CloudWatch alarms alarm-month
    CloudWatch custom metrics metric-month
    CloudWatch dashboards dashboard-month
    EventBridge Scheduler invocation
    KMS keys key-month
    Secrets Manager secrets secret-month
    item amount unit USD each USD
    total

    Prices: on demand in us-east-1, first tier, without the free tier, read on 2026-11-21; 22 of 30 from third parties that repeat AWS's list.
    Seconds, report sizes and the model's dollars are measured; requests, table units and log bytes are the design's own counts.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_same_bill_and_chooses_the_worker() {
    let world = two_pull_requests_and_three_reviews().await;
    let bill = |arguments: &[&str]| -> Value {
        let ended = world.run(&[&["cost", "--format", "json"], arguments].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"))
    };
    let worker = |bill: &Value| -> f64 {
        let lines = bill["per_1000_pull_requests"]["lines"].as_array().expect("lines").clone();
        let lambda = lines.iter().find(|line| line["title"] == "Lambda, arm64").expect("a worker");
        lambda["amount"].as_f64().expect("GB-seconds")
    };

    let (small, large) = (bill(&["--memory-mb", "512"]), bill(&["--memory-mb", "4096"]));

    assert_eq!((&small["reviews"], &small["pull_requests"]), (&3.into(), &2.into()));
    assert!(worker(&large) > worker(&small));
    let agent = bill(&["--host", "agentcore"]);
    assert!(agent.to_string().contains("AgentCore Runtime CPU"), "{agent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_review_it_says_what_to_do() {
    let world = World::new().await;

    let ended = world.run(&["cost", "--days", "7"]);

    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    let said = ended.stderr.replace(&world.folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(said.trim_end(), @"error: no review of the last 7 days is kept in FOLDER/eco-coder.db: serve and let it review, name the database in ECO_CODER_DATABASE or the table in ECO_CODER_TABLE, or ask for more `--days`");
    assert!(!world.database().exists(), "asking for costs makes no database");
}
