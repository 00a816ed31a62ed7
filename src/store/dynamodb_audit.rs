//! The audit trail in the table: numbered lines, of which none is ever written twice.

use contract::Timestamp;

use super::aws_calls::Fault;
use super::dynamodb::{DynamoStore, REPORTS_LAST, token};
use super::dynamodb_item::{Item, Key};
use super::dynamodb_list::{Order, Partition, Query};
use super::dynamodb_table::{Condition, Written};
use super::{AuditEntry, StoreError};

/// Of one run at most two workers write at a time, so nobody loses so often in a row.
const MOST_COLLISIONS: u32 = 50;

pub(super) async fn add(
    store: &DynamoStore,
    run_id: &str,
    event: &str,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let token = token();
    for _ in 0..MOST_COLLISIONS {
        let last = lines(store, run_id, Order::Descending, 1).await?;
        let number = last.first().map_or(Ok(0), |line| line.read_number::<u64>("number"))? + 1;
        let line = Item::new(&Key::audit(run_id, number), now, REPORTS_LAST)
            .number("number", number)
            .text("event", event)
            .text("detail", detail)
            .text("token", &token);
        // Two clocks may disagree; the line before is what both see.
        let is_next = Condition { expression: "attribute_not_exists(#pk)", values: Vec::new() };
        match store.table.put_if(line, is_next).await? {
            Written::Done(_) => return Ok(()),
            Written::Refused(Some(line))
                if line.read_text("token").is_ok_and(|its| its == token) =>
            {
                return Ok(());
            }
            Written::Refused(_) => {}
        }
    }
    let problem = format!("others were faster {MOST_COLLISIONS} times in a row");
    let resource = store.table.arn.clone();
    Err(Fault::Call { action: "dynamodb:PutItem", resource, problem }.into())
}

pub(super) async fn trail(
    store: &DynamoStore,
    run_id: &str,
) -> Result<Vec<AuditEntry>, StoreError> {
    let now = (store.clock)();
    let lines = lines(store, run_id, Order::Ascending, usize::MAX).await?;
    let current = lines.iter().filter(|line| !line.has_expired(now));
    current.map(|line| Ok(entry_of(line)?)).collect()
}

async fn lines(
    store: &DynamoStore,
    run_id: &str,
    order: Order,
    most: usize,
) -> Result<Vec<Item>, StoreError> {
    let partition = Partition::OfTable(Key::audit(run_id, 0).pk);
    store.table.query(Query { partition, order, most }, |_| true).await
}

fn entry_of(line: &Item) -> Result<AuditEntry, Fault> {
    Ok(AuditEntry {
        event: line.read_text("event")?,
        detail: line.read_text("detail")?,
        at: line.read_time("touched")?,
    })
}
