//! Lambda's event source mapping: it brings messages to the function, deletes what is done with, and leaves the rest.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::Message;
use serde_json::Value;

use super::instance::{Instance, Outcome};
use super::{LambdaWorld, queues};

/// Nothing takes longer, on a slow machine either.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct EventSource {
    queue_url: String,
    /// How long messages stay hidden that the function did not answer for.
    hidden_for: Duration,
}

/// One batch, and what became of it.
#[derive(Debug)]
pub struct Batch {
    pub messages: Vec<String>,
    /// The bodies of those that come back.
    pub failed: Vec<String>,
    pub outcome: Outcome,
}

impl EventSource {
    pub fn new(world: &LambdaWorld, hidden_for: Duration) -> Self {
        Self { queue_url: world.stack.queue_url.clone(), hidden_for }
    }

    /// Waits for messages.
    pub async fn receive(&self) -> Vec<Message> {
        let begun = Instant::now();
        loop {
            let messages = queues::receive(&self.queue_url, self.hidden_for).await;
            if !messages.is_empty() {
                return messages;
            }
            assert!(begun.elapsed() < PATIENCE, "no message came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Brings the next messages to the function.
    pub async fn bring(&self, instance: &mut Instance) -> Batch {
        let messages = self.receive().await;
        let outcome = instance.invoke(&queues::event(&messages)).await;
        self.settle(messages, outcome).await
    }

    /// Deletes what is done with. Of a function that failed, or that did not answer as it must, all comes back.
    pub async fn settle(&self, messages: Vec<Message>, outcome: Outcome) -> Batch {
        let failed = match &outcome {
            Outcome::Answered(answer) => failures(answer),
            _ => None,
        };
        let comes_back = |message: &Message| match &failed {
            Some(failed) => failed.iter().any(|id| Some(id.as_str()) == message.message_id()),
            None => true,
        };
        let (back, done): (Vec<_>, Vec<_>) = messages.into_iter().partition(comes_back);
        for message in &done {
            queues::delete(&self.queue_url, message).await;
        }
        let body = |message: &Message| message.body().unwrap_or_default().to_owned();
        Batch {
            messages: done.iter().chain(&back).map(body).collect(),
            failed: back.iter().map(body).collect(),
            outcome,
        }
    }

    /// Brings messages until there are none left.
    pub async fn drain(&self, instance: &mut Instance) -> Vec<Batch> {
        let begun = Instant::now();
        let mut batches = Vec::new();
        while queues::count(&self.queue_url).await > 0 {
            batches.push(self.bring(instance).await);
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not end: {batches:#?} {:#?}",
                instance.log()
            );
        }
        batches
    }
}

fn failures(answer: &Value) -> Option<Vec<String>> {
    let failures = answer["batchItemFailures"].as_array()?;
    failures.iter().map(|failure| Some(failure["itemIdentifier"].as_str()?.to_owned())).collect()
}
