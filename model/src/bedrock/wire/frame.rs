//! Frames of an event stream: `application/vnd.amazon.eventstream`, cut out of what comes over the connection.
//!
//! A frame is its length and its headers' length with a checksum, headers, a payload, and a checksum of all of it.
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use aws_smithy_eventstream::frame::read_message_from;
use aws_smithy_types::event_stream::Message;
use bytes::{Buf, Bytes, BytesMut};

use crate::{Cause, ModelError};

/// The specification's own limit.
const LONGEST: usize = 24 << 20;
const SHORTEST: usize = 16;
/// Both lengths and their checksum.
const PRELUDE: usize = 12;

/// What came so far and is no whole frame yet.
#[derive(Default)]
pub(super) struct Frames {
    rest: BytesMut,
}

/// One frame, as far as Bedrock says anything by it.
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) payload: Bytes,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `contentBlockDelta` and its kin.
    Event(String),
    /// `throttlingException` and its kin; the payload has the message.
    Exception(String),
    /// A failure beneath the service's own: code and message.
    Error(String, String),
}

impl Frames {
    pub(super) fn push(&mut self, bytes: &Bytes) {
        self.rest.extend_from_slice(bytes);
    }

    /// Whether the stream has ended within a frame.
    pub(super) fn is_cut(&self) -> bool {
        !self.rest.is_empty()
    }

    /// The next whole frame, if it has come.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, ModelError> {
        let Some(mut length) = self.rest.get(..4) else { return Ok(None) };
        let length = length.get_u32() as usize;
        // As soon as it can be told: a wrong length must not make this wait for bytes that never come.
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(broken(&format!("a frame of {length} bytes")));
        }
        let Some(mut rest) = self.rest.get(4..PRELUDE) else { return Ok(None) };
        let headers = rest.get_u32() as usize;
        if rest.get_u32() != crc32fast::hash(&self.rest[..8]) {
            return Err(broken("the lengths of a frame do not have their checksum"));
        }
        if headers > length - SHORTEST {
            return Err(broken(&format!("a frame of {length} bytes with {headers} of headers")));
        }
        if self.rest.len() < length {
            return Ok(None);
        }
        let frame = self.rest.split_to(length).freeze();
        let message = read_message_from(frame).map_err(|error| broken(&error.to_string()))?;
        Ok(Some(Frame { kind: kind(&message)?, payload: message.payload().clone() }))
    }
}

fn kind(message: &Message) -> Result<Kind, ModelError> {
    let header = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
        header.value().as_string().ok().map(|value| value.as_str().to_owned())
    };
    let named = |name| header(name).unwrap_or_default();
    match header(":message-type").as_deref() {
        Some("event") => Ok(Kind::Event(named(":event-type"))),
        Some("exception") => Ok(Kind::Exception(named(":exception-type"))),
        Some("error") => Ok(Kind::Error(named(":error-code"), named(":error-message"))),
        _ => Err(broken("a frame without a type")),
    }
}

fn broken(what: &str) -> ModelError {
    ModelError::new(Cause::Unreadable, format!("the event stream is broken: {what}"))
}

#[cfg(test)]
pub(super) mod tests {
    use aws_smithy_eventstream::frame::write_message_to;
    use aws_smithy_types::event_stream::{Header, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    pub(in crate::bedrock::wire) fn frame(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
        let headers = headers.iter().map(|(name, value)| {
            Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into()))
        });
        let mut bytes = Vec::new();
        let message = Message::new_from_parts(headers.collect(), payload.to_owned());
        write_message_to(&message, &mut bytes).unwrap();
        bytes
    }

    pub(in crate::bedrock::wire) fn event(name: &str, payload: &str) -> Vec<u8> {
        frame(&[(":message-type", "event"), (":event-type", name)], payload)
    }

    fn read(bytes: &[u8], at_once: usize) -> Result<Vec<(Kind, Bytes)>, ModelError> {
        let mut frames = Frames::default();
        let mut read = Vec::new();
        for piece in bytes.chunks(at_once) {
            frames.push(&Bytes::copy_from_slice(piece));
            while let Some(frame) = frames.next()? {
                read.push((frame.kind, frame.payload));
            }
        }
        if frames.is_cut() {
            return Err(broken("cut"));
        }
        Ok(read)
    }

    #[test]
    fn frames_are_read_however_the_connection_cuts_them() {
        let bytes = [event("messageStart", "{}"), event("metadata", "{\"usage\":{}}")].concat();
        for at_once in 1..bytes.len() {
            let read = read(&bytes, at_once).unwrap();
            assert_eq!(read.len(), 2);
            assert_eq!(read[0].0, Kind::Event("messageStart".to_owned()));
            assert_eq!(read[1].1, "{\"usage\":{}}");
        }
    }

    #[test]
    fn no_flipped_bit_and_no_cut_goes_unnoticed() {
        let whole = event("contentBlockDelta", "{\"delta\":{\"text\":\"The answer.\"}}");
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped, 4096).is_err(), "bit {bit}");
        }
        for length in 1..whole.len() {
            assert!(read(&whole[..length], 4096).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_frame_that_claims_to_be_huge_is_not_waited_for() {
        let error = read(&u32::MAX.to_be_bytes(), 4).unwrap_err();
        insta::assert_snapshot!(error, @"the model's answer cannot be read: the event stream is broken: a frame of 4294967295 bytes");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes, 7);
            let mut with_length = (bytes.len() as u32 + 4).to_be_bytes().to_vec();
            with_length.extend(bytes);
            let _ = read(&with_length, 64);
        }
    }
}
