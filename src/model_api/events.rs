//! Server-sent events as an answer, in either dialect.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, TryFutureExt};
use model::{Call, Events, ModelDriver, ModelError};
use tokio::time::timeout;

/// Proxies close connections that are silent for a minute.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The events of a call. Where a model takes long to say anything, they begin before it does, so that the client hears
/// heartbeats meanwhile; what fails then is an error among them.
pub(super) async fn of(gateway: &Arc<dyn ModelDriver>, call: Call) -> Result<Events, ModelError> {
    let gateway = Arc::clone(gateway);
    let mut opening = Box::pin(async move { gateway.stream(&call).await });
    match timeout(HEARTBEAT, &mut opening).await {
        Ok(opened) => opened,
        Err(_) => Ok(Box::pin(opening.try_flatten_stream())),
    }
}

/// The client's leaving drops the body, with it the events, and that cancels the call.
pub(super) fn answer(
    events: impl Stream<Item = Event> + Send + 'static,
    heartbeat: KeepAlive,
) -> Response {
    let mut response = Sse::new(events.map(Ok::<_, Infallible>))
        .keep_alive(heartbeat.interval(HEARTBEAT))
        .into_response();
    // Nginx and its like would hold events back to send them together.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use model::{Block, Cause, Conversation, Event, Message, Reply, StopReason};
    use tokio::time::{Instant, sleep};

    use super::*;

    /// Says nothing for so long, and then fails or answers.
    struct Slow(Duration, Option<Cause>);

    #[async_trait]
    impl ModelDriver for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }

        async fn converse(&self, _: &Call) -> Result<Reply, ModelError> {
            sleep(self.0).await;
            match self.1 {
                Some(cause) => Err(ModelError::new(cause, "no")),
                None => Ok(Reply::new("m", vec![Block::Text("Yes.".into())], StopReason::EndTurn)),
            }
        }
    }

    async fn opened(seconds: u64, fails: Option<Cause>) -> (u64, Result<Events, ModelError>) {
        let gateway: Arc<dyn ModelDriver> = Arc::new(Slow(Duration::from_secs(seconds), fails));
        let messages = vec![Message::user("Hello?")];
        let told = Conversation { system: String::new(), messages, tools: Vec::new() };
        let begun = Instant::now();
        let events = of(&gateway, Call::new(told, Duration::from_mins(1))).await;
        (begun.elapsed().as_secs(), events)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_does_not_wait_for_the_first_word_to_hear_anything() {
        let (waited, events) = opened(25, None).await;
        assert_eq!(waited, HEARTBEAT.as_secs());
        let events: Vec<_> = events.unwrap().collect().await;
        assert!(matches!(events.last(), Some(Ok(Event::Finished(_)))), "{events:?}");

        let (waited, events) = opened(25, Some(Cause::Service)).await;
        assert_eq!(waited, HEARTBEAT.as_secs());
        let events: Vec<_> = events.unwrap().collect().await;
        assert!(matches!(&events[..], [Err(error)] if error.cause == Cause::Service), "{events:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_soon_is_refused_with_its_status() {
        let (waited, events) = opened(1, Some(Cause::Auth)).await;
        assert_eq!((waited, events.err().map(|error| error.cause)), (1, Some(Cause::Auth)));
    }
}
