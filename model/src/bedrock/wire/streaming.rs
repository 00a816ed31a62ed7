//! Carries a stream out: reads the connection, and tells events as they come.

use std::collections::VecDeque;
use std::time::Duration;

use futures::stream;
use tokio::time::Instant;

use super::events::Heard;
use super::frame::{Frame, Frames};
use crate::http::Answer;
use crate::{Cause, Event, Events, ModelError};

/// The end of the answer comes with the last frame. Without it the connection cannot be used again, which is not worth a
/// longer wait.
const FOR_THE_END: Duration = Duration::from_millis(50);

struct Reader {
    answer: Answer,
    frames: Frames,
    heard: Heard,
    /// Heard and not told yet.
    ahead: VecDeque<Event>,
    deadline: Instant,
    silence: Duration,
}

/// Nothing is told before the first frame has come: if that is an exception, the call has failed, not the stream.
pub(super) async fn events(
    answer: Answer,
    heard: Heard,
    deadline: Instant,
    silence: Duration,
) -> Result<Events, ModelError> {
    let ahead = VecDeque::from([heard.started()]);
    let mut reader = Reader { answer, frames: Frames::default(), heard, ahead, deadline, silence };
    let Some(frame) = reader.frame().await? else {
        return Err(ModelError::new(Cause::Interrupted, "the event stream ended at its beginning"));
    };
    let event = reader.heard.frame(&frame)?;
    reader.ahead.extend(event);
    Ok(Box::pin(stream::try_unfold(Some(reader), |reader| async {
        let Some(mut reader) = reader else { return Ok(None) };
        Ok(match reader.event().await? {
            Some(event) => Some((event, Some(reader))),
            None => Some((Event::Finished(Box::new(reader.heard.finish()?)), None)),
        })
    })))
}

impl Reader {
    async fn event(&mut self) -> Result<Option<Event>, ModelError> {
        if let Some(event) = self.ahead.pop_front() {
            return Ok(Some(event));
        }
        while let Some(frame) = self.frame().await? {
            if let Some(event) = self.heard.frame(&frame)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// `None` at the end.
    async fn frame(&mut self) -> Result<Option<Frame>, ModelError> {
        loop {
            if let Some(frame) = self.frames.next()? {
                return Ok(Some(frame));
            }
            if self.heard.is_complete() {
                let _ = self.answer.next_chunk(self.deadline, FOR_THE_END).await;
                return Ok(None);
            }
            match self.answer.next_chunk(self.deadline, self.silence).await {
                Ok(Some(bytes)) => self.frames.push(&bytes),
                // A whole reply is not thrown away for want of its count.
                _ if self.heard.has_stopped() => return Ok(None),
                Err(error) => return Err(error),
                Ok(None) if self.frames.is_cut() => {
                    let text = "the event stream ended within a frame";
                    return Err(ModelError::new(Cause::Interrupted, text));
                }
                Ok(None) => return Ok(None),
            }
        }
    }
}
