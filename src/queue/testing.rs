//! The queue on an AWS that runs beside the tests.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use emulators::{Emulators, Stack};

use super::sqs::{Settings, SqsQueue};

/// What reaches the emulator and nothing else.
pub(super) fn sdk() -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&Emulators::shared().aws_url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

pub(super) fn stack() -> Stack {
    Emulators::shared().stack()
}

pub(super) fn queue_on(stack: &Stack) -> SqsQueue {
    SqsQueue::new(&sdk(), settings(stack))
}

/// The queue of a process that dies, or loses its network, between writing to the table and sending.
pub(super) fn queue_that_cannot_send(stack: &Stack) -> SqsQueue {
    let nowhere = format!("{}-gone", stack.queue_url);
    SqsQueue::new(&sdk(), Settings { queue_url: nowhere, ..settings(stack) })
}

fn settings(stack: &Stack) -> Settings {
    Settings {
        table: stack.table.clone(),
        queue_url: stack.queue_url.clone(),
        dead_letter_queue_url: Some(stack.dead_letter_queue_url.clone()),
    }
}
