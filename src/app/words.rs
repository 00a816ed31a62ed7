//! Prompts and answers in the log, only where the settings ask for it with `REDACT_PROMPTS=false`.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use model::{Call, Event, Events, Listed, ModelDriver, ModelError, Reply};

use crate::config::Config;
use crate::telemetry::model_calls::log_words;

/// The driver itself, or one that writes down what is said.
pub(super) fn unless_redacted(
    driver: Arc<dyn ModelDriver>,
    config: &Config,
) -> Arc<dyn ModelDriver> {
    if config.gateway.redact_prompts {
        return driver;
    }
    tracing::warn!("prompts and answers are written to the log: REDACT_PROMPTS is false");
    Arc::new(WritesDown { driver })
}

struct WritesDown {
    driver: Arc<dyn ModelDriver>,
}

#[async_trait]
impl ModelDriver for WritesDown {
    fn name(&self) -> &'static str {
        self.driver.name()
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let reply = self.driver.converse(call).await;
        if let Ok(reply) = &reply {
            write_down(call, reply);
        }
        reply
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let events = self.driver.stream(call).await?;
        let call = call.clone();
        Ok(Box::pin(events.inspect(move |event| {
            if let Ok(Event::Finished(reply)) = event {
                write_down(&call, reply);
            }
        })))
    }

    async fn list(&self, deadline: tokio::time::Instant) -> Result<Vec<Listed>, ModelError> {
        self.driver.list(deadline).await
    }
}

fn write_down(call: &Call, reply: &Reply) {
    let prompt = serde_json::to_string(&call.conversation.messages).unwrap_or_default();
    let trace = call.metadata.trace_id.as_deref();
    log_words(trace, &reply.model_id, &prompt, &reply.message.text());
}
