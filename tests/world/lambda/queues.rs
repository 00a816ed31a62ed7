//! The queues of a world, as an operator and as Lambda see them.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde_json::{Map, Value, json};

use super::sdk;

fn client() -> Client {
    Client::new(&sdk())
}

/// Up to ten messages, hidden from others for this long.
pub async fn receive(queue_url: &str, hidden_for: Duration) -> Vec<Message> {
    let received = client()
        .receive_message()
        .queue_url(queue_url)
        .max_number_of_messages(10)
        .visibility_timeout(i32::try_from(hidden_for.as_secs()).expect("hours at most"))
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await;
    received.expect("SQS answers").messages.unwrap_or_default()
}

/// How many messages there are, hidden ones too.
pub async fn count(queue_url: &str) -> u64 {
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let answer = client()
        .get_queue_attributes()
        .queue_url(queue_url)
        .set_attribute_names(Some(names.to_vec()))
        .send()
        .await
        .expect("SQS answers");
    let attributes = answer.attributes.unwrap_or_default();
    attributes.values().map(|number| number.parse::<u64>().expect("a number")).sum()
}

/// How often a message is handed out before it goes to the dead letters.
pub async fn most_receives(queue_url: &str) -> usize {
    let name = QueueAttributeName::RedrivePolicy;
    let answer = client()
        .get_queue_attributes()
        .queue_url(queue_url)
        .attribute_names(name.clone())
        .send()
        .await
        .expect("SQS answers");
    let policy = answer.attributes.and_then(|mut attributes| attributes.remove(&name));
    let policy: Value = serde_json::from_str(&policy.expect("a policy")).expect("JSON");
    let most = &policy["maxReceiveCount"];
    let most = most.as_u64().or_else(|| most.as_str()?.parse().ok());
    usize::try_from(most.expect("a number")).expect("few")
}

pub async fn send(queue_url: &str, body: &str) {
    client().send_message().queue_url(queue_url).message_body(body).send().await.expect("sent");
}

/// As an operator redrives: from the one queue to the other, with all that it says.
pub async fn redrive(from: &str, to: &str) {
    for message in receive(from, Duration::from_mins(1)).await {
        let client = client();
        client
            .send_message()
            .queue_url(to)
            .message_body(message.body().unwrap_or_default())
            .set_message_attributes(message.message_attributes.clone())
            .send()
            .await
            .expect("sent");
        delete(from, &message).await;
    }
}

pub async fn delete(queue_url: &str, message: &Message) {
    let receipt = message.receipt_handle().unwrap_or_default();
    client()
        .delete_message()
        .queue_url(queue_url)
        .receipt_handle(receipt)
        .send()
        .await
        .expect("deleted");
}

/// As Lambda's event source mapping hands messages over.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub fn event(messages: &[Message]) -> Value {
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

fn record(message: &Message) -> Value {
    let attributes = message.attributes().into_iter().flatten();
    let attributes: Map<String, Value> =
        attributes.map(|(name, value)| (name.as_str().to_owned(), value.as_str().into())).collect();
    let own = message.message_attributes().into_iter().flatten();
    let own: Map<String, Value> = own
        .map(|(name, value)| {
            let value = json!({"stringValue": value.string_value(), "dataType": value.data_type(), "stringListValues": [], "binaryListValues": []});
            (name.clone(), value)
        })
        .collect();
    json!({
        "messageId": message.message_id(),
        "receiptHandle": message.receipt_handle(),
        "body": message.body(),
        "attributes": attributes,
        "messageAttributes": own,
        "md5OfBody": message.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:jobs",
        "awsRegion": "us-east-1",
    })
}
