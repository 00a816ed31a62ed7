//! What a repository's earlier pull requests taught is used on its next one.

use crate::world::{World, tree};

/// A finding that is neither grave nor in any profile.
const LISTS: &str = "def joined(names):\n    text = \"\"\n    for name in names:\n        text += name\n    return text\n";

/// Opens a pull request, has it reviewed, dismisses all that was found, and has it reviewed again.
async fn dismissed(world: &World, delivery: &str) {
    let number = open(world);
    world.deliver(delivery, "opened", number).await;
    world.comment(number);
    world.idle().await;
    world.edit_comment(number, |body| body.replace("- [ ] ", "- [x] ")).await;
    world.github.push(number, tree([("README.md", "more\n")]));
    world.deliver(&format!("{delivery}-again"), "synchronize", number).await;
    world.idle().await;
}

fn open(world: &World) -> u64 {
    world.open(tree([("shop/names.py", "")]), tree([("shop/names.py", LISTS)]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_maintainers_dismissed_again_and_again_is_set_aside_on_the_next_pull_request() {
    let world = World::serving().await;
    dismissed(&world, "d1").await;
    let once = open(&world);
    world.deliver("d2", "opened", once).await;
    assert!(world.comment(once).starts_with("### Eco-Coder: 1 finding"), "once is no habit");
    world.idle().await;
    dismissed(&world, "d3").await;

    let number = open(&world);
    world.deliver("d4", "opened", number).await;

    let comment = world.comment(number);
    assert!(comment.starts_with("### Eco-Coder: no findings"), "{comment}");
    assert!(
        comment.contains(
            "maintainers dismissed this rule on 2 earlier pull requests and never fixed it"
        ),
        "{comment}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_learned_outlives_the_server() {
    let mut world = World::serving().await;
    dismissed(&world, "d1").await;
    dismissed(&world, "d2").await;
    world.kill();
    world.start();

    let number = open(&world);
    world.deliver("d3", "opened", number).await;

    assert!(world.comment(number).contains("is set aside"), "{}", world.comment(number));
    let (_, state) = world.kept_run(number).await.expect("a run");
    let opening = state["conversation"]["messages"][0].to_string();
    assert!(opening.contains("dismissed_on"), "the leader is told: {opening}");
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn agentcore_memory_serves_as_well() {
    let aws = crate::world::aws::FakeAws::start().await;
    aws.learned("Maintainers of octo/shop join strings with a list.");
    let mut world = World::new().await;
    world.set("AWS_ENDPOINT_URL", aws.url());
    world.set("AWS_REGION", "us-east-1");
    world.set("ECO_CODER_MEMORY_ID", "eco_coder-0123456789");
    world.start();
    dismissed(&world, "d1").await;
    dismissed(&world, "d2").await;

    let number = open(&world);
    world.deliver("d3", "opened", number).await;

    assert!(world.comment(number).contains("is set aside"), "{}", world.comment(number));
    world.idle().await;
    let (_, state) = world.kept_run(number).await.expect("a run");
    let opening = state["conversation"]["messages"][0].to_string();
    assert!(opening.contains("join strings with a list"), "{opening}");
    let asked: Vec<&str> =
        aws.requests("bedrock-agentcore").iter().map(|request| request.operation).collect();
    assert!(asked.contains(&"CreateEvent") && asked.contains(&"ListEvents"), "{asked:?}");
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn a_memory_that_cannot_be_had_holds_no_review_up() {
    let mut world = World::new().await;
    world.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    world.set("AWS_REGION", "us-east-1");
    world.set("ECO_CODER_MEMORY_ID", "eco_coder-0123456789");
    world.start();

    let number = open(&world);
    world.deliver("d1", "opened", number).await;

    assert!(world.comment(number).starts_with("### Eco-Coder: 1 finding"));
    assert_eq!(world.idle().await, 0);
    world.wait_for_log("nothing is remembered");
}
