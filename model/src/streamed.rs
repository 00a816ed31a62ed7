//! An answer that comes as server-sent events, read piece by piece: the short loop between the network and what
//! understands a service's events.

use std::collections::VecDeque;
use std::time::Duration;

use futures::{StreamExt, future, stream};
use tokio::time::Instant;

use crate::error::ModelError;
use crate::event::{Event, Events};
use crate::http::Answer;
use crate::sse::{Parser, ServerEvent};

/// How long what follows the last event may take, so that the connection can be used again.
const AFTERMATH: Duration = Duration::from_secs(1);
const MOST_OF_THE_AFTERMATH: usize = 64 << 10;

/// Understands the events of one service. It does no I/O.
pub(crate) trait Understands: Send + 'static {
    /// What follows from an event; `Event::Finished` is the last.
    fn on_event(
        &mut self,
        event: &ServerEvent,
        told: &mut VecDeque<Event>,
    ) -> Result<(), ModelError>;

    /// The service says no more.
    fn on_end(&mut self, told: &mut VecDeque<Event>) -> Result<(), ModelError>;
}

/// The events of an answer. It returns with the first of them, so that a refusal in its place is an error and not an event.
pub(crate) async fn events(
    answer: Answer,
    understands: impl Understands,
    deadline: Instant,
    silence: Duration,
) -> Result<Events, ModelError> {
    let mut open = Open {
        answer: Some(answer),
        parser: Parser::default(),
        understands,
        told: VecDeque::new(),
        failed: None,
        deadline,
        silence,
    };
    let Some(first) = open.next().await.transpose()? else {
        return Ok(Box::pin(stream::empty()));
    };
    let rest = stream::unfold(open, async |mut open| Some((open.next().await?, open)));
    Ok(Box::pin(stream::once(future::ready(Ok(first))).chain(rest)))
}

struct Open<U> {
    /// `None`: nothing more is read.
    answer: Option<Answer>,
    parser: Parser,
    understands: U,
    told: VecDeque<Event>,
    /// Told after what was said before it.
    failed: Option<ModelError>,
    deadline: Instant,
    silence: Duration,
}

impl<U: Understands> Open<U> {
    async fn next(&mut self) -> Option<Result<Event, ModelError>> {
        loop {
            if let Some(event) = self.told.pop_front() {
                if matches!(event, Event::Finished(_)) {
                    self.told.clear();
                    self.failed = None;
                    if let Some(answer) = self.answer.take() {
                        leave(answer);
                    }
                }
                return Some(Ok(event));
            }
            if let Some(error) = self.failed.take() {
                self.answer = None;
                return Some(Err(error));
            }
            let chunk = self.answer.as_mut()?.next_chunk(self.deadline, self.silence).await;
            self.failed = self.read(chunk).err();
        }
    }

    fn read(&mut self, chunk: Result<Option<bytes::Bytes>, ModelError>) -> Result<(), ModelError> {
        let Some(chunk) = chunk? else {
            self.answer = None;
            return self.understands.on_end(&mut self.told);
        };
        let mut events = Vec::new();
        let parsed = self.parser.push(&chunk, &mut events);
        for event in &events {
            self.understands.on_event(event, &mut self.told)?;
        }
        parsed
    }
}

/// A connection is used again only if its answer was read to the end.
fn leave(answer: Answer) {
    tokio::spawn(async move {
        let _ = answer.bytes(MOST_OF_THE_AFTERMATH, Instant::now() + AFTERMATH).await;
    });
}
