//! Stories of the Lambda function: a delivery in, one comment out, and all that Lambda, SQS and crashes can do between.

use std::time::Duration;

use contract::Timestamp;
use eco_coder::store::DynamoLedger;
use model::budget::{Ledger, Nanodollars, Scope, Spent};
use serde_json::{Value, json};

use crate::world::aws::{FakeAws, Scripted, uses};
use crate::world::lambda::cargo_lambda::CargoLambda;
use crate::world::lambda::event_source::EventSource;
use crate::world::lambda::instance::{Instance, Outcome};
use crate::world::lambda::rie::Rie;
use crate::world::lambda::{LambdaWorld, function_url_event, queues, sample, sdk};
use crate::world::{SLOW, When, World, sign, tree};

mod race;

/// More than any invocation of these stories needs.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Longer than a lease, so that what comes back after a crash finds it run out.
const HIDDEN: Duration = Duration::from_secs(4);

/// Delivers, and checks that the delivery was queued.
async fn deliver(instance: &mut Instance, world: &LambdaWorld, delivery: &str, number: u64) {
    let answer = instance.invoke(&world.delivery(delivery, number)).await.answer();
    assert_eq!(answer["statusCode"], 202, "{answer}");
    assert_eq!(parsed(&answer), json!({"status": "queued", "delivery": delivery}));
}

fn parsed(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_to_a_function_url_ends_as_one_comment() {
    let world = LambdaWorld::new().await;
    let number = world.open_pull_request();
    let ingress = Rie::start(&world, TIMEOUT);
    let worker = Rie::start(&world, TIMEOUT);
    let source = EventSource::new(&world, HIDDEN);

    let answer = ingress.invoke(&world.delivery("d1", number)).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    assert_eq!(world.comments(number), 0);
    let messages = source.receive().await;
    assert_eq!(messages.len(), 1);
    let answer = worker.invoke(&queues::event(&messages)).await;
    let batch = source.settle(messages, Outcome::Answered(answer)).await;

    assert_eq!(batch.failed, [""; 0]);
    assert!(world.world.comment(number).contains("query-in-loop"));
    assert_eq!(queues::count(&world.stack.queue_url).await, 0);
    let again = ingress.invoke(&world.delivery("d1", number)).await;
    assert_eq!(parsed(&again)["status"], "duplicate");
    assert_eq!(queues::count(&world.stack.queue_url).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reviews_on_lambda_cost_is_computed_from_the_table() {
    let world = LambdaWorld::new().await;
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let source = EventSource::new(&world, HIDDEN);
    let nothing = world.world.run(&["cost"]);
    assert!(nothing.stderr.contains("is kept in the table"), "{}", nothing.stderr);
    let number = world.open_pull_request();
    deliver(&mut instance, &world, "d1", number).await;
    source.drain(&mut instance).await;
    world.world.comment(number);

    let ended = world.world.run(&["cost", "--format", "json"]);

    let bill: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!((&bill["reviews"], &bill["pull_requests"]), (&1.into(), &1.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_base64_is_decoded_before_its_signature_is_checked() {
    let world = LambdaWorld::new().await;
    let number = world.open_pull_request();
    let lambda = CargoLambda::start(&world, 2);
    let source = EventSource::new(&world, HIDDEN);
    let body = world.world.payload("opened", number).to_string();
    let signature = sign(body.as_bytes());
    let headers = [
        ("X-GitHub-Event", "pull_request"),
        ("X-GitHub-Delivery", "d1"),
        ("X-Hub-Signature-256", &signature),
        // It takes this for binary, and hands the body over in base64.
        ("Content-Type", "application/octet-stream"),
    ];

    let answer = lambda.post_webhook(&headers, body.as_bytes()).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let messages = source.receive().await;
    let answer = lambda.invoke(&queues::event(&messages)).await;
    let batch = source.settle(messages, Outcome::Answered(answer)).await;

    assert_eq!(batch.failed, [""; 0]);
    world.world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_front_door_of_aws_leads_to_the_same_webhook() {
    let world = LambdaWorld::new().await;
    let mut instance = Instance::new(&world, TIMEOUT).await;
    for door in [
        "function_url",
        "http_api",
        "http_api_with_stage",
        "rest_api",
        "load_balancer",
        "load_balancer_multi_value",
    ] {
        let delivery = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
        let event = sample(door).to_string().replace(delivery, door);
        let event = serde_json::from_str(&event).expect("JSON");
        let answer = instance.invoke(&event).await.answer();
        assert_eq!(answer["statusCode"], 202, "{door}: {answer}");
        assert_eq!(parsed(&answer)["status"], "queued", "{door}");
    }
    let mut health = sample("function_url");
    health["requestContext"]["http"]["method"] = json!("GET");
    health["rawPath"] = json!("/health");
    let answer = instance.invoke(&health).await.answer();
    assert_eq!((&answer["statusCode"], &parsed(&answer)["status"]), (&json!(200), &json!("ok")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_only_what_failed_comes_back() {
    let world = LambdaWorld::new().await;
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let source = EventSource::new(&world, Duration::from_secs(1));
    let [good, unlucky] = [world.open_pull_request(), world.open_pull_request()];
    deliver(&mut instance, &world, "good", good).await;
    deliver(&mut instance, &world, "unlucky", unlucky).await;
    queues::send(&world.stack.queue_url, "poison").await;
    let down = format!("/pulls/{unlucky}");
    world.world.github.fail_next("GET", &down, 503, &[], 1000);

    let messages = all_of(&source, 3).await;
    let outcome = instance.invoke(&queues::event(&messages)).await;
    let batch = source.settle(messages, outcome).await;

    assert_eq!((batch.messages.len(), batch.failed), (3, vec!["poison".to_owned()]));
    world.world.comment(good);
    assert_eq!(world.comments(unlucky), 0);
    let (queue, dead) = (&world.stack.queue_url, &world.stack.dead_letter_queue_url);
    assert_eq!(queues::count(queue).await, 2, "poison, and a new message for the unlucky one");

    world.world.github.recovers();
    let batches = source.drain(&mut instance).await;

    world.world.comment(unlucky);
    let poisoned = batches.iter().filter(|batch| batch.failed == ["poison"]).count();
    let most = queues::most_receives(queue).await;
    assert_eq!(1 + poisoned, most, "as often as the queue allows: {batches:#?}");
    let letters = queues::receive(dead, Duration::ZERO).await;
    assert_eq!(letters.iter().map(|letter| letter.body()).collect::<Vec<_>>(), [Some("poison")]);
}

/// As many messages as there must be, in one batch.
async fn all_of(source: &EventSource, count: usize) -> Vec<aws_sdk_sqs::types::Message> {
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.append(&mut source.receive().await);
    }
    messages
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_while_it_posts_leaves_one_comment() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let world = LambdaWorld::new().await;
        let number = world.open_pull_request();
        let mut first = Instance::new(&world, TIMEOUT).await;
        let mut second = Instance::new(&world, TIMEOUT).await;
        let source = EventSource::new(&world, HIDDEN);
        let mut posting = world.world.github.hold("POST", "/comments", when);
        deliver(&mut first, &world, "d1", number).await;

        let messages = source.receive().await;
        let running = first.begin(&queues::event(&messages));
        posting.arrived().await;
        running.kill();
        posting.drop_connection();
        let batches = source.drain(&mut second).await;

        world.world.comment(number);
        assert_eq!(batches.len(), 1, "{when:?}: {batches:#?}");
        let tools = world.tools_called(number).await;
        assert_eq!(tools, ["analyze_code", "post_github_comment"], "{when:?}");
        assert_eq!(queues::count(&world.stack.dead_letter_queue_url).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_at_every_checkpoint_in_turn_is_gone_on_with_by_the_next() {
    for checkpoint in 1..=4 {
        let mut world = LambdaWorld::new().await;
        let number = world.open_pull_request();
        let mut second = Instance::new(&world, TIMEOUT).await;
        world.world.set("ECO_CODER_PAUSE_AFTER_CHECKPOINT", &checkpoint.to_string());
        let mut first = Instance::new(&world, TIMEOUT).await;
        let source = EventSource::new(&world, HIDDEN);
        deliver(&mut first, &world, "d1", number).await;

        let messages = source.receive().await;
        let running = first.begin(&queues::event(&messages));
        running.wait_for_log("paused after checkpoint").await;
        running.kill();
        source.drain(&mut second).await;

        world.world.comment(number);
        let tools = world.tools_called(number).await;
        assert_eq!(tools, ["analyze_code", "post_github_comment"], "at {checkpoint}");
        assert!(world.world.github.count("POST", "/comments") <= 1, "at {checkpoint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_longer_than_an_invocation_goes_on_in_the_next() {
    let (world, bedrock) = with_bedrock().await;
    let thinks = || Scripted::Delay(Duration::from_millis(1800));
    bedrock.script(turns(posts).into_iter().flat_map(|turn| [thinks(), turn]).collect());
    let number = open_with_workload(&world.world);
    let mut instance = Instance::new(&world, Duration::from_secs(4)).await;
    let source = EventSource::new(&world, Duration::from_secs(20));
    deliver(&mut instance, &world, "d1", number).await;

    let batches = source.drain(&mut instance).await;

    let comment = world.world.comment(number);
    assert!(comment.contains("Fetch all names with one query."), "{comment}");
    // However busy the machine is, there is time for one of the three turns in each, and a last one to post.
    assert!((2..=4).contains(&batches.len()), "{batches:#?}");
    for batch in &batches {
        assert!(matches!(batch.outcome, Outcome::Answered(_)), "in time: {batch:#?}");
    }
    let tools = world.tools_called(number).await;
    assert_eq!(tools, ["analyze_code", "calculate_carbon_footprint", "post_github_comment"]);
    assert_eq!(world.world.github.count("POST", "/comments"), 1);
    assert_eq!(bedrock.complaints(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_has_spent_counts_for_the_next_and_what_it_held_is_free_again() {
    let (world, bedrock) = with_bedrock().await;
    world.world.settings("[gateway.caps]\nday_usd = 0.5\n[budget]\nusd = 5.0\n");
    let dear = |request: &Value| {
        let mut reply = posts(request);
        reply["usage"]["outputTokens"] = 50_000.into();
        reply["usage"]["totalTokens"] = 51_300.into();
        reply
    };
    bedrock.script(turns(dear).into());
    let [first, second] = [(); 2].map(|()| open_with_workload(&world.world));
    let source = EventSource::new(&world, HIDDEN);

    let mut instance = Instance::new(&world, TIMEOUT).await;
    deliver(&mut instance, &world, "d1", first).await;
    source.drain(&mut instance).await;
    let account = spent_today(&world).await;
    let mut another = Instance::new(&world, TIMEOUT).await;
    deliver(&mut another, &world, "d2", second).await;
    source.drain(&mut another).await;

    assert!(world.world.comment(first).contains("Fetch all names with one query."));
    assert!(account.spent.usd() > 0.5, "{account:?}");
    assert_eq!(account.leased, Nanodollars::ZERO, "given back before the answer");
    let comment = world.world.comment(second);
    assert!(
        comment.contains("finished the review: the budget does not allow this call")
            && comment.contains("raise `day_usd`"),
        "{comment}"
    );
    assert_eq!(bedrock.requests("bedrock").len(), 3, "the second process asked for nothing");
    let ended = world.world.run(&["models", "cost", "--by", "task", "--format", "json"]);
    let costs: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(costs["total"]["calls"], 3, "written down in the table: {costs}");
    let usd = costs["total"]["usd"].as_f64().expect("dollars");
    assert!((usd - account.spent.usd()).abs() < 1e-6, "{usd} and {account:?}");
}

async fn spent_today(world: &LambdaWorld) -> Spent {
    let now = Timestamp::now();
    let day = now.rfc3339()[..10].parse().expect("a date");
    let ledger = DynamoLedger::new(&sdk(), world.stack.table.clone());
    ledger.spent(&Scope::Day(day), now).await.expect("the table")
}

/// A function whose reviews a model leads.
async fn with_bedrock() -> (LambdaWorld, FakeAws) {
    let (mut world, bedrock) = (LambdaWorld::new().await, FakeAws::start().await);
    world.world.set("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url());
    world.world.set("ECO_CODER_DRIVER", "bedrock");
    world.world.set("ECO_CODER_MODELS", "global.anthropic.claude-sonnet-5-5");
    (world, bedrock)
}

/// A review in three turns, of which the last is given.
fn turns(last: impl Fn(&Value) -> Value + Send + 'static) -> [Scripted; 3] {
    [
        Scripted::Answer(Box::new(|request| {
            let bound = &task(request)["binding"];
            uses(&[(
                "t1",
                "analyze_code",
                json!({"repository_arn": bound["repository_arn"], "branch_name": bound["branch"], "commit_sha": bound["head_sha"]}),
            )])
        })),
        Scripted::Answer(Box::new(|request| {
            uses(&[("t2", "calculate_carbon_footprint", task(request)["workload"].clone())])
        })),
        Scripted::Answer(Box::new(last)),
    ]
}

fn posts(request: &Value) -> Value {
    let bound = &task(request)["binding"];
    uses(&[(
        "t3",
        "post_github_comment",
        json!({"repository_full_name": bound["repository"], "pull_request_number": bound["pull_request"], "report_markdown": "Fetch all names with one query."}),
    )])
}

fn open_with_workload(world: &World) -> u64 {
    let settings = (
        ".eco-coder.yml",
        "workload: {cpu_time_seconds: 0.5, ram_usage_mb: 128, aws_region: eu-west-1, executions: 1000}\n",
    );
    world.open(tree([settings, ("shop/names.py", "")]), tree([settings, ("shop/names.py", SLOW)]))
}

/// The task that the model was given.
fn task(request: &Value) -> Value {
    let opening = request["messages"][0]["content"][0]["text"].as_str().expect("the opening");
    let (_, facts) = opening.split_once("<task>").expect("a task");
    serde_json::from_str(facts.split_once("</task>").expect("its end").0).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_never_ends_is_left_behind_before_lambda_ends_the_invocation() {
    let world = LambdaWorld::new().await;
    let number = world.open_pull_request();
    let mut instance = Instance::new(&world, Duration::from_secs(12)).await;
    let source = EventSource::new(&world, Duration::from_secs(30));
    deliver(&mut instance, &world, "d1", number).await;
    let posting = world.world.github.hold("POST", "/comments", When::BeforeEffect);

    let batch = source.bring(&mut instance).await;

    assert!(matches!(batch.outcome, Outcome::Answered(_)), "in time: {batch:#?}");
    assert_eq!(world.comments(number), 0);
    assert_eq!(queues::count(&world.stack.queue_url).await, 1, "it is rung for again");
    posting.drop_connection();
    source.drain(&mut instance).await;
    world.world.comment(number);
    assert_eq!(world.tools_called(number).await, ["analyze_code", "post_github_comment"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_given_up_ends_among_the_dead_letters_and_runs_again_when_it_is_redriven() {
    let world = LambdaWorld::new().await;
    let number = world.open_pull_request();
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let source = EventSource::new(&world, HIDDEN);
    deliver(&mut instance, &world, "d1", number).await;
    world.world.github.fail_next("GET", &format!("/pulls/{number}"), 404, &[], 1);

    let batch = source.bring(&mut instance).await;

    let (queue, dead) = (&world.stack.queue_url, &world.stack.dead_letter_queue_url);
    assert_eq!(batch.failed, [""; 0]);
    assert_eq!((queues::count(queue).await, queues::count(dead).await), (0, 1));
    assert_eq!(world.comments(number), 0);
    let letter = &queues::receive(dead, Duration::ZERO).await[0];
    let reason = letter.message_attributes().and_then(|attributes| attributes.get("reason"));
    let reason = reason.and_then(|reason| reason.string_value()).unwrap_or_default();
    assert!(reason.contains(&format!("octo/shop#{number}")), "{letter:#?}");

    queues::redrive(dead, queue).await;
    source.drain(&mut instance).await;

    world.world.comment(number);
    assert_eq!((queues::count(queue).await, queues::count(dead).await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_failed_is_asked_for_again_by_the_clock() {
    let mut world = LambdaWorld::new().await;
    world.as_app();
    let number = world.open_pull_request();
    let lambda = CargoLambda::start(&world, 2);
    let source = EventSource::new(&world, HIDDEN);
    world.fail_delivery("d1", number);
    world.redeliver_to(&lambda.webhook_url());

    let answer = lambda.invoke(&sample("schedule")).await;

    assert_eq!(answer["deliveries"]["requested"], 1, "{answer}");
    let messages = source.receive().await;
    let answer = lambda.invoke(&queues::event(&messages)).await;
    let batch = source.settle(messages, Outcome::Answered(answer)).await;
    assert_eq!(batch.failed, [""; 0]);
    world.world.comment(number);
    assert_eq!(world.world.github.attempts("d1"), [502, 202]);
    let answer = lambda.invoke(&sample("schedule")).await;
    assert_eq!(answer["deliveries"]["requested"], 0, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_message_was_lost_is_rung_for_by_the_clock() {
    let mut world = LambdaWorld::new().await;
    world.world.set("ECO_CODER_LEASE_SECONDS", "1");
    let number = world.open_pull_request();
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let source = EventSource::new(&world, HIDDEN);
    deliver(&mut instance, &world, "d1", number).await;
    for message in source.receive().await {
        queues::delete(&world.stack.queue_url, &message).await;
    }
    let early = instance.invoke(&sample("schedule")).await.answer();
    assert_eq!(early["rung"], 0, "{early}");
    assert!(early["deliveries"]["skipped"].is_string(), "a token has no deliveries: {early}");

    tokio::time::sleep(Duration::from_secs(6)).await;
    let late = instance.invoke(&sample("schedule")).await.answer();

    assert_eq!(late["rung"], 1, "{late}");
    source.drain(&mut instance).await;
    world.world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_too_large_or_garbage_is_refused_and_nothing_is_queued() {
    let world = LambdaWorld::new().await;
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let number = world.open_pull_request();
    let good = world.delivery("d1", number);
    let with = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).expect("it is there") = value;
        event
    };
    let large = "x".repeat(26 * 1024 * 1024);
    for (what, event, status) in [
        ("forged", with("/headers/x-hub-signature-256", json!(sign(b"another body"))), 401),
        ("unsigned", with("/headers/x-hub-signature-256", json!("")), 401),
        ("changed", with("/body", json!("{}")), 401),
        ("too large", function_url_event("d1", &large, &sign(large.as_bytes())), 413),
        ("no JSON", function_url_event("d1", "{", &sign(b"{")), 400),
        ("no base64", with("/isBase64Encoded", json!(true)), 400),
        ("elsewhere", with("/rawPath", json!("/invocations")), 404),
        ("a path that is none", with("/rawPath", json!("webhook?\u{0}")), 400),
    ] {
        let answer = instance.invoke(&event).await.answer();
        assert_eq!(answer["statusCode"], status, "{what}: {answer}");
    }
    for garbage in
        [json!({}), json!(null), json!([]), json!({"Records": [{"eventSource": "aws:s3"}]})]
    {
        let Outcome::Failed(error) = instance.invoke(&garbage).await else {
            panic!("{garbage} was answered")
        };
        assert_eq!(error["errorType"], "UnknownEvent", "{error}");
    }
    assert_eq!(queues::count(&world.stack.queue_url).await, 0);
    assert_eq!(world.world.github.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_replaced_holds_without_a_restart() {
    let mut world = LambdaWorld::new().await;
    let id = world.keep_secret("old secret").await;
    world.world.set("ECO_CODER_WEBHOOK_SECRET", "");
    world.world.set("ECO_CODER_WEBHOOK_SECRET_ID", &id);
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let number = world.open_pull_request();
    let forged = instance.invoke(&world.delivery("d1", number)).await.answer();
    assert_eq!(forged["statusCode"], 401, "{forged}");

    let mut restarted = Instance::new(&world, TIMEOUT).await;
    world.keep_secret("old secret, It's a Secret to Everybody").await;
    deliver(&mut restarted, &world, "d1", number).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_settings_are_wanting_says_what_to_set() {
    let mut world = LambdaWorld::new().await;
    let number = world.open_pull_request();
    let delivery = world.delivery("d1", number);
    world.world.set("ECO_CODER_QUEUE_URL", "");
    world.world.set("ECO_CODER_WEBHOOK_SECRET", "");
    world.world.set("ECO_CODER_GITHUB_TOKEN", "");
    let mut instance = Instance::new(&world, TIMEOUT).await;
    let said = async |instance: &mut Instance, event: &Value| match instance.invoke(event).await {
        Outcome::Failed(error) => error["errorMessage"].as_str().unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    };
    insta::assert_snapshot!(said(&mut instance, &delivery).await, @"
    the settings cannot be used:
      - no webhook secret: set ECO_CODER_WEBHOOK_SECRET to the secret of the webhook at GitHub, or ECO_CODER_WEBHOOK_SECRET_ID to its name in AWS Secrets Manager
      - no queue: set `queue_url` under [aws], or ECO_CODER_QUEUE_URL
    ");
    insta::assert_snapshot!(said(&mut instance, &sample("sqs_batch")).await, @"
    the settings cannot be used:
      - no GitHub credentials: set GITHUB_TOKEN, or `app_id` and `app_private_key_file` under [github]
      - no queue: set `queue_url` under [aws], or ECO_CODER_QUEUE_URL
    ");
}
