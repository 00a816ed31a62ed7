//! The driver without a model: a function answers. It costs nothing and is always to be had.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{Block, Call, Conversation, ModelDriver, ModelError, Reply, StopReason};

/// What it is called, as a driver and as a model.
pub(crate) const NAME: &str = "embedded";

type Answer = dyn Fn(&Conversation) -> String + Send + Sync;

/// Answers by a function, which must be quick: nothing interrupts it.
#[derive(Clone)]
pub struct Embedded {
    answer: Arc<Answer>,
}

impl Embedded {
    pub fn new(answer: Arc<Answer>) -> Self {
        Self { answer }
    }
}

#[async_trait]
impl ModelDriver for Embedded {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let text = (self.answer)(&call.conversation);
        let mut reply = Reply::new(NAME, vec![Block::Text(text.into())], StopReason::EndTurn);
        // No tokens were used, and nobody counted any.
        reply.usage_is_estimated = true;
        reply.cost_usd = Some(0.0);
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt;

    use super::*;
    use crate::{Event, Message};

    #[tokio::test]
    async fn the_function_answers_for_nothing() {
        let embedded =
            Embedded::new(Arc::new(|told: &Conversation| format!("{}!", told.messages[0].text())));
        let conversation = Conversation {
            system: String::new(),
            messages: vec![Message::user("Hello")],
            tools: Vec::new(),
        };
        let call = Call::new(conversation, Duration::from_secs(1));
        let reply = embedded.converse(&call).await.unwrap();
        assert_eq!(reply.message.text(), "Hello!");
        assert_eq!((reply.model_id.as_str(), reply.usage.total()), ("embedded", 0));
        assert_eq!((reply.cost_usd, reply.usage_is_estimated), (Some(0.0), true));
        let events: Vec<_> = embedded.stream(&call).await.unwrap().collect().await;
        assert!(matches!(&events[1], Ok(Event::Text(text)) if text == "Hello!"));
    }
}
