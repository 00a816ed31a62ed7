//! Streams: until something was said another attempt may be made; from then on what comes is passed on as it is.

use std::collections::VecDeque;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::attempt::Attempt;
use super::course::Course;
use super::patience::Patience;
use super::wasted::Wasted;
use super::{Gateway, late, over};
use crate::{Call, Cause, Change, Event, Events, ModelError, Reply};

impl Gateway {
    /// One attempt, up to the commit point: the first piece of text, reasoning or a tool use. `None`: the answer is
    /// unusable, and the model is told so.
    pub(super) async fn open(
        &self,
        course: &mut Course<'_>,
        call: &Call,
    ) -> Result<Option<Events>, ModelError> {
        let (mut attempt, fitted, changes) = self.begin(course, call, true).await?;
        match self.first_words(&mut attempt, &fitted).await {
            Err(error) => {
                attempt.fail(&error);
                Err(error)
            }
            Ok((events, mut heard)) => {
                if let Some(Event::Finished(reply)) = heard.back_mut() {
                    attempt.succeed(reply);
                    reply.normalized.splice(0..0, changes);
                    return Ok(course.on_finished(heard, self.parts.repack.as_ref()));
                }
                let told = Told {
                    heard,
                    events: Some((events, attempt)),
                    changes,
                    notes: course.told(),
                    routing: course.take_routing(),
                    chosen: course.chosen(),
                    wasted: course.take_wasted(),
                    silence: self.parts.settings.silence,
                    deadline: call.deadline,
                };
                Ok(Some(Box::pin(stream::unfold(told, Told::next))))
            }
        }
    }

    /// The events, and what was heard of them: `Started`, if it came, and the first that says something.
    async fn first_words(
        &self,
        attempt: &mut Attempt,
        call: &Call,
    ) -> Result<(Events, VecDeque<Event>), ModelError> {
        let (mut since, Patience { ends, latest }) = (Instant::now(), attempt.patience());
        let opened = timeout_at(ends, attempt.driver().stream(call)).await;
        let mut events = opened.unwrap_or_else(|_| Err(late(since, call.deadline)))?;
        if let Some(form) = attempt.form() {
            events = form.tell_events(events);
        }
        let (mut heard, mut until) = (VecDeque::with_capacity(2), ends);
        loop {
            let event = timeout_at(until, events.next()).await;
            let event = event.map_err(|_| late(since, call.deadline))?.unwrap_or_else(|| {
                Err(ModelError::new(Cause::Interrupted, "the stream ended before it said anything"))
            })?;
            attempt.hear(&event);
            match &event {
                Event::Text(text) | Event::Reasoning(text) if text.is_empty() => {}
                Event::Started { .. } if !heard.is_empty() => {}
                Event::Started { .. } => heard.push_back(event),
                _ => {
                    attempt.commit();
                    heard.push_back(event);
                    return Ok((events, heard));
                }
            }
            since = Instant::now();
            until = latest.min(since + self.parts.settings.silence);
        }
    }
}

/// A stream that was committed to. Dropping it cancels the call, and settles what was said until then.
struct Told {
    heard: VecDeque<Event>,
    /// `None` after the end.
    events: Option<(Events, Attempt)>,
    changes: Vec<Change>,
    notes: Vec<String>,
    routing: Vec<String>,
    chosen: Option<String>,
    wasted: Option<Wasted>,
    silence: Duration,
    deadline: Instant,
}

impl Told {
    async fn next(mut self) -> Option<(Result<Event, ModelError>, Self)> {
        if let Some(event) = self.heard.pop_front() {
            return Some((Ok(event), self));
        }
        let (events, attempt) = self.events.as_mut()?;
        let until = self.deadline.min(Instant::now() + self.silence);
        let error = match timeout_at(until, events.next()).await {
            Ok(Some(Ok(Event::Finished(reply)))) => return Some((Ok(self.finish(reply)), self)),
            Ok(Some(Ok(event))) => {
                attempt.hear(&event);
                return Some((Ok(event), self));
            }
            Ok(Some(Err(error))) => error,
            Ok(None) => ModelError::new(Cause::Interrupted, "the stream ended in the middle"),
            Err(_) if Instant::now() >= self.deadline => over(),
            Err(_) => {
                let message = format!("the stream was silent for {} s", self.silence.as_secs());
                ModelError::new(Cause::Timeout, message)
            }
        };
        if let Some((_, attempt)) = self.events.take() {
            attempt.fail(&error);
        }
        Some((Err(error), self))
    }

    fn finish(&mut self, mut reply: Box<Reply>) -> Event {
        if let Some((_, attempt)) = self.events.take() {
            attempt.succeed(&mut reply);
        }
        reply.normalized.splice(0..0, self.changes.drain(..));
        reply.notes.splice(0..0, self.notes.drain(..));
        reply.routing = std::mem::take(&mut self.routing);
        reply.chosen = self.chosen.take();
        if let Some(wasted) = self.wasted.take() {
            wasted.add_to(&mut reply);
        }
        Event::Finished(reply)
    }
}
