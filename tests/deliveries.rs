//! Signed deliveries: what becomes of them.

use eco_coder::store::Store;
use serde_json::json;

use crate::world::{PullRequestSpec, REPOSITORY, SLOW, When, World, sign, tree, wait};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivery_changes_nothing_whether_the_run_goes_on_or_is_done() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let mut posting = world.github.hold("POST", "/comments", When::BeforeEffect);
    world.deliver("d1", "opened", number).await;
    posting.arrived().await;

    let again = world.deliver("d1", "opened", number).await;
    assert_eq!(
        (again.status, again.body.as_str()),
        (202, r#"{"delivery":"d1","status":"duplicate"}"#)
    );
    posting.release();
    world.comment(number);
    world.idle().await;
    let before = world.github.requests().len();

    let again = world.deliver("d1", "opened", number).await;
    assert!(again.body.contains("duplicate"), "{}", again.body);
    world.idle().await;
    assert_eq!(world.github.requests().len(), before, "nothing was asked of GitHub");
    assert_eq!(world.github.comments(number)[0].edits, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_delivery_for_a_reviewed_head_leaves_the_comment_as_it_is() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.deliver("d1", "opened", number).await;
    world.comment(number);
    world.idle().await;

    world.deliver("d2", "reopened", number).await;

    assert_eq!(world.idle().await, 0);
    world.comment(number);
    assert_eq!(world.github.comments(number)[0].edits, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pull_requests_each_get_their_comment() {
    let world = World::serving().await;
    let (one, other) = (
        world.open_pull_request(),
        world.open(tree([("a.py", "x = 1\n")]), tree([("a.py", "x = 2\n")])),
    );

    world.deliver("d1", "opened", one).await;
    world.deliver("d2", "opened", other).await;

    assert!(world.comment(one).starts_with("### Eco-Coder: 1 finding"));
    assert!(world.comment(other).starts_with("### Eco-Coder: no findings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_is_answered() {
    let world = World::serving().await;

    let answer = world.deliver_payload("ping", "d1", &json!({"zen": "Keep it simple."})).await;

    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"pong":true}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_reviewed_gets_204_and_nothing_runs() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let payload = world.payload("opened", number);
    let with = |pointer: &str, value: serde_json::Value| {
        let mut payload = payload.clone();
        *payload.pointer_mut(pointer).expect("a field") = value;
        payload
    };

    for (event, payload) in [
        ("issues", payload.clone()),
        ("pull_request_review", payload.clone()),
        ("pull_request", with("/action", json!("labeled"))),
        ("pull_request", with("/action", json!("closed"))),
        ("pull_request", with("/pull_request/draft", json!(true))),
        ("pull_request", with("/repository/owner/login", json!("mallory"))),
    ] {
        let answer = world.deliver_payload(event, "d1", &payload).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (204, ""),
            "{event} {}",
            payload["action"]
        );
    }

    assert_eq!(world.idle().await, 0);
    assert_eq!(world.github.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_reviewed_once_it_is_ready() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let mut draft = world.payload("opened", number);
    draft["pull_request"]["draft"] = json!(true);
    assert_eq!(world.deliver_payload("pull_request", "d1", &draft).await.status, 204);

    let ready = world.deliver("d2", "ready_for_review", number).await;

    assert_eq!(ready.status, 202, "{}", ready.body);
    world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_json_is_refused_with_the_place_of_the_error() {
    let world = World::serving().await;

    for body in ["{\"action\": \"opened\",", "", "[]", "\u{0}"] {
        let answer =
            world.post_webhook("pull_request", "d1", body.as_bytes(), &sign(body.as_bytes())).await;
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.body);
        assert!(answer.body.contains("the payload cannot be read"), "{}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_25_mb_is_refused() {
    let world = World::serving().await;
    let body = vec![b' '; 25 * 1024 * 1024 + 1];

    let answer = world.post_webhook("pull_request", "d1", &body, &sign(&body)).await;

    assert_eq!(answer.status, 413, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pull_request_gets_no_comment() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.github.close(number);

    world.deliver("d1", "opened", number).await;

    assert_eq!(world.idle().await, 0);
    assert_eq!(world.github.comments(number), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_of_somebody_else_with_our_marker_is_left_alone() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.github.add_comment(number, "mallory", "all is well <!-- eco-coder:v1 -->");

    world.deliver("d1", "opened", number).await;
    assert_eq!(world.idle().await, 0);

    let comments = world.github.comments(number);
    assert_eq!(comments[0].body, "all is well <!-- eco-coder:v1 -->");
    assert!(comments[1].body.starts_with("### Eco-Coder: 1 finding"), "{}", comments[1].body);
    assert_eq!(comments.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_is_gone_is_a_visible_failure() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let mut payload = world.payload("opened", number);
    payload["pull_request"]["number"] = json!(999);

    world.deliver_payload("pull_request", "d1", &payload).await;

    assert_eq!(world.idle().await, 1, "a failed job shows in /health");
    let failure = world.wait_for_log("the review failed");
    assert!(
        failure["context"]["reason"].as_str().is_some_and(|why| why.contains("999")),
        "{failure}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_too_long_for_github_is_shortened_and_says_what_is_left_out() {
    let world = World::serving().await;
    let long = "a_rather_deep_folder_name/".repeat(12);
    let files = (0..300).map(|index| (format!("{long}names_{index:03}.py"), SLOW));
    let number = world.open(tree([("README.md", "# Shop\n")]), tree(files));

    world.deliver("d1", "opened", number).await;

    let comment = world.comment(number);
    assert!(comment.starts_with("### Eco-Coder: 300 findings (300 high)\n"), "{}", &comment[..200]);
    assert!(comment.chars().count() <= 65_536, "{}", comment.chars().count());
    assert!(comment.contains("left out"), "{comment}");
    assert!(comment.contains("<!-- eco-coder:v1 -->"), "the marker stays");
    assert!(
        eco_coder::report::Ledger::from_comment(&comment).is_some(),
        "the ledger stays: {}",
        comment.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_while_posting_is_waited_out_and_leaves_one_comment() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.github.fail_next("POST", "/comments", 429, &[("retry-after", "1")], 1);

    world.deliver("d1", "opened", number).await;

    world.comment(number);
    assert_eq!(world.idle().await, 0);
    assert_eq!(world.github.count("POST", "/comments"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_github_does_not_take_is_kept_and_posted_by_the_next_delivery() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.github.fail_next("POST", "/comments", 429, &[("retry-after", "3600")], 1);

    world.deliver("d1", "opened", number).await;
    world.wait_for_log("the report could not be posted and is kept");
    let queue = world.until_queue(|queue| queue["running"] == 0).await;

    assert_eq!(queue, json!({"waiting": 1, "running": 0, "failed": 0}), "it is tried again");
    let kept = world.store().report(&world.run_id(number)).await.expect("the store");
    let kept = kept.expect("the report");
    assert!(kept.posting_failed);
    assert!(kept.markdown.starts_with("### Eco-Coder: 1 finding"), "{}", kept.markdown);
    assert_eq!(world.github.comments(number), []);
    let waits: i64 = rusqlite::Connection::open(world.database())
        .and_then(|file| {
            let query = "SELECT not_before - enqueued_at FROM jobs WHERE state = 'waiting'";
            file.query_row(query, [], |row| row.get(0))
        })
        .expect("the job");
    assert!(waits > 3_500_000, "not before GitHub takes it again: {waits} ms");

    world.deliver("d2", "synchronize", number).await;
    world.comment(number);
    assert_eq!(world.idle().await, 0);
    let kept = world.store().report(&world.run_id(number)).await.expect("the store");
    assert!(kept.is_some_and(|kept| !kept.posting_failed && kept.comment_url.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_github_does_not_take_is_posted_later_without_being_asked_again() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.github.fail_next("POST", "/comments", 429, &[("retry-after", "1")], 4);

    world.deliver("d1", "opened", number).await;

    world.wait_for_log("the report could not be posted and is kept");
    world.comment(number);
    assert_eq!(world.idle().await, 0);
    assert_eq!(world.github.count("POST", "/comments"), 5);
    let (_, state) = world.kept_run(number).await.expect("a run");
    assert_eq!(state["calls"].as_array().expect("calls").len(), 2, "analyzed once, posted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_after_the_comment_was_written_leaves_one_comment() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    world.github.fail("POST", "/comments", 502, &[], 1, When::AfterEffect);

    world.deliver("d1", "opened", number).await;

    world.comment(number);
    assert_eq!(world.idle().await, 0);
    world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_the_base_are_obeyed() {
    let world = World::serving().await;
    let settings = ".eco-coder.yml";
    let silent = "disabled_rules: [query-in-loop]\n";
    let number = world.open(
        tree([(settings, silent), ("shop/names.py", "")]),
        tree([(settings, silent), ("shop/names.py", SLOW)]),
    );

    world.deliver("d1", "opened", number).await;

    assert!(world.comment(number).starts_with("### Eco-Coder: no findings\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_the_change_brings_are_not_obeyed_and_said_to_be() {
    let world = World::serving().await;
    let number = world.open(
        tree([("shop/names.py", "")]),
        tree([(".eco-coder.yml", "disabled_rules: [query-in-loop]\n"), ("shop/names.py", SLOW)]),
    );

    world.deliver("d1", "opened", number).await;

    let comment = world.comment(number);
    assert!(comment.starts_with("### Eco-Coder: 1 finding (1 high)\n"), "{comment}");
    assert!(comment.contains("settings are read from the base"), "{comment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_read_leave_the_defaults_and_a_note() {
    let world = World::serving().await;
    let settings = ".eco-coder.yml";
    let broken = "disabled_rulez: [query-in-loop]\n";
    let number = world.open(
        tree([(settings, broken), ("shop/names.py", "")]),
        tree([(settings, broken), ("shop/names.py", SLOW)]),
    );

    world.deliver("d1", "opened", number).await;

    let comment = world.comment(number);
    assert!(comment.starts_with("### Eco-Coder: 1 finding (1 high)\n"), "{comment}");
    assert!(comment.contains("so the defaults were used"), "{comment}");
    assert!(comment.contains("disabled_rulez"), "{comment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_from_a_deleted_fork_is_reviewed() {
    let world = World::serving().await;
    let number = world.github.open_pull_request(PullRequestSpec {
        repository: REPOSITORY.into(),
        base: tree([("shop/names.py", "")]),
        head: tree([("shop/names.py", SLOW)]),
        head_repository: None,
        ..PullRequestSpec::default()
    });
    let mut payload = world.payload("opened", number);
    payload["pull_request"]["head"]["repo"] = json!(null);

    let answer = world.deliver_payload("pull_request", "d1", &payload).await;

    assert_eq!(answer.status, 202, "{}", answer.body);
    world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_server_stops_by_itself_and_leaves_nothing_half_done() {
    let mut world = World::serving().await;
    let number = world.open_pull_request();
    world.deliver("d1", "opened", number).await;

    let code = world.terminate();

    assert_eq!(code, Some(0));
    world.start();
    assert!(wait(|| (!world.github.comments(number).is_empty()).then_some(())).is_some());
    world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_absurd_size_do_not_keep_a_review_from_its_comment() {
    let world = World::serving().await;
    let settings = "# padding\n".repeat(10_000);
    let settings = (".eco-coder.yml", settings.as_str());
    let number = world.github.open_pull_request(PullRequestSpec {
        repository: REPOSITORY.into(),
        base: tree([settings, ("shop/names.py", "def load(cursor, keys):\n    return []\n")]),
        head: tree([settings, ("shop/names.py", SLOW)]),
        ..PullRequestSpec::default()
    });

    world.deliver("d1", "opened", number).await;

    let comment = world.comment(number);
    assert!(comment.contains("`query-in-loop`"), "{comment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_from_the_builds_artifact_tells_what_a_finding_costs() {
    let world = World::serving().await;
    let settings = (".eco-coder.yml", "profile_artifact: profile\n");
    let number = world.github.open_pull_request(PullRequestSpec {
        repository: REPOSITORY.into(),
        base: tree([settings, ("shop/names.py", "def load(cursor, keys):\n    return []\n")]),
        head: tree([settings, ("shop/names.py", SLOW)]),
        ..PullRequestSpec::default()
    });
    let stacks = "main (run.py:1);load (shop/names.py:4) 3\nmain (run.py:1) 1\n";
    let head_sha = world.github.head_sha(number);
    world.github.add_artifact(REPOSITORY, &head_sha, "profile", zip_of("cpu.folded", stacks));

    world.deliver("d1", "opened", number).await;

    let comment = world.comment(number);
    assert!(
        comment.contains("profiled: this line takes 75 % of the time, its function 75 %"),
        "{comment}"
    );
}

fn zip_of(name: &str, text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
    std::io::Write::write_all(&mut writer, text.as_bytes()).expect("written");
    writer.finish().expect("a zip").into_inner()
}
