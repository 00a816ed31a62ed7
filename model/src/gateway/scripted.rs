//! A driver that does what a test wrote down, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::observe::{Attempted, Observe};
use crate::{
    Block, Call, Cause, Conversation, Event, Events, Message, ModelDriver, ModelError, Reply,
    StopReason, Usage,
};

/// What it does when it is asked the next time; when nothing is left, it answers.
pub(super) enum Act {
    Fail(Cause),
    Error(ModelError),
    Hang,
    Say(&'static str),
    Stop(StopReason),
    /// Events, each after so many seconds.
    Stream(Vec<(u64, Result<Event, ModelError>)>),
}

pub(super) struct Scripted {
    name: &'static str,
    acts: Mutex<VecDeque<Act>>,
    attempts: u8,
    pub(super) asked: Mutex<Vec<Call>>,
}

impl Scripted {
    pub(super) fn new(acts: Vec<Act>) -> Arc<Self> {
        Self::named("scripted", acts)
    }

    pub(super) fn named(name: &'static str, acts: Vec<Act>) -> Arc<Self> {
        Arc::new(Self { name, acts: Mutex::new(acts.into()), attempts: 3, asked: Mutex::default() })
    }

    pub(super) fn trying(self: Arc<Self>, attempts: u8) -> Arc<Self> {
        Arc::new(Self { attempts, ..Arc::into_inner(self).unwrap() })
    }

    /// The models that were asked for, in order.
    pub(super) fn models(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().filter_map(|call| call.model.clone()).collect()
    }

    fn next(&self, call: &Call) -> Act {
        self.asked.lock().unwrap().push(call.clone());
        self.acts.lock().unwrap().pop_front().unwrap_or(Act::Say("Done."))
    }
}

/// 100 tokens in, 10 out.
pub(super) fn reply(call: &Call, text: &str, stop: StopReason) -> Reply {
    let id = call.model.clone().unwrap_or_default();
    let mut reply = Reply::new(id, vec![Block::Text(text.into())], stop);
    reply.usage = Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() };
    reply.cost_usd = Some(0.25);
    reply
}

pub(super) fn error(cause: Cause) -> ModelError {
    ModelError::new(cause, "so it said")
}

#[async_trait]
impl ModelDriver for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn attempts(&self) -> u8 {
        self.attempts
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        match self.next(call) {
            Act::Fail(cause) => Err(error(cause)),
            Act::Error(error) => Err(error),
            Act::Say(text) => Ok(reply(call, text, StopReason::EndTurn)),
            Act::Stop(stop) => Ok(reply(call, "Hm.", stop)),
            Act::Hang | Act::Stream(_) => std::future::pending().await,
        }
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        match self.next(call) {
            Act::Fail(cause) => Err(error(cause)),
            Act::Error(error) => Err(error),
            Act::Say(text) => Ok(crate::event::of_reply(reply(call, text, StopReason::EndTurn))),
            Act::Stop(stop) => {
                let reply = Reply {
                    message: Message { role: crate::Role::Assistant, content: Vec::new() },
                    ..reply(call, "", stop)
                };
                Ok(crate::event::of_reply(reply))
            }
            Act::Hang => std::future::pending().await,
            Act::Stream(events) => {
                let told = stream::iter(events).then(|(seconds, event)| async move {
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                    event
                });
                Ok(Box::pin(told.chain(stream::pending())))
            }
        }
    }
}

/// Writes down every attempt in one line.
#[derive(Default)]
pub(super) struct Diary(Mutex<Vec<String>>);

impl Diary {
    pub(super) fn read(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

impl Observe for Diary {
    fn attempted(&self, attempt: &Attempted<'_>) {
        let line = format!(
            "{} {}: {} s, {} tokens{}{}",
            attempt.model_id,
            attempt.status(),
            attempt.latency.as_secs(),
            attempt.usage.total(),
            if attempt.usage_is_estimated { " at most" } else { "" },
            if attempt.asked { "" } else { ", not asked" },
        );
        self.0.lock().unwrap().push(line);
    }
}

pub(super) fn call() -> Call {
    let conversation = Conversation {
        system: "You review.".to_owned(),
        messages: vec![Message::user("Look at this.")],
        tools: Vec::new(),
    };
    let mut call = Call::new(conversation, Duration::from_mins(10));
    call.parameters.max_tokens = Some(1_000);
    call
}
