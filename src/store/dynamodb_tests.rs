//! The store on DynamoDB and S3, as an AWS that others wrote has them.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_sdk_s3::primitives::ByteStream;
use contract::{Cache, Clock, Timestamp, hexadecimal};
use emulators::{Emulators, Stack, sdk};
use sha2::{Digest, Sha256};

use super::dynamodb::{MEMORY_LASTS, REPORTS_LAST, RUNS_LAST, Settings};
use super::dynamodb_item::{Item, Key};
use super::lost_answers_tests::losing_the_first_answer;
use super::{
    AuditEntry, DynamoStore, KeptReport, Memory, Store, StoreError, contract_tests,
    dynamodb_reports,
};

const CLOCK: Clock = || Timestamp(1_000);

contract_tests::holds_for!(World::new().store());

struct World {
    sdk: SdkConfig,
    stack: Stack,
}

impl World {
    fn new() -> Self {
        let emulators = Emulators::shared();
        Self { sdk: sdk(&emulators.aws_url), stack: emulators.stack() }
    }

    fn store(&self) -> DynamoStore {
        self.store_at(CLOCK)
    }

    fn store_at(&self, clock: Clock) -> DynamoStore {
        let (table, bucket) = (self.stack.table.clone(), Some(self.stack.bucket.clone()));
        DynamoStore::new(&self.sdk, Settings { table, bucket, clock })
    }

    fn store_without_bucket(&self) -> DynamoStore {
        let table = self.stack.table.clone();
        DynamoStore::new(&self.sdk, Settings { table, bucket: None, clock: CLOCK })
    }

    async fn objects(&self) -> Vec<String> {
        let s3 = aws_sdk_s3::Client::new(&self.sdk);
        let listed = s3.list_objects_v2().bucket(&self.stack.bucket).send().await.unwrap();
        listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }

    async fn overwrite(&self, object: &str, bytes: &'static [u8]) {
        let s3 = aws_sdk_s3::Client::new(&self.sdk);
        let put = s3.put_object().bucket(&self.stack.bucket).key(object);
        put.body(ByteStream::from_static(bytes)).send().await.unwrap();
    }

    async fn delete(&self, object: &str) {
        let s3 = aws_sdk_s3::Client::new(&self.sdk);
        s3.delete_object().bucket(&self.stack.bucket).key(object).send().await.unwrap();
    }

    /// As many as one call takes.
    async fn put_all(&self, items: &[Item]) {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.sdk);
        let put = |item: &Item| {
            let put = PutRequest::builder().set_item(Some(item.attributes.clone()));
            WriteRequest::builder().put_request(put.build().unwrap()).build()
        };
        let requests = items.iter().map(put).collect();
        let call = dynamodb.batch_write_item().request_items(&self.stack.table, requests);
        assert!(call.send().await.unwrap().unprocessed_items().unwrap().is_empty());
    }

    /// Names that differ between two tests' runs, made the same.
    fn told(&self, error: &StoreError) -> String {
        let told = error.to_string().replace(&self.stack.table, "NAME");
        told.replace(&self.stack.bucket, "NAME")
    }
}

/// Text that does not get smaller by compression.
fn noise(bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.alphanumeric()).take(bytes).collect()
}

fn report(run_id: &str, at: i64) -> KeptReport {
    KeptReport { posting_failed: false, ..contract_tests::report(run_id, at) }
}

#[tokio::test]
async fn a_state_larger_than_an_item_goes_through_the_bucket() {
    let world = World::new();
    let store = world.store();
    let state = noise(900_000);
    store.checkpoint("acme/shop#7@c0ffee", &state, 1, CLOCK()).await.unwrap();
    let objects = world.objects().await;
    assert_eq!(objects.len(), 1);
    assert!(objects[0].starts_with("states/acme=2Fshop=237=40c0ffee/1-"), "{objects:?}");
    assert_eq!(store.run("acme/shop#7@c0ffee").await.unwrap().unwrap().state, state);
}

#[tokio::test]
async fn of_a_run_only_the_last_state_takes_up_room_in_the_bucket() {
    let world = World::new();
    let store = world.store();
    for revision in 1..=3 {
        store.checkpoint("run-1", &noise(30_000), revision, CLOCK()).await.unwrap();
    }
    store.finish("run-1", CLOCK()).await.unwrap();
    let objects = world.objects().await;
    assert!(objects.len() == 1 && objects[0].starts_with("states/run-1/3-"), "{objects:?}");
    let run = store.run("run-1").await.unwrap().unwrap();
    assert!(run.finished && run.state == noise(30_000));
}

#[tokio::test]
async fn a_large_report_and_a_large_cached_value_come_back_whole_and_are_pruned_whole() {
    let world = World::new();
    let store = world.store();
    let large = KeptReport { markdown: noise(20_000), json: noise(500_000), ..report("run-1", 1) };
    store.keep_report(&large).await.unwrap();
    store.keep("key", &noise(20_000), Timestamp(9)).await;
    assert_eq!(store.report("run-1").await.unwrap(), Some(large.clone()));
    assert_eq!(store.reports_since(Timestamp(0)).await.unwrap(), [large]);
    assert_eq!(store.cached("key", Timestamp(8)).await, Some(noise(20_000)));
    assert_eq!(world.objects().await.len(), 2);
    store.prune(Timestamp(10)).await.unwrap();
    assert_eq!(world.objects().await, [""; 0]);
}

#[tokio::test]
async fn an_object_that_was_changed_or_deleted_is_noticed_and_named() {
    let world = World::new();
    let store = world.store();
    store.checkpoint("run-1", &noise(30_000), 1, CLOCK()).await.unwrap();
    let object = world.objects().await.remove(0);
    let sha256 = object.trim_start_matches("states/run-1/1-");
    world.overwrite(&object, b"something else").await;
    let error = store.run("run-1").await.unwrap_err();
    let found = hexadecimal::encode(&Sha256::digest(b"something else"));
    let told = world.told(&error).replace(sha256, "SHA-256").replace(&found, "OTHER");
    insta::assert_snapshot!(told, @"the object s3://NAME/states/run-1/1-SHA-256 is not what was kept there: its SHA-256 is OTHER, not SHA-256");
    world.delete(&object).await;
    let error = store.run("run-1").await.unwrap_err();
    let told = world.told(&error).replace(sha256, "SHA-256");
    insta::assert_snapshot!(told, @"the object s3://NAME/states/run-1/1-SHA-256 is gone, although an item still points to it; let the bucket's lifecycle keep it longer");
    assert_eq!(world.store_without_bucket().run("run-1").await.ok(), None);
}

#[tokio::test]
async fn without_a_bucket_a_text_has_to_fit_into_its_item() {
    let world = World::new();
    let store = world.store_without_bucket();
    let states = [noise(300_000), "\"a line that repeats\", ".repeat(100_000)];
    for (state, revision) in states.iter().zip(1..) {
        store.checkpoint("run-1", state, revision, CLOCK()).await.unwrap();
        assert_eq!(&store.run("run-1").await.unwrap().unwrap().state, state);
    }
    let error = store.checkpoint("run-1", &noise(900_000), 3, CLOCK()).await.unwrap_err();
    let told = error.to_string();
    assert!(told.contains("set ECO_CODER_BUCKET"), "{told}");
}

#[tokio::test]
async fn of_two_workers_exactly_one_goes_on_at_every_revision() {
    let world = World::new();
    let (one, other) = (world.store(), world.store());
    let mut won = [0, 0];
    for revision in 1..=200 {
        let (first, second) = tokio::join!(
            one.checkpoint("run-1", "one", revision, CLOCK()),
            other.checkpoint("run-1", "other", revision, CLOCK())
        );
        let conflicts = [&first, &second].map(|result| {
            result.as_ref().is_err_and(|error| matches!(error, StoreError::Conflict { .. }))
        });
        assert_eq!([first.is_ok(), second.is_ok()], conflicts.map(|lost| !lost));
        assert!(conflicts[0] != conflicts[1], "revision {revision}: {conflicts:?}");
        won[usize::from(conflicts[0])] += 1;
        if revision % 20 == 0 {
            let kept = one.run("run-1").await.unwrap().unwrap();
            assert_eq!(kept.state, if conflicts[0] { "other" } else { "one" });
        }
    }
    assert_eq!(won[0] + won[1], 200);
}

#[tokio::test]
async fn two_workers_lose_no_line_of_the_audit_trail() {
    let world = World::new();
    let (one, other) = (world.store(), world.store());
    let write = async |store: DynamoStore, event: &'static str| {
        for number in 0..20 {
            store.audit("run-1", event, &number.to_string(), CLOCK()).await.unwrap();
        }
    };
    tokio::join!(write(one.clone(), "one"), write(other, "other"));
    let trail = one.audit_trail("run-1").await.unwrap();
    for event in ["one", "other"] {
        let of_one = trail.iter().filter(|entry| entry.event == event);
        let order: Vec<_> = of_one.map(|entry| entry.detail.clone()).collect();
        assert_eq!(order, (0..20).map(|number| number.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_checkpoint_whose_answer_is_lost_is_not_taken_for_that_of_another() {
    let mut world = World::new();
    world.sdk = sdk(&losing_the_first_answer("PutItem").await);
    let store = world.store();
    store.checkpoint("run-1", "first", 1, CLOCK()).await.unwrap();
    store.checkpoint("run-1", "second", 2, CLOCK()).await.unwrap();
    assert!(store.checkpoint("run-1", "again", 2, CLOCK()).await.is_err());
}

#[tokio::test]
async fn what_has_expired_does_not_count_although_it_is_still_there() {
    const AFTER_RUNS: Clock = || CLOCK() + RUNS_LAST + Duration::from_secs(2);
    const AFTER_REPORTS: Clock = || CLOCK() + REPORTS_LAST + Duration::from_secs(2);
    const AFTER_MEMORY: Clock = || CLOCK() + MEMORY_LASTS + Duration::from_secs(2);
    let world = World::new();
    let store = world.store();
    let waiting = KeptReport { posting_failed: true, ..report("run-1", 1_000) };
    let memory = Memory {
        repository: "acme/shop".into(),
        key: "pr-1".into(),
        text: "{}".into(),
        at: CLOCK(),
    };
    store.checkpoint("run-1", "{}", 1, CLOCK()).await.unwrap();
    store.keep_report(&waiting).await.unwrap();
    store.audit("run-1", "started", "", CLOCK()).await.unwrap();
    store.remember(&memory).await.unwrap();

    let store = world.store_at(AFTER_RUNS);
    assert_eq!(store.run("run-1").await.unwrap(), None);
    store.finish("run-1", AFTER_RUNS()).await.unwrap();
    assert_eq!(store.run("run-1").await.unwrap(), None);
    assert_eq!(store.report("run-1").await.unwrap(), Some(waiting));
    store.checkpoint("run-1", "anew", 1, AFTER_RUNS()).await.unwrap();
    assert_eq!(store.run("run-1").await.unwrap().unwrap().state, "anew");

    let store = world.store_at(AFTER_REPORTS);
    assert_eq!(store.report("run-1").await.unwrap(), None);
    assert_eq!(store.reports_not_posted().await.unwrap(), []);
    assert_eq!(store.reports_since(Timestamp(0)).await.unwrap(), []);
    assert_eq!(store.audit_trail("run-1").await.unwrap(), []);
    assert_eq!(store.recall("acme/shop", 9).await.unwrap(), [memory]);
    assert_eq!(world.store_at(AFTER_MEMORY).recall("acme/shop", 9).await.unwrap(), []);
}

#[tokio::test]
async fn recent_reports_are_not_listed_without_end() {
    let world = World::new();
    let store = world.store();
    let mut items = Vec::new();
    for at in 1..=1001 {
        items.extend(
            dynamodb_reports::items(&store, &report(&format!("run-{at}"), at)).await.unwrap(),
        );
    }
    for items in items.chunks(25) {
        world.put_all(items).await;
    }
    let listed = store.reports_since(Timestamp(0)).await.unwrap();
    let times: Vec<_> = listed.iter().map(|report| report.at.0).collect();
    assert_eq!(times, (2..=1001).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_report_that_is_kept_again_on_another_day_is_listed_once() {
    const DAY: i64 = 24 * 3600 * 1000;
    const CLOCK: Clock = || Timestamp(3 * DAY);
    let world = World::new();
    let store = world.store_at(CLOCK);
    store.keep_report(&report("run-2", DAY + 5)).await.unwrap();
    store.keep_report(&report("run-1", DAY)).await.unwrap();
    store.keep_report(&report("run-1", 2 * DAY)).await.unwrap();
    let listed = store.reports_since(Timestamp(1)).await.unwrap();
    assert_eq!(listed, [report("run-1", 2 * DAY), report("run-2", DAY + 5)]);
    // As it is when the process ends before the earlier entry is deleted.
    let stale = Item::new(&Key::report_at(Timestamp(DAY), "run-1"), Timestamp(DAY), REPORTS_LAST);
    store.table.put(stale.text("run_id", "run-1")).await.unwrap();
    assert_eq!(store.reports_since(Timestamp(1)).await.unwrap(), listed);
}

#[tokio::test]
async fn an_item_of_another_version_is_an_error_that_names_it() {
    let world = World::new();
    let store = world.store();
    let item = |key: &Key| Item::new(key, CLOCK(), RUNS_LAST);
    let unknown = Item::from(super::dynamodb_item::Attributes::from([(
        "body".to_owned(),
        AttributeValue::M([("zstd".to_owned(), AttributeValue::Bool(true))].into()),
    )]));
    let mut run = item(&Key::run("run-1")).number("revision", 1);
    run.attributes.extend(unknown.attributes.clone());
    store.table.put(run).await.unwrap();
    store.table.put(item(&Key::report("run-1"))).await.unwrap();
    store.table.put(item(&Key::audit("run-1", 1)).number("event", 5)).await.unwrap();
    let memory = Key::memory("acme/shop", "pr-1");
    let memory = item(&memory).text("open", &memory.pk).number("open_since", 1);
    store.table.put(memory).await.unwrap();
    store.table.put(item(&Key::cache("key")).text("body", "old")).await.unwrap();

    let told = [
        store.run("run-1").await.unwrap_err(),
        store.report("run-1").await.unwrap_err(),
        store.audit_trail("run-1").await.unwrap_err(),
        store.audit("run-1", "event", "", CLOCK()).await.unwrap_err(),
        store.recall("acme/shop", 1).await.unwrap_err(),
    ];
    insta::assert_snapshot!(told.map(|error| error.to_string()).join("\n"), @"
the item run#run-1 (run) has no `body` that this version can read; run the version that wrote it, or delete the item
the item report#run-1 (report) has no `body` that this version can read; run the version that wrote it, or delete the item
the item audit#run-1 (0000000001) has no `event` that this version can read; run the version that wrote it, or delete the item
the item audit#run-1 (0000000001) has no `number` that this version can read; run the version that wrote it, or delete the item
the item memory#acme/shop (key#pr-1) has no `body` that this version can read; run the version that wrote it, or delete the item
");
    assert_eq!(store.cached("key", Timestamp(0)).await, None);
    assert!(store.checkpoint("run-1", "{}", 1, CLOCK()).await.is_err());
}

#[tokio::test]
async fn names_with_odd_letters_stay_apart() {
    let world = World::new();
    let store = world.store();
    let names = ["", ".", "../..", "a/b#1", "a/b", "ä 🦀\n", "run#a", &"x/".repeat(3000)];
    for name in names {
        let text = format!("{name}{}", noise(10_000));
        store.checkpoint(name, &text, 1, CLOCK()).await.unwrap();
        store.keep_report(&report(name, 5)).await.unwrap();
        store.audit(name, name, name, CLOCK()).await.unwrap();
        store.keep(name, name, Timestamp(9)).await;
        let memory = |text: &str| Memory {
            repository: name.into(),
            key: name.into(),
            text: text.into(),
            at: Timestamp(1),
        };
        store.remember(&memory(name)).await.unwrap();
        assert_eq!(store.recall(name, 9).await.unwrap(), [memory(name)]);
    }
    for name in names {
        let run = store.run(name).await.unwrap().unwrap();
        assert_eq!(run.state, format!("{name}{}", noise(10_000)));
        assert_eq!(store.report(name).await.unwrap(), Some(report(name, 5)));
        let (event, detail, at) = (name.to_owned(), name.to_owned(), CLOCK());
        assert_eq!(store.audit_trail(name).await.unwrap(), [AuditEntry { event, detail, at }]);
        assert_eq!(store.cached(name, Timestamp(8)).await.as_deref(), Some(name));
    }
}

#[tokio::test]
async fn a_table_or_bucket_that_does_not_exist_is_named() {
    let world = World::new();
    let settings =
        Settings { table: "nowhere".into(), bucket: Some("nowhere".into()), clock: CLOCK };
    let store = DynamoStore::new(&world.sdk, settings);
    let error = store.run("run-1").await.unwrap_err();
    insta::assert_snapshot!(error, @"dynamodb:GetItem on arn:aws:dynamodb:us-east-1:*:table/nowhere: it does not exist in this region and account; make it, or name another (Requested resource not found)");
    let error = store.checkpoint("run-1", &noise(30_000), 1, CLOCK()).await.unwrap_err();
    let told = error.to_string();
    assert!(told.starts_with("s3:PutObject on arn:aws:s3:::nowhere/states/run-1/1-"), "{told}");
    assert!(told.contains("it does not exist"), "{told}");
}

#[tokio::test]
async fn the_items_of_the_queue_are_not_pruned() {
    let world = World::new();
    let store = world.store();
    let job = Key { pk: "queue#job-1".into(), sk: "queue".into() };
    store.table.put(Item::new(&job, Timestamp(1), RUNS_LAST)).await.unwrap();
    store.prune(Timestamp(10)).await.unwrap();
    assert!(store.table.get(&job).await.unwrap().is_some());
}
