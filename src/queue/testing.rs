//! The queue on an AWS that runs beside the tests.

use aws_config::SdkConfig;
use emulators::{Emulators, Stack};

use super::sqs::{Settings, SqsQueue};

pub(super) fn sdk() -> SdkConfig {
    emulators::sdk(&Emulators::shared().aws_url)
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
