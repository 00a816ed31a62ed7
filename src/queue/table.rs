//! The pull requests' queues in a DynamoDB table: one item each, changed by one conditional write.

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use contract::Timestamp;
use futures::future::try_join_all;

use super::call::{failed, retries, timeouts};
use super::item::{Attributes, Item, SHARDS, count, number, primary_key, shard_name, text};
use super::pull::{NEVER, PullQueue};
use super::{Depth, QueueError};

/// The index of what is open, over `open` and `open_since`.
const INDEX: &str = "open";
/// The longest pause before a change is tried again that another overtook.
const LONGEST_PAUSE_MILLISECONDS: u64 = 200;

#[derive(Clone)]
pub(super) struct Table {
    client: Client,
    name: String,
}

/// A pull request that the index knows to be open. The index follows the table by a moment.
pub(super) struct Open {
    pub key: String,
    pub pull: PullQueue,
    due: Timestamp,
}

enum Put {
    Written,
    /// Not written, because this stands there.
    Overtaken(Box<Item>),
}

impl Table {
    pub(super) fn new(sdk: &SdkConfig, name: String) -> Self {
        Self::with(Builder::from(sdk), name)
    }

    pub(super) fn with(client: Builder, name: String) -> Self {
        let client = client.timeout_config(timeouts()).retry_config(retries()).build();
        Self { client: Client::from_conf(client), name }
    }

    /// Applies a transition, as if nobody else did anything meanwhile, and returns its answer and what stands there now.
    ///
    /// It goes on until it succeeds: the caller sets the deadline.
    pub(super) async fn change<T>(
        &self,
        key: &str,
        now: Timestamp,
        transition: impl Fn(&mut PullQueue) -> T,
    ) -> Result<(T, PullQueue), QueueError> {
        // Random by the system, because processes that start alike must differ.
        let writer = format!("{:016x}", RandomState::new().hash_one(key));
        // The client's futures are large, hence the boxes.
        let mut item = Box::pin(self.get(key, now)).await?;
        let mut longest_pause = 10;
        loop {
            let mut pull = item.pull.clone();
            let answer = transition(&mut pull);
            if pull == item.pull {
                return Ok((answer, pull));
            }
            let (key, writer) = (key.to_owned(), writer.clone());
            let next = Item { key, version: item.version + 1, writer, pull };
            match Box::pin(self.put(&next, now)).await? {
                Put::Written => return Ok((answer, next.pull)),
                // A write whose answer was lost, and which the client has sent again.
                Put::Overtaken(found) if found.is_same_write(&next) => {
                    return Ok((answer, next.pull));
                }
                Put::Overtaken(found) => item = *found,
            }
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=longest_pause))).await;
            longest_pause = (longest_pause * 2).min(LONGEST_PAUSE_MILLISECONDS);
        }
    }

    /// Pull requests that are due by `until`, longest first: up to `limit` of each part of the index.
    pub(super) async fn open(
        &self,
        until: Timestamp,
        limit: i32,
        now: Timestamp,
    ) -> Result<Vec<Open>, QueueError> {
        let parts = (0..SHARDS).map(|shard| self.open_in(shard, until, limit, now));
        let mut open: Vec<Open> = try_join_all(parts).await?.into_iter().flatten().collect();
        open.sort_by_key(|open| open.due);
        Ok(open)
    }

    /// When the next job can be taken; `None` where nothing waits or runs.
    pub(super) async fn next_due(&self, now: Timestamp) -> Result<Option<Timestamp>, QueueError> {
        // More than one of each part, because the first may be unreadable.
        let open = self.open(NEVER - Duration::from_millis(1), 5, now).await?;
        Ok(open.first().map(|open| open.due))
    }

    pub(super) async fn depth(&self, now: Timestamp) -> Result<Depth, QueueError> {
        let parts = try_join_all((0..SHARDS).map(|shard| self.depth_of(shard, now))).await?;
        Ok(parts.into_iter().fold(Depth::default(), |sum, part| Depth {
            waiting: sum.waiting + part.waiting,
            running: sum.running + part.running,
            failed: sum.failed + part.failed,
        }))
    }

    async fn get(&self, key: &str, now: Timestamp) -> Result<Item, QueueError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(primary_key(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.failed("dynamodb:GetItem", error))?;
        self.read(got.item.as_ref(), now)
    }

    /// Writes over the version before it, and over no other.
    async fn put(&self, item: &Item, now: Timestamp) -> Result<Put, QueueError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item.attributes(now)?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = if item.version == 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(item.version - 1))
        };
        let Err(error) = put.send().await else { return Ok(Put::Written) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                Ok(Put::Overtaken(Box::new(self.read(refused.item.as_ref(), now)?)))
            }
            _ => Err(self.failed("dynamodb:PutItem", error)),
        }
    }

    async fn open_in(
        &self,
        shard: u8,
        until: Timestamp,
        limit: i32,
        now: Timestamp,
    ) -> Result<Vec<Open>, QueueError> {
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("#open = :open AND #since <= :until")
            .expression_attribute_names("#open", "open")
            .expression_attribute_names("#since", "open_since")
            .expression_attribute_values(":open", text(shard_name(shard)))
            .expression_attribute_values(":until", number(until.0))
            .limit(limit)
            .send()
            .await
            .map_err(|error| self.failed("dynamodb:Query", error))?;
        Ok(page.items().iter().filter_map(|item| self.read_open(item, now)).collect())
    }

    async fn depth_of(&self, shard: u8, now: Timestamp) -> Result<Depth, QueueError> {
        let mut items = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX)
            .key_condition_expression("#open = :open")
            .projection_expression("#waiting, #running, #failed")
            .filter_expression("#expires > :now")
            .expression_attribute_names("#open", "open")
            .expression_attribute_names("#waiting", "waiting")
            .expression_attribute_names("#running", "running")
            .expression_attribute_names("#failed", "failed")
            .expression_attribute_names("#expires", "expires")
            .expression_attribute_values(":now", number(now.seconds()))
            .expression_attribute_values(":open", text(shard_name(shard)))
            .into_paginator()
            .items()
            .send();
        let mut depth = Depth::default();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| self.failed("dynamodb:Query", error))?;
            depth.waiting += count(&item, "waiting");
            depth.running += count(&item, "running");
            depth.failed += count(&item, "failed");
        }
        Ok(depth)
    }

    fn read(&self, attributes: Option<&Attributes>, now: Timestamp) -> Result<Item, QueueError> {
        let Some(attributes) = attributes else { return Ok(Item::default()) };
        // Refused rather than overwritten: a newer version of this program may have kept more than this one knows.
        Item::read(attributes, now).map_err(|why| {
            let message = format!("an item of the table {} is unreadable: {why}", self.name);
            QueueError::Unavailable(message.into())
        })
    }

    /// An unreadable item must not hold up the others.
    fn read_open(&self, attributes: &Attributes, now: Timestamp) -> Option<Open> {
        let item = self.read(Some(attributes), now);
        let item =
            item.inspect_err(|error| tracing::error!(%error, "a pull request is left alone"));
        let item = item.ok()?;
        Some(Open { key: item.key, due: item.pull.due()?, pull: item.pull })
    }

    fn failed<E, R>(&self, action: &str, error: SdkError<E, R>) -> QueueError
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: Debug + Send + Sync + 'static,
    {
        failed(action, &format!("the table {}", self.name), error)
    }
}
