//! What `Calls` promises, whatever keeps them.

use contract::Timestamp;
use model::budget::Nanodollars;
use model::cost::{CallRecord, Prefix};
use model::{ErrorKind, Usage};

use super::Calls;

/// Makes the contract's tests. The expression makes calls of which none is kept yet.
macro_rules! holds_for {
    ($open:expr) => {
        calls_contract_tests::holds_for!(
            $open;
            a_call_reads_back_as_it_was_written,
            calls_before_the_time_are_not_read_and_no_more_than_asked_for,
        );
    };
    ($open:expr; $($name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            calls_contract_tests::$name(&$open).await;
        })*
    };
}
pub(super) use holds_for;

pub(super) fn call(at: i64) -> CallRecord {
    CallRecord {
        at: Timestamp(at),
        agent: Some("reviewer".into()),
        task: None,
        model: "some.model".into(),
        driver: "openai".into(),
        usage: Usage {
            input_tokens: 1,
            output_tokens: 2,
            cache_read_tokens: 3,
            cache_write_tokens: 4,
        },
        cost: Some(Nanodollars(5)),
        latency_ms: 6,
        error: Some(ErrorKind::ContentBlocked),
        estimated: true,
        prefix: Some(Prefix { hash: u64::MAX, tokens: 7 }),
    }
}

pub(super) async fn read(calls: &dyn Calls, since: i64, most: usize) -> (Vec<CallRecord>, bool) {
    let mut read = Vec::new();
    let more = calls.read(Timestamp(since), most, &mut |call| read.push(call)).await;
    (read, more.unwrap())
}

pub(super) async fn a_call_reads_back_as_it_was_written(calls: &dyn Calls) {
    let bare = CallRecord { agent: None, cost: None, error: None, prefix: None, ..call(2) };
    calls.append([call(3), bare.clone()].into()).await.unwrap();
    let (mut kept, more) = read(calls, 0, 10).await;
    kept.sort_by_key(|call| call.at);
    assert_eq!((kept, more), (vec![bare, call(3)], false));
}

pub(super) async fn calls_before_the_time_are_not_read_and_no_more_than_asked_for(
    calls: &dyn Calls,
) {
    calls.append([call(3), call(2), call(1)].into()).await.unwrap();
    calls.append([call(4)].into()).await.unwrap();
    let (mut kept, more) = read(calls, 2, 10).await;
    kept.sort_by_key(|call| call.at);
    assert_eq!((kept, more), (vec![call(2), call(3), call(4)], false));
    let (kept, more) = read(calls, 2, 2).await;
    assert_eq!((kept.len(), more), (2, true));
    assert!(!read(calls, 2, 3).await.1, "that were all");
}
