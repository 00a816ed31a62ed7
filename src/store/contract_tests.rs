//! What every `Store` promises, whatever keeps it.

use contract::Timestamp;

use super::{AuditEntry, KeptReport, MEMORY_OUTLIVES, Memory, Store, StoreError};

/// Makes the contract's tests for the store that the expression opens empty.
macro_rules! holds_for {
    ($open:expr) => {
        contract_tests::holds_for!(
            $open;
            a_run_is_found_as_it_was_last_checkpointed,
            a_worker_that_has_been_overtaken_is_stopped,
            a_finished_run_takes_no_further_checkpoint,
            a_report_that_was_not_posted_waits_until_it_is,
            recent_reports_are_listed_newest_first,
            the_audit_trail_keeps_its_order,
            a_cached_value_lasts_until_it_expires,
            what_was_learned_of_a_repository_is_recalled_newest_first,
            what_was_learned_from_the_same_again_replaces_it,
            pruning_forgets_only_what_is_old,
            memory_outlives_the_rest,
        );
    };
    ($open:expr; $($name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            contract_tests::$name(&$open).await;
        })*
    };
}
pub(super) use holds_for;

pub(super) fn report(run_id: &str, at: i64) -> KeptReport {
    KeptReport {
        run_id: run_id.into(),
        repository: "acme/shop".into(),
        pull_request: 7,
        head_sha: "c0ffee".into(),
        markdown: "# Report".into(),
        json: "{}".into(),
        posting_failed: true,
        comment_url: None,
        at: Timestamp(at),
    }
}

fn memory(repository: &str, key: &str, text: &str, at: i64) -> Memory {
    Memory { repository: repository.into(), key: key.into(), text: text.into(), at: Timestamp(at) }
}

pub(super) async fn a_run_is_found_as_it_was_last_checkpointed(store: &dyn Store) {
    assert_eq!(store.run("run-1").await.unwrap(), None);
    store.checkpoint("run-1", "{\"step\":1}", 1, Timestamp(1)).await.unwrap();
    store.checkpoint("run-1", "{\"step\":2}", 2, Timestamp(2)).await.unwrap();
    let run = store.run("run-1").await.unwrap().unwrap();
    assert_eq!((run.state.as_str(), run.revision, run.finished), ("{\"step\":2}", 2, false));
}

pub(super) async fn a_worker_that_has_been_overtaken_is_stopped(store: &dyn Store) {
    store.checkpoint("run-1", "first", 1, Timestamp(1)).await.unwrap();
    store.checkpoint("run-1", "the faster one", 2, Timestamp(2)).await.unwrap();
    for revision in [1, 2, 4] {
        let overtaken = store.checkpoint("run-1", "the slower one", revision, Timestamp(3)).await;
        assert!(matches!(overtaken, Err(StoreError::Conflict { .. })), "revision {revision}");
    }
    assert_eq!(store.run("run-1").await.unwrap().unwrap().state, "the faster one");
}

pub(super) async fn a_finished_run_takes_no_further_checkpoint(store: &dyn Store) {
    store.checkpoint("run-1", "all", 1, Timestamp(1)).await.unwrap();
    store.finish("run-1", Timestamp(2)).await.unwrap();
    assert!(store.checkpoint("run-1", "more", 2, Timestamp(3)).await.is_err());
    let run = store.run("run-1").await.unwrap().unwrap();
    assert_eq!((run.state.as_str(), run.finished), ("all", true));
}

pub(super) async fn a_report_that_was_not_posted_waits_until_it_is(store: &dyn Store) {
    store.keep_report(&report("run-2", 2)).await.unwrap();
    store.keep_report(&report("run-1", 1)).await.unwrap();
    assert_eq!(store.reports_not_posted().await.unwrap(), [report("run-1", 1), report("run-2", 2)]);

    let posted = KeptReport {
        posting_failed: false,
        comment_url: Some("https://example.com/1".into()),
        ..report("run-1", 3)
    };
    store.keep_report(&posted).await.unwrap();
    assert_eq!(store.reports_not_posted().await.unwrap(), [report("run-2", 2)]);
    assert_eq!(store.report("run-1").await.unwrap(), Some(posted));
    assert_eq!(store.report("run-3").await.unwrap(), None);
}

pub(super) async fn recent_reports_are_listed_newest_first(store: &dyn Store) {
    let listed = async |since| {
        let reports = store.reports_since(Timestamp(since)).await.unwrap();
        reports.into_iter().map(|report| report.at.0).collect::<Vec<_>>()
    };
    assert_eq!(listed(0).await, [0; 0]);
    for at in [3, 1, 4, 2] {
        store.keep_report(&report(&format!("run-{at}"), at)).await.unwrap();
    }
    assert_eq!(listed(2).await, [4, 3, 2]);
    assert_eq!(store.reports_since(Timestamp(4)).await.unwrap(), [report("run-4", 4)]);
}

pub(super) async fn the_audit_trail_keeps_its_order(store: &dyn Store) {
    store.audit("run-1", "started", "acme/shop#7", Timestamp(5)).await.unwrap();
    store.audit("run-2", "started", "", Timestamp(5)).await.unwrap();
    store.audit("run-1", "finished", "", Timestamp(4)).await.unwrap();
    let entry = |event: &str, detail: &str, at| AuditEntry {
        event: event.into(),
        detail: detail.into(),
        at: Timestamp(at),
    };
    assert_eq!(
        store.audit_trail("run-1").await.unwrap(),
        [entry("started", "acme/shop#7", 5), entry("finished", "", 4)]
    );
}

pub(super) async fn a_cached_value_lasts_until_it_expires(store: &dyn Store) {
    store.keep("key", "old", Timestamp(10)).await;
    store.keep("key", "new", Timestamp(20)).await;
    assert_eq!(store.cached("key", Timestamp(19)).await.as_deref(), Some("new"));
    assert_eq!(store.cached("key", Timestamp(20)).await, None);
    assert_eq!(store.cached("other", Timestamp(0)).await, None);
}

pub(super) async fn pruning_forgets_only_what_is_old(store: &dyn Store) {
    for (run_id, at) in [("old", 1), ("new", 9)] {
        store.checkpoint(run_id, "{}", 1, Timestamp(at)).await.unwrap();
        store.keep_report(&report(run_id, at)).await.unwrap();
        store.audit(run_id, "started", "", Timestamp(at)).await.unwrap();
        store.keep(run_id, "value", Timestamp(at)).await;
    }
    store.prune(Timestamp(5)).await.unwrap();
    for (run_id, left) in [("old", false), ("new", true)] {
        assert_eq!(store.run(run_id).await.unwrap().is_some(), left);
        assert_eq!(store.report(run_id).await.unwrap().is_some(), left);
        assert_eq!(store.audit_trail(run_id).await.unwrap().len(), usize::from(left));
        assert_eq!(store.cached(run_id, Timestamp(0)).await.is_some(), left);
    }
}

pub(super) async fn what_was_learned_of_a_repository_is_recalled_newest_first(store: &dyn Store) {
    assert_eq!(store.recall("acme/shop", 5).await.unwrap(), []);
    for (key, at) in [("pr-2", 2), ("pr-3", 3), ("pr-1", 1)] {
        store.remember(&memory("acme/shop", key, "{}", at)).await.unwrap();
    }
    store.remember(&memory("acme/shop2", "pr-9", "{}", 9)).await.unwrap();
    let shop = |key, at| memory("acme/shop", key, "{}", at);
    assert_eq!(store.recall("acme/shop", 2).await.unwrap(), [shop("pr-3", 3), shop("pr-2", 2)]);
    assert_eq!(store.recall("acme/shop", 5).await.unwrap().len(), 3);
    assert_eq!(store.recall("acme/shop", 0).await.unwrap(), []);
}

pub(super) async fn what_was_learned_from_the_same_again_replaces_it(store: &dyn Store) {
    store.remember(&memory("acme/shop", "pr-1", "[1]", 1)).await.unwrap();
    store.remember(&memory("acme/shop", "pr-2", "[2]", 2)).await.unwrap();
    let again = memory("acme/shop", "pr-1", "[3]", 3);
    store.remember(&again).await.unwrap();
    let newest_first = [again, memory("acme/shop", "pr-2", "[2]", 2)];
    assert_eq!(store.recall("acme/shop", 5).await.unwrap(), newest_first);
}

pub(super) async fn memory_outlives_the_rest(store: &dyn Store) {
    let new = memory("acme/shop", "pr-2", "{}", 9);
    store.remember(&memory("acme/shop", "pr-1", "{}", 1)).await.unwrap();
    store.remember(&new).await.unwrap();
    store.prune(Timestamp(5)).await.unwrap();
    assert_eq!(store.recall("acme/shop", 5).await.unwrap().len(), 2);
    store.prune(Timestamp(5) + MEMORY_OUTLIVES).await.unwrap();
    assert_eq!(store.recall("acme/shop", 5).await.unwrap(), [new]);
}
