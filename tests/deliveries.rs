//! Signed deliveries: what becomes of them.

use crate::world::{World, sign};

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_pull_request_gets_one_comment() {
    let world = World::serving().await;
    let number = world.open_pull_request();

    let answer = world.deliver("d1", "opened", number).await;

    assert_eq!(answer.status, 202, "{}", answer.body);
    let comment = world.comment(number);
    assert!(comment.starts_with("### Eco-Coder: 1 finding (1 high)\n"), "{comment}");
    assert!(comment.contains("`shop/names.py:4`"), "{comment}");
    assert_eq!(world.github.unexpected(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_delivery_is_refused_and_nothing_runs() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let body = world.payload("opened", number).to_string();

    let forged = sign(b"something else");
    for signature in [
        "",
        "sha256=",
        "sha256=00",
        forged.as_str(),
        "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59",
    ] {
        let answer = world.post_webhook("pull_request", "d1", body.as_bytes(), signature).await;
        assert_eq!(answer.status, 401, "{signature}: {}", answer.body);
    }

    let health = world.request("GET", "/health", &[], b"").await;
    assert!(
        health.body.contains("\"waiting\":0") && health.body.contains("\"running\":0"),
        "{}",
        health.body
    );
    assert_eq!(world.github.requests().len(), 0);
}
