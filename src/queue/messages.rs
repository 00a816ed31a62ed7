//! The SQS queue that rings for pull requests, and the one that keeps what has failed.

use std::fmt::Debug;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageAttributeValue};

use super::QueueError;
use super::bell::{Bell, FAILED};
use super::call::{failed, retries, timeouts};
use super::pull::Failed;
use crate::review::job::Job;

/// SQS holds a message back for at most that long, and a poll open.
const LONGEST_DELAY: Duration = Duration::from_mins(15);
pub(super) const LONGEST_POLL: Duration = Duration::from_secs(20);
const LONGEST_HIDING: Duration = Duration::from_hours(12);
const MOST_AT_ONCE: i32 = 10;
/// Characters of a reason that go with a failed job.
const MOST_REASON: usize = 256;

#[derive(Clone)]
pub(super) struct Messages {
    client: Client,
    queue_url: String,
    dead_letter_queue_url: Option<String>,
}

impl Messages {
    pub(super) fn new(
        sdk: &SdkConfig,
        queue_url: String,
        dead_letter_queue_url: Option<String>,
    ) -> Self {
        let client = Builder::from(sdk).timeout_config(timeouts()).retry_config(retries()).build();
        Self { client: Client::from_conf(client), queue_url, dead_letter_queue_url }
    }

    /// Sends a message for the job's pull request, which comes in `delay` or, where that is too long for SQS, before.
    pub(super) async fn ring(&self, job: &Job, delay: Duration) -> Result<(), QueueError> {
        let message =
            self.message(&self.queue_url, job)?.delay_seconds(seconds(delay, LONGEST_DELAY));
        let sent = Box::pin(message.send()).await;
        sent.map_err(|error| refused("sqs:SendMessage", &self.queue_url, error)).map(drop)
    }

    /// Shows a failed job to those who watch the dead-letter queue, if there is one.
    pub(super) async fn bury(&self, Failed { job, reason }: &Failed) -> Result<(), QueueError> {
        let Some(url) = &self.dead_letter_queue_url else { return Ok(()) };
        let message = self
            .message(url, job)?
            .message_attributes("reason", attribute(reason)?)
            .message_attributes(FAILED, attribute("1")?);
        let sent = Box::pin(message.send()).await;
        sent.map_err(|error| refused("sqs:SendMessage", url, error)).map(drop)
    }

    /// Keeps a received message invisible from now on.
    pub(super) async fn hide(&self, receipt: &str, time: Duration) -> Result<(), QueueError> {
        let hide = self
            .client
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(time, LONGEST_HIDING));
        let hidden = Box::pin(hide.send()).await;
        hidden
            .map_err(|error| refused("sqs:ChangeMessageVisibility", &self.queue_url, error))
            .map(drop)
    }

    /// Waits for messages, whole seconds and at most `LONGEST_POLL`.
    pub(super) async fn listen(&self, time: Duration) -> Result<Vec<Message>, QueueError> {
        let time = time.min(LONGEST_POLL);
        let patient = TimeoutConfig::builder()
            .operation_attempt_timeout(time + Duration::from_secs(5))
            .operation_timeout(time * 2 + Duration::from_secs(10))
            .build();
        let poll = self
            .client
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(MOST_AT_ONCE)
            .message_attribute_names(FAILED)
            .wait_time_seconds(i32::try_from(time.as_secs()).unwrap_or_default())
            .customize()
            .config_override(Builder::new().timeout_config(patient));
        let polled = Box::pin(poll.send()).await;
        let polled =
            polled.map_err(|error| refused("sqs:ReceiveMessage", &self.queue_url, error))?;
        Ok(polled.messages.unwrap_or_default())
    }

    pub(super) async fn delete(&self, messages: &[Message]) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let entries = messages.iter().enumerate().filter_map(|(index, message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(message.receipt_handle()?)
                .build()
                .ok()
        });
        let delete = self.client.delete_message_batch().queue_url(&self.queue_url);
        let delete = delete.set_entries(Some(entries.collect()));
        // One that stays rings once more, which does no harm.
        let deleted = Box::pin(delete.send()).await;
        deleted.map_err(|error| refused("sqs:DeleteMessage", &self.queue_url, error)).map(drop)
    }

    fn message(&self, queue_url: &str, job: &Job) -> Result<SendMessageFluentBuilder, QueueError> {
        let body =
            serde_json::to_string(job).map_err(|error| QueueError::Unavailable(error.into()))?;
        let message = self.client.send_message().queue_url(queue_url).message_body(body);
        Ok(match &job.traceparent {
            Some(traceparent) => message.message_attributes("traceparent", attribute(traceparent)?),
            None => message,
        })
    }
}

/// `None` where the message is not one of ours.
pub(super) fn read(message: &Message) -> Option<Bell> {
    let failed = message.message_attributes().and_then(|attributes| attributes.get(FAILED));
    Bell::read(
        message.message_id()?,
        message.receipt_handle()?,
        message.body()?,
        failed.and_then(|failed| failed.string_value()),
    )
}

/// Of the characters in it only those that SQS takes: those of XML 1.0.
fn attribute(text: &str) -> Result<MessageAttributeValue, QueueError> {
    let taken = |letter: &char| matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    let mut text: String = text.chars().filter(taken).take(MOST_REASON).collect();
    if text.is_empty() {
        // SQS refuses an empty value, and with it the message.
        "none".clone_into(&mut text);
    }
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(text)
        .build()
        .map_err(|error| QueueError::Unavailable(error.into()))
}

/// Never shorter than asked, up to the most.
fn seconds(time: Duration, most: Duration) -> i32 {
    let time = time.min(most);
    let begun = u64::from(time.subsec_nanos() > 0);
    i32::try_from(time.as_secs() + begun).unwrap_or(i32::MAX)
}

fn refused<E, R>(action: &str, queue_url: &str, error: SdkError<E, R>) -> QueueError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    failed(action, &format!("the queue {queue_url}"), error)
}
