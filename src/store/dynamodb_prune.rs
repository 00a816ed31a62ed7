//! Forgets what is old, in the table and in the bucket.

use aws_sdk_dynamodb::types::AttributeValue;
use contract::Timestamp;
use futures::{StreamExt, TryStreamExt, stream};

use super::dynamodb::DynamoStore;
use super::dynamodb_item::Item;
use super::dynamodb_table::Condition;
use super::{MEMORY_OUTLIVES, StoreError};

const DELETED_AT_ONCE: usize = 16;

pub(super) async fn prune(store: &DynamoStore, older_than: Timestamp) -> Result<(), StoreError> {
    let mut begin = None;
    loop {
        let (items, next) = store.table.scan(older_than.0, begin).await?;
        let old = items.into_iter().filter(|item| is_old(item, older_than));
        stream::iter(old.map(|item| forget(store, item)))
            .buffer_unordered(DELETED_AT_ONCE)
            .try_collect::<()>()
            .await?;
        begin = next;
        if begin.is_none() {
            return Ok(());
        }
    }
}

/// The queue shares the table and looks after its own items; accounts of budgets and calls of models expire by themselves.
fn is_old(item: &Item, older_than: Timestamp) -> bool {
    let (Ok(key), Ok(touched)) = (item.key(), item.read_time("touched")) else {
        return false;
    };
    match key.pk.split('#').next() {
        Some("run" | "report" | "reports" | "audit" | "cache") => touched < older_than,
        Some("memory") => touched < older_than - MEMORY_OUTLIVES,
        _ => false,
    }
}

/// One by one, because a batch of deletions takes no condition, and what was touched meanwhile has to stay.
async fn forget(store: &DynamoStore, item: Item) -> Result<(), StoreError> {
    let touched = AttributeValue::N(item.read_time("touched")?.0.to_string());
    let values = vec![(":touched", touched)];
    let untouched = Condition { expression: "#touched = :touched", values };
    if store.table.delete_if(&item.key()?, untouched).await?
        && let Ok(body) = item.read_body()
    {
        store.bodies.forget(&body).await;
    }
    Ok(())
}
