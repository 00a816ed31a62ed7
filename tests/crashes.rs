//! `kill -9` at the worst moments: nothing is lost, nothing is done twice.

use serde_json::Value;

use crate::world::{SLOW, When, World, tree, wait};

const PAUSE: &str = "ECO_CODER_PAUSE_AFTER_CHECKPOINT";
/// With a workload, so that the planner has a second thing to ask of the tools.
const SETTINGS: &str = "workload: {cpu_time_seconds: 0.5, ram_usage_mb: 128, aws_region: eu-west-1, executions: 1000}\n";

fn open(world: &World) -> u64 {
    let settings = (".eco-coder.yml", SETTINGS);
    world.open(tree([settings, ("shop/names.py", "")]), tree([settings, ("shop/names.py", SLOW)]))
}

fn calls(state: &Value) -> &[Value] {
    state["calls"].as_array().expect("calls")
}

fn tools(state: &Value) -> Vec<&str> {
    calls(state).iter().filter_map(|call| call["tool"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_every_checkpoint_in_turn_goes_on_from_there() {
    let mut undisturbed = World::serving().await;
    let number = open(&undisturbed);
    undisturbed.deliver("d1", "opened", number).await;
    undisturbed.comment(number);
    undisturbed.idle().await;
    let (whole, state) = undisturbed.kept_run(number).await.expect("a run");
    assert_eq!(
        tools(&state),
        ["analyze_code", "calculate_carbon_footprint", "post_github_comment"]
    );
    undisturbed.kill();

    for checkpoint in 1..=whole.revision {
        let mut world = World::new().await;
        world.set(PAUSE, &checkpoint.to_string());
        world.start();
        let number = open(&world);
        world.deliver("d1", "opened", number).await;
        world.wait_for_log("paused after checkpoint");
        world.kill();
        let (killed, before) = world.kept_run(number).await.expect("a run");
        assert_eq!((killed.revision, killed.finished), (checkpoint, false));

        world.set(PAUSE, "");
        world.start();
        world.comment(number);
        assert_eq!(world.idle().await, 0);

        world.comment(number);
        let (finished, after) = world.kept_run(number).await.expect("a run");
        assert!(finished.finished, "killed at {checkpoint}");
        // A call that was made again would be a further checkpoint.
        assert_eq!(finished.revision, whole.revision, "killed at {checkpoint}");
        assert_eq!(tools(&after), tools(&state), "killed at {checkpoint}");
        assert_eq!(calls(&after)[..calls(&before).len()], *calls(&before));
        assert!(world.github.count("POST", "/comments") <= 1, "killed at {checkpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_posts_leaves_one_comment() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let mut world = World::serving().await;
        let number = open(&world);
        let mut posting = world.github.hold("POST", "/comments", when);
        world.deliver("d1", "opened", number).await;
        posting.arrived().await;

        world.kill();
        posting.drop_connection();
        world.start();

        world.comment(number);
        assert_eq!(world.idle().await, 0);
        world.comment(number);
        let (_, state) = world.kept_run(number).await.expect("a run");
        let analyses = tools(&state).into_iter().filter(|tool| *tool == "analyze_code");
        assert_eq!(analyses.count(), 1, "{when:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_updates_a_comment_leaves_it_up_to_date() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let mut world = World::serving().await;
        let number = open(&world);
        world.deliver("d1", "opened", number).await;
        world.comment(number);
        world.github.push(number, tree([("shop/prices.py", SLOW)]));
        let mut editing = world.github.hold("PATCH", "/comments", when);
        world.deliver("d2", "synchronize", number).await;
        editing.arrived().await;

        world.kill();
        editing.drop_connection();
        world.start();

        assert!(world.comment(number).starts_with("### Eco-Coder: 2 findings"));
        assert_eq!(world.idle().await, 0);
        assert!(world.comment(number).contains("still open"), "{}", world.comment(number));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_accepted_is_kept_although_nothing_ran_yet() {
    let mut world = World::serving().await;
    let number = open(&world);
    let reading = world.github.hold("GET", "/", When::BeforeEffect);

    let answer = world.deliver("d1", "opened", number).await;
    world.kill();
    drop(reading);

    assert_eq!(answer.status, 202, "{}", answer.body);
    world.start();
    world.comment(number);
    assert_eq!(world.idle().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_deliveries_all_end_in_one_comment_each_although_the_server_is_killed_again_and_again()
{
    let mut world = World::serving().await;
    let numbers: Vec<u64> = (0..12).map(|_| open(&world)).collect();
    for number in &numbers {
        let answer = world.deliver(&format!("d{number}"), "opened", *number).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    for share in 1..4 {
        let commented =
            || numbers.iter().filter(|number| !world.github.comments(**number).is_empty()).count();
        assert!(wait(|| (commented() >= share * 3).then_some(())).is_some());
        world.kill();
        world.start();
    }

    for number in numbers {
        world.comment(number);
    }
    assert_eq!(world.idle().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivery_after_a_crash_is_still_known() {
    let mut world = World::serving().await;
    let number = open(&world);
    world.deliver("d1", "opened", number).await;
    world.comment(number);
    world.idle().await;
    world.kill();
    world.start();

    let again = world.deliver("d1", "opened", number).await;

    assert!(again.body.contains("duplicate"), "{}", again.body);
    assert_eq!(world.idle().await, 0);
    assert_eq!(world.github.comments(number)[0].edits, 0);
}
