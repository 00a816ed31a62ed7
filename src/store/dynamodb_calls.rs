//! The calls of models in the table: what is written at once is one item, on the day of its first call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use contract::{Clock, Timestamp};
use model::cost::{CallLog, CallRecord, LogError};

use super::aws_calls::Fault;
use super::dynamodb::{REPORTS_LAST, token};
use super::dynamodb_item::{Item, Key, day, days};
use super::dynamodb_list::{Order, Partition, Query};
use super::dynamodb_table::Table;
use super::{Calls, StoreError};

/// A record has at most four names of 200 bytes, each of which JSON may write as six, and is mostly a twentieth of that;
/// an item has at most 400 KB.
const LONGEST_TEXT: usize = 300 << 10;
/// Calls that could not be written wait, and may then stand in an item of the day before theirs.
const WAITED_AT_MOST: Duration = Duration::from_hours(24);

/// `Calls` on DynamoDB, which all processes of a deployment share.
#[derive(Clone)]
pub struct DynamoCalls {
    table: Table,
    clock: Clock,
    /// Tells two processes' items of one moment apart.
    writer: String,
}

impl DynamoCalls {
    /// `clock` says what has expired.
    pub fn new(sdk: &SdkConfig, table: String, clock: Clock) -> Self {
        Self { table: Table::new(sdk, table), clock, writer: token() }
    }

    /// The same calls make the same item, so what is written again because an answer was lost is there once.
    async fn put(&self, calls: &[CallRecord], text: String) -> Result<(), StoreError> {
        let times = || calls.iter().map(|call| call.at);
        let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(()) };
        let key = Key::calls(first, &self.writer, &text);
        self.table.put(Item::new(&key, last, REPORTS_LAST).text("calls", text)).await?;
        Ok(())
    }
}

#[async_trait]
impl CallLog for DynamoCalls {
    /// Mostly one item. Of more than fit into one, some may be kept where this fails; told again, they are kept once.
    async fn append(&self, calls: Arc<[CallRecord]>) -> Result<(), LogError> {
        let mut left = &*calls;
        while !left.is_empty() {
            let mut count = left.len();
            let text = loop {
                let text = serde_json::to_string(&left[..count])
                    .map_err(|error| LogError(Box::new(error)))?;
                if text.len() <= LONGEST_TEXT || count == 1 {
                    break text;
                }
                count = count.div_ceil(2);
            };
            let (now, later) = left.split_at(count);
            self.put(now, text).await.map_err(|error| LogError(Box::new(error)))?;
            left = later;
        }
        Ok(())
    }
}

#[async_trait]
impl Calls for DynamoCalls {
    async fn read(
        &self,
        since: Timestamp,
        most: usize,
        each: &mut (dyn FnMut(CallRecord) + Send),
    ) -> Result<bool, StoreError> {
        let now = (self.clock)();
        let mut left = most;
        // Another process' clock may have passed midnight already.
        let last = now + WAITED_AT_MOST;
        for midnight in days(since.max(now - REPORTS_LAST) - WAITED_AT_MOST, last) {
            let query = Query {
                partition: Partition::OfTable(Key::calls_of(&day(midnight))),
                order: Order::Ascending,
                most: usize::MAX,
            };
            let is_recent = |item: &Item| item.read_time("touched").is_ok_and(|at| at >= since);
            let items =
                self.table.query(query, |item| is_recent(item) && !item.has_expired(now)).await?;
            for item in items {
                for call in calls_of(&item)?.into_iter().filter(|call| call.at >= since) {
                    if left == 0 {
                        return Ok(true);
                    }
                    left -= 1;
                    each(call);
                }
            }
        }
        Ok(false)
    }
}

fn calls_of(item: &Item) -> Result<Vec<CallRecord>, Fault> {
    serde_json::from_str(&item.read_text("calls")?)
        .map_err(|_| Fault::Shape { item: item.name(), attribute: "calls".to_owned() })
}

#[cfg(test)]
mod tests {
    use emulators::{Emulators, Stack, sdk};

    use super::super::calls_contract_tests::{self, call, read};
    use super::super::lost_answers_tests::losing_the_first_answer;
    use super::*;

    /// 2026-11-21T00:00:00Z
    const MIDNIGHT: i64 = 1_795_219_200_000;
    const CLOCK: Clock = || Timestamp(10_000);

    calls_contract_tests::holds_for!(calls(&Emulators::shared().stack(), CLOCK));

    fn calls(stack: &Stack, clock: Clock) -> DynamoCalls {
        DynamoCalls::new(&sdk(&Emulators::shared().aws_url), stack.table.clone(), clock)
    }

    #[tokio::test]
    async fn calls_of_two_processes_at_one_moment_are_all_kept() {
        let stack = Emulators::shared().stack();
        for _ in 0..2 {
            calls(&stack, CLOCK).append([call(1)].into()).await.unwrap();
        }
        assert_eq!(read(&calls(&stack, CLOCK), 0, 10).await.0, [call(1), call(1)]);
    }

    #[tokio::test]
    async fn calls_whose_answer_is_lost_and_that_are_told_again_are_kept_once() {
        let stack = Emulators::shared().stack();
        let losing = losing_the_first_answer("PutItem").await;
        let losing = DynamoCalls::new(&sdk(&losing), stack.table.clone(), CLOCK);
        losing.append([call(1), call(2)].into()).await.unwrap();
        losing.append([call(1), call(2)].into()).await.unwrap();
        assert_eq!(read(&calls(&stack, CLOCK), 0, 10).await.0.len(), 2);
    }

    #[tokio::test]
    async fn a_batch_over_midnight_and_calls_that_waited_a_day_are_read() {
        let stack = Emulators::shared().stack();
        let calls = calls(&stack, || Timestamp(MIDNIGHT + 3_600_000));
        calls.append([call(MIDNIGHT - 1), call(MIDNIGHT + 1)].into()).await.unwrap();
        assert_eq!(read(&calls, MIDNIGHT, 10).await.0, [call(MIDNIGHT + 1)]);
        assert_eq!(read(&calls, MIDNIGHT - 1, 10).await.0.len(), 2);
    }

    #[tokio::test]
    async fn what_has_expired_is_not_read_though_it_may_still_be_there() {
        let stack = Emulators::shared().stack();
        calls(&stack, CLOCK).append([call(MIDNIGHT)].into()).await.unwrap();
        let after = |clock| calls(&stack, clock);
        let before = after(|| Timestamp(MIDNIGHT) + REPORTS_LAST);
        assert_eq!(read(&before, 0, 10).await.0.len(), 1);
        let later = after(|| Timestamp(MIDNIGHT + 2_000) + REPORTS_LAST);
        assert_eq!(read(&later, 0, 10).await.0.len(), 0);
    }

    #[tokio::test]
    async fn the_longest_batch_is_kept_in_several_items() {
        let stack = Emulators::shared().stack();
        let calls = calls(&stack, CLOCK);
        let name = "\u{1}".repeat(200);
        let long = |at| CallRecord {
            agent: Some(name.clone()),
            task: Some(name.clone()),
            model: name.clone(),
            driver: name.clone(),
            ..call(at)
        };
        let batch: Arc<[_]> = (0..500).map(long).collect();
        calls.append(batch.clone()).await.unwrap();
        let (mut kept, _) = read(&calls, 0, usize::MAX).await;
        kept.sort_by_key(|call| call.at);
        assert_eq!(kept, *batch);
    }

    #[tokio::test]
    async fn an_item_that_another_version_wrote_is_named() {
        let stack = Emulators::shared().stack();
        let calls = calls(&stack, CLOCK);
        let item = Item::new(&Key::calls(Timestamp(1), "w", "t"), Timestamp(1), REPORTS_LAST);
        calls.table.put(item.text("calls", "[{}]")).await.unwrap();
        let error = calls.read(Timestamp(0), 1, &mut |_| ()).await.unwrap_err();
        assert!(error.to_string().contains("has no `calls` that this version can read"), "{error}");
    }
}
