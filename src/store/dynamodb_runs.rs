//! Runs in the table, their states there or in the bucket.

use aws_sdk_dynamodb::types::AttributeValue;
use contract::Timestamp;

use super::bodies::segment;
use super::dynamodb::{DynamoStore, RUNS_LAST, token};
use super::dynamodb_item::{Item, Key, expiry};
use super::dynamodb_table::{Condition, Written};
use super::{RunRecord, StoreError};

/// A worker may go on with the run between the read of its item and that of its state.
const MOST_READS: u32 = 3;

pub(super) async fn find(
    store: &DynamoStore,
    run_id: &str,
) -> Result<Option<RunRecord>, StoreError> {
    let mut reads = 0;
    loop {
        let item = store.table.get(&Key::run(run_id)).await?;
        let Some(item) = item.filter(|item| !item.has_expired((store.clock)())) else {
            return Ok(None);
        };
        let body = item.read_body()?;
        if let Some(state) = store.bodies.text(&body, &item.name()).await? {
            return Ok(Some(RunRecord {
                run_id: run_id.to_owned(),
                state,
                revision: item.read_number("revision")?,
                finished: item.read_flag("finished")?,
            }));
        }
        reads += 1;
        if reads >= MOST_READS {
            return Err(store.bodies.gone(&body));
        }
    }
}

pub(super) async fn checkpoint(
    store: &DynamoStore,
    run_id: &str,
    state: &str,
    revision: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    // With the revision in its name an object is never that of a later checkpoint, and can be deleted with its item.
    let prefix = format!("states/{}/{revision}-", segment(run_id));
    let body = store.bodies.keep(&prefix, state).await?;
    let token = token();
    let item = Item::new(&Key::run(run_id), now, RUNS_LAST)
        .number("revision", revision)
        .flag("finished", false)
        .text("token", &token)
        .body(&body);
    match store.table.put_if(item, follows(revision, now)).await? {
        Written::Done(before) => {
            let superseded = before.and_then(|item| item.read_body().ok());
            if let Some(superseded) = superseded.filter(|superseded| *superseded != body) {
                store.bodies.forget(&superseded).await;
            }
            Ok(())
        }
        Written::Refused(Some(kept)) if is_of(&kept, &token) => Ok(()),
        Written::Refused(_) => Err(StoreError::Conflict { run_id: run_id.to_owned(), revision }),
    }
}

/// The last state stays: a review of the same head is answered from it.
pub(super) async fn finish(
    store: &DynamoStore,
    run_id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let number = |number: i64| AttributeValue::N(number.to_string());
    let update = "SET #finished = :yes, #touched = :touched, #expires = :expires";
    let exists = Condition {
        expression: "attribute_exists(#pk) AND #expires >= :now",
        values: vec![
            (":yes", AttributeValue::Bool(true)),
            (":touched", number(now.0)),
            (":expires", number(expiry(now, RUNS_LAST))),
            (":now", number(now.seconds())),
        ],
    };
    store.table.update_if(&Key::run(run_id), update, exists).await?;
    Ok(())
}

/// There is no run, or none that counts, or it is at the revision before.
fn follows(revision: u64, now: Timestamp) -> Condition {
    let before = i128::from(revision) - 1;
    Condition {
        expression: "attribute_not_exists(#pk) OR #expires < :now OR (#revision = :before AND #finished = :no)",
        values: vec![
            (":now", AttributeValue::N(now.seconds().to_string())),
            (":before", AttributeValue::N(before.to_string())),
            (":no", AttributeValue::Bool(false)),
        ],
    }
}

/// Our own write, whose answer was lost.
fn is_of(kept: &Item, token: &str) -> bool {
    kept.read_text("token").is_ok_and(|kept| kept == token)
}
