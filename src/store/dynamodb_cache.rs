//! The cache in the table, its larger values in the bucket.

use std::time::Duration;

use contract::Timestamp;

use super::StoreError;
use super::bodies::segment;
use super::dynamodb::DynamoStore;
use super::dynamodb_item::{Item, Key};

pub(super) async fn read(
    store: &DynamoStore,
    key: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let Some(item) = store.table.get(&Key::cache(key)).await? else {
        return Ok(None);
    };
    // `expires` is in seconds, and only tells the table when to clear up.
    if item.read_time("touched")? <= now {
        return Ok(None);
    }
    store.bodies.text(&item.read_body()?, &item.name()).await
}

/// Here `touched` is when the value expires, so that pruning spares what is still good.
pub(super) async fn write(
    store: &DynamoStore,
    key: &str,
    value: &str,
    expires: Timestamp,
) -> Result<(), StoreError> {
    let body = store.bodies.keep(&format!("cache/{}/", segment(key)), value).await?;
    let item = Item::new(&Key::cache(key), expires, Duration::ZERO).body(&body);
    store.table.put(item).await?;
    Ok(())
}
