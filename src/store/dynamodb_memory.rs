//! What was learned of a repository, in the table, and by time in the index.

use super::bodies::inline_only;
use super::dynamodb::{DynamoStore, MEMORY_LASTS};
use super::dynamodb_item::{Item, Key};
use super::dynamodb_list::{Order, Partition, Query};
use super::{Memory, StoreError};

pub(super) async fn remember(store: &DynamoStore, memory: &Memory) -> Result<(), StoreError> {
    let key = Key::memory(&memory.repository, &memory.key);
    let item = Item::new(&key, memory.at, MEMORY_LASTS)
        .text("repository", &memory.repository)
        .text("key", &memory.key)
        .text("open", &key.pk)
        .number("open_since", memory.at.0)
        .body(&inline_only(&memory.text)?);
    store.table.put(item).await?;
    Ok(())
}

/// What another worker learned this moment may be missing: the index is a little behind the table.
pub(super) async fn recall(
    store: &DynamoStore,
    repository: &str,
    most: usize,
) -> Result<Vec<Memory>, StoreError> {
    let partition = Partition::OfIndex(Key::memory(repository, "").pk);
    let now = (store.clock)();
    let query = Query { partition, order: Order::Descending, most };
    let items = store.table.query(query, |item| !item.has_expired(now)).await?;
    let mut memories = Vec::new();
    for item in items {
        memories.push(memory_of(store, &item).await?);
    }
    Ok(memories)
}

async fn memory_of(store: &DynamoStore, item: &Item) -> Result<Memory, StoreError> {
    let body = item.read_body()?;
    let text = store.bodies.text(&body, &item.name()).await?;
    Ok(Memory {
        repository: item.read_text("repository")?,
        key: item.read_text("key")?,
        text: text.ok_or_else(|| store.bodies.gone(&body))?,
        at: item.read_time("touched")?,
    })
}
