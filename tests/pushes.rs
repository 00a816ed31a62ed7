//! A pull request over several pushes: one comment that stays up to date, and remembers.

use eco_coder::report::{Ledger, State};

use crate::world::{QUICK, SLOW, Tree, When, World, tree};

/// Each finding of the comment and its state.
fn ledger(comment: &str) -> Vec<(String, State)> {
    let ledger = Ledger::from_comment(comment).expect("a ledger");
    ledger.entries.into_iter().map(|entry| (entry.file_path, entry.state)).collect()
}

fn file(path: &str, text: &str) -> Tree {
    tree([(path, text)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_during_the_review_ends_in_one_comment_for_the_newest_head() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let mut posting = world.github.hold("POST", "/comments", When::BeforeEffect);
    world.deliver("d1", "opened", number).await;
    posting.arrived().await;

    world.github.push(number, file("shop/prices.py", SLOW));
    world.deliver("d2", "synchronize", number).await;
    posting.release();

    let comment = world.comment(number);
    assert_eq!(world.idle().await, 0);
    assert!(comment.starts_with("### Eco-Coder: 2 findings (2 high)\n"), "{comment}");
    assert_eq!(
        ledger(&comment),
        [("shop/names.py".into(), State::Open), ("shop/prices.py".into(), State::New)]
    );
    assert!(comment.contains("still open"), "{comment}");
    assert_eq!(world.github.count("POST", "/comments"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_has_not_begun_takes_the_newest_head_and_the_older_job_is_left_out() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let mut reading = world.github.hold("GET", "/pulls/", When::BeforeEffect);
    world.deliver("d1", "opened", number).await;
    reading.arrived().await;

    for (delivery, text) in [("d2", "one = 1\n"), ("d3", "two = 2\n"), ("d4", "three = 3\n")] {
        world.github.push(number, file("shop/more.py", text));
        world.deliver(delivery, "synchronize", number).await;
    }
    reading.release();

    world.comment(number);
    assert_eq!(world.idle().await, 0);
    assert_eq!(world.github.count("POST", "/comments"), 1);
    assert_eq!(world.github.comments(number)[0].edits, 0, "the newest head was reviewed at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_the_next_push_removes_is_said_to_be_fixed() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.deliver("d1", "opened", number).await;
    world.comment(number);

    world.github.push(number, file("shop/names.py", QUICK.trim_end()));
    world.deliver("d2", "synchronize", number).await;

    let comment = world.comment(number);
    assert!(comment.starts_with("### Eco-Coder: no findings, 1 fixed\n"), "{comment}");
    assert_eq!(ledger(&comment), [("shop/names.py".into(), State::Fixed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticked_finding_stays_dismissed() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.deliver("d1", "opened", number).await;
    assert!(world.comment(number).contains("- [ ] "));

    world.edit_comment(number, |body| body.replacen("- [ ] ", "- [x] ", 1)).await;
    for (delivery, text) in [("d2", "one = 1\n"), ("d3", "two = 2\n")] {
        world.github.push(number, file("shop/more.py", text));
        world.deliver(delivery, "synchronize", number).await;
        let comment = world.comment(number);
        assert!(comment.starts_with("### Eco-Coder: no findings\n"), "{comment}");
        assert_eq!(ledger(&comment), [("shop/names.py".into(), State::Dismissed)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dismissed_finding_counts_again_when_its_box_is_cleared() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.deliver("d1", "opened", number).await;
    world.comment(number);
    world.edit_comment(number, |body| body.replacen("- [ ] ", "- [x] ", 1)).await;
    world.github.push(number, file("shop/more.py", "one = 1\n"));
    world.deliver("d2", "synchronize", number).await;
    world.comment(number);

    world.edit_comment(number, |body| body.replacen("- [x] ", "- [ ] ", 1)).await;
    world.github.push(number, file("shop/more.py", "two = 2\n"));
    world.deliver("d3", "synchronize", number).await;

    assert!(world.comment(number).starts_with("### Eco-Coder: 1 finding"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_was_deleted_is_written_anew() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.deliver("d1", "opened", number).await;
    world.comment(number);
    world.github.delete_comment(world.github.comments(number)[0].id);

    world.github.push(number, file("shop/more.py", "one = 1\n"));
    world.deliver("d2", "synchronize", number).await;

    world.comment(number);
}
