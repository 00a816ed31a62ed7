//! What `template.yaml` deploys, as the emulator's services show it: the stories that use a stack stand on what ships.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName::{self, RedrivePolicy, VisibilityTimeout};
use contract::Timestamp;
use emulators::{Emulators, Stack};
use model::bedrock::wire::{BedrockDriver, Settings};
use model::http::Client;
use model::{Call, Conversation, Message, ModelDriver};
use serde_json::Value;

use crate::world::aws::{FakeAws, Scripted, says, sdk};

#[tokio::test]
async fn the_table_has_its_index_and_forgets_what_expires() {
    let aws = Emulators::shared();
    let Stack { table, .. } = aws.stack();
    let dynamodb = aws_sdk_dynamodb::Client::new(&sdk(&aws.aws_url));
    let described = dynamodb.describe_table().table_name(&table).send().await.unwrap();
    let indexes = described.table.unwrap().global_secondary_indexes.unwrap();
    let keys = indexes[0]
        .key_schema()
        .iter()
        .map(|key| format!("{} {}", key.attribute_name, key.key_type));
    assert_eq!(indexes[0].index_name.as_deref(), Some("open"));
    assert_eq!(keys.collect::<Vec<_>>(), ["open HASH", "open_since RANGE"]);
    let forgets = dynamodb.describe_time_to_live().table_name(&table).send().await.unwrap();
    let forgets = forgets.time_to_live_description.unwrap();
    assert_eq!(forgets.attribute_name.as_deref(), Some("expires"));
    let backups = dynamodb.describe_continuous_backups().table_name(&table).send().await.unwrap();
    let recovery = backups.continuous_backups_description.unwrap();
    let recovery = recovery.point_in_time_recovery_description.unwrap();
    assert_eq!(recovery.point_in_time_recovery_status.unwrap().as_str(), "ENABLED");
}

#[tokio::test]
async fn what_fails_too_often_goes_to_the_dead_letter_queue() {
    let aws = Emulators::shared();
    let stack = aws.stack();
    let sqs = aws_sdk_sqs::Client::new(&sdk(&aws.aws_url));
    let attributes = sqs.get_queue_attributes().queue_url(&stack.queue_url);
    let attributes = attributes.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let attributes = attributes.attributes.unwrap();
    let seconds: u32 = attributes[&VisibilityTimeout].parse().unwrap();
    assert_eq!(seconds, 6 * 900, "six times the worker's timeout");
    let redrive: Value = serde_json::from_str(&attributes[&RedrivePolicy]).unwrap();
    let dead = stack.dead_letter_queue_url.rsplit('/').next().unwrap();
    assert!(redrive["deadLetterTargetArn"].as_str().unwrap().ends_with(dead), "{redrive}");

    sqs.send_message().queue_url(&stack.queue_url).message_body("job").send().await.unwrap();
    for _ in 0..=redrive["maxReceiveCount"].as_u64().unwrap() {
        let received = sqs.receive_message().queue_url(&stack.queue_url).visibility_timeout(0);
        received.send().await.unwrap();
    }
    let received = sqs.receive_message().queue_url(&stack.dead_letter_queue_url).send().await;
    assert_eq!(received.unwrap().messages()[0].body(), Some("job"));
}

#[tokio::test]
async fn the_bucket_keeps_versions_encrypts_and_tiers() {
    let aws = Emulators::shared();
    let Stack { bucket, .. } = aws.stack();
    let s3 = aws_sdk_s3::Client::new(&sdk(&aws.aws_url));
    let put = s3.put_object().bucket(&bucket).key("reports/1").body(b"x".to_vec().into());
    let put = put.if_none_match("*").send().await.unwrap();
    assert!(put.version_id().is_some(), "{put:?}");
    assert_eq!(put.server_side_encryption.unwrap().as_str(), "aws:kms");
    let tiers = s3.get_bucket_lifecycle_configuration().bucket(&bucket).send().await.unwrap();
    assert!(tiers.rules().iter().any(|rule| !rule.transitions().is_empty()), "{tiers:?}");
    aws.assert_valid();
}

#[tokio::test]
async fn fake_and_emulator_answer_on_one_address() {
    let emulators = Emulators::shared();
    let Stack { table, .. } = emulators.stack();
    let aws = FakeAws::beside(emulators).await;
    aws.script(vec![Scripted::Reply(says("Hello."))]);
    let dynamodb = aws_sdk_dynamodb::Client::new(&sdk(aws.url()));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = dynamodb.put_item().table_name(&table).item("pk", text("1")).item("sk", text("a"));
    put.send().await.unwrap();
    let get = dynamodb.get_item().table_name(&table).key("pk", text("1")).key("sk", text("a"));
    assert!(get.send().await.unwrap().item.is_some());
    let settings = Settings::of(&sdk(aws.url()), Timestamp::now).unwrap();
    let bedrock = BedrockDriver::new(settings, Client::new().unwrap());
    let hello = Conversation {
        messages: vec![Message::user("Hello")],
        system: String::new(),
        tools: Vec::new(),
    };
    let reply = bedrock.converse(&Call::new(hello, Duration::from_secs(10))).await.unwrap();
    assert_eq!(reply.message.text(), "Hello.");
}
