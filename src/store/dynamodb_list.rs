//! The calls of DynamoDB for many items of the table.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::StoreError;
use super::aws_calls::{Fault, failed};
use super::dynamodb_item::{Attributes, Item, Key, names_in};
use super::dynamodb_table::Table;

/// The sparse index: hash `open`, range `open_since`, all attributes. It may be a moment behind the table.
const INDEX: &str = "open";
/// What one call may ask for.
const KEYS_AT_ONCE: usize = 100;
/// How often in a row a batch may bring nothing, and the pause that grows with it.
const FRUITLESS_MOST: u32 = 6;
const FRUITLESS_PAUSE: Duration = Duration::from_millis(100);

/// Items of one partition, in the order of the sort key.
pub(super) struct Query {
    pub(super) partition: Partition,
    pub(super) order: Order,
    pub(super) most: usize,
}

pub(super) enum Partition {
    OfTable(String),
    OfIndex(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

impl Table {
    /// The first items of a partition that are wanted.
    pub(super) async fn query(
        &self,
        query: Query,
        wanted: impl Fn(&Item) -> bool,
    ) -> Result<Vec<Item>, StoreError> {
        let (condition, partition, index) = match query.partition {
            Partition::OfTable(pk) => ("#pk = :partition", pk, None),
            Partition::OfIndex(open) => ("#open = :partition", open, Some(INDEX.to_owned())),
        };
        let resource =
            index.as_ref().map_or(self.arn.clone(), |index| format!("{}/index/{index}", self.arn));
        let mut found = Vec::new();
        let mut begin = None;
        while found.len() < query.most {
            let call = self
                .client
                .query()
                .table_name(&self.name)
                // An index cannot be asked for what was written this moment.
                .consistent_read(index.is_none())
                .set_index_name(index.clone())
                .key_condition_expression(condition)
                .set_expression_attribute_names(Some(names_in(condition)))
                .expression_attribute_values(":partition", AttributeValue::S(partition.clone()))
                .scan_index_forward(query.order == Order::Ascending)
                .limit(i32::try_from(query.most - found.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(begin)
                .send();
            let answer = call.await.map_err(|error| failed("dynamodb:Query", &resource, &error))?;
            let items = answer.items.unwrap_or_default().into_iter().map(Item::from);
            found.extend(items.filter(|item| wanted(item)));
            begin = answer.last_evaluated_key;
            if begin.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// The items under these keys that exist, in any order.
    pub(super) async fn get_all(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        for keys in keys.chunks(KEYS_AT_ONCE) {
            found.append(&mut self.get_batch(keys).await?);
        }
        Ok(found)
    }

    /// DynamoDB answers a batch in parts when it is busy or the parts are large.
    async fn get_batch(&self, keys: &[Key]) -> Result<Vec<Item>, StoreError> {
        let keys = keys.iter().map(Key::attributes).collect();
        let request = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys));
        let mut left =
            Some(request.build().map_err(|error| StoreError::Unavailable(error.into()))?);
        let (mut found, mut fruitless) = (Vec::new(), 0);
        while let Some(request) = left {
            let call = self.client.batch_get_item().request_items(&self.name, request).send();
            let mut answer =
                call.await.map_err(|error| failed("dynamodb:BatchGetItem", &self.arn, &error))?;
            let items =
                answer.responses.as_mut().and_then(|responses| responses.remove(&self.name));
            let items = items.unwrap_or_default();
            fruitless = if items.is_empty() { fruitless + 1 } else { 0 };
            found.extend(items.into_iter().map(Item::from));
            left = answer.unprocessed_keys.and_then(|mut keys| keys.remove(&self.name));
            if left.is_some() && fruitless > 0 {
                self.wait(fruitless).await?;
            }
        }
        Ok(found)
    }

    async fn wait(&self, fruitless: u32) -> Result<(), StoreError> {
        if fruitless > FRUITLESS_MOST {
            let (resource, problem) = (self.arn.clone(), "the table is too busy".to_owned());
            return Err(Fault::Call { action: "dynamodb:BatchGetItem", resource, problem }.into());
        }
        tokio::time::sleep(FRUITLESS_PAUSE * fruitless).await;
        Ok(())
    }

    /// One page of the whole table: what was last touched before `before` milliseconds, and where the next page begins.
    pub(super) async fn scan(
        &self,
        before: i64,
        begin: Option<Attributes>,
    ) -> Result<(Vec<Item>, Option<Attributes>), StoreError> {
        let filter = "#touched < :before";
        let call = self
            .client
            .scan()
            .table_name(&self.name)
            .filter_expression(filter)
            .set_expression_attribute_names(Some(names_in(filter)))
            .expression_attribute_values(":before", AttributeValue::N(before.to_string()))
            .set_exclusive_start_key(begin)
            .send();
        let answer = call.await.map_err(|error| failed("dynamodb:Scan", &self.arn, &error))?;
        let items = answer.items.unwrap_or_default().into_iter().map(Item::from).collect();
        Ok((items, answer.last_evaluated_key))
    }
}
