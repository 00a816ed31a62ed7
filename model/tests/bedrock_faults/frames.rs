//! Streams whose frames are broken, or cut in odd places.
//!
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use fake_bedrock::{Answer, Reply as Told, Step, Stream, frame, http};
use model::Cause;
use serde_json::json;

use crate::case::{Case, Expected, HALF, TEXT, fails, fine, half, one_of};

/// A text delta as a whole frame.
fn delta() -> Vec<u8> {
    frame::event("contentBlockDelta", &json!({"delta": {"text": " well."}, "contentBlockIndex": 0}))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = cut();
    cases.extend(broken());
    cases.extend(repacked());
    cases
}

fn cut() -> Vec<Case> {
    let interrupted = || fails(Cause::Interrupted).having_heard(HALF);
    let part = |size: usize| half().bytes(&delta()[..size]);
    let almost = delta().len() - 1;
    vec![
        Case::stream("closed within the lengths of a frame", part(5).cut(), interrupted()),
        Case::stream("closed within the headers of a frame", part(20).cut(), interrupted()),
        Case::stream(
            "closed within the payload of a frame",
            part(almost - 10).cut(),
            interrupted(),
        ),
        Case::stream("closed within the checksum of a frame", part(almost).cut(), interrupted()),
        Case::stream("the body ends within the lengths of a frame", part(5).end(), interrupted()),
        Case::stream("the body ends within a frame", part(almost - 10).end(), interrupted()),
        Case::stream(
            "closed before the first frame",
            Stream::begin().cut(),
            fails(Cause::Interrupted),
        ),
        Case::stream("no frame at all", Stream::begin().end(), fails(Cause::Interrupted)),
    ]
}

fn broken() -> Vec<Case> {
    let unreadable = |name: &str, bytes: &[u8]| -> Case {
        Case::stream(name, half().bytes(bytes).silence(), heard(Cause::Unreadable))
    };
    let mut flipped = delta();
    let middle = flipped.len() - 10;
    flipped[middle] ^= 1;
    let mut longer = delta();
    longer[2] ^= 1;
    // A header of a type that does not exist, in a frame whose checksums are right.
    let strange = frame::frame(&[(":event-type", "x")], b"{}");
    let mut headers = strange[12..strange.len() - 6].to_vec();
    headers[12] = 77;
    let strange = with_headers(&headers, b"{}");
    vec![
        unreadable("a wrong checksum of the lengths", &frame::with_wrong_prelude_checksum(delta())),
        unreadable("a wrong checksum of the frame", &frame::with_wrong_checksum(delta())),
        unreadable("a flipped bit in the payload", &flipped),
        unreadable("a flipped bit in the length of a frame", &longer),
        unreadable("a frame of four gigabytes", &frame::prelude(u32::MAX, 10)),
        unreadable(
            "a frame of two gigabytes, most of it headers",
            &frame::prelude(1 << 31, (1 << 31) - 20),
        ),
        unreadable("a frame shorter than its own lengths", &frame::prelude(10, 0)),
        unreadable("headers longer than their frame", &frame::prelude(40, 100)),
        unreadable("a header of a type that does not exist", &strange),
        unreadable("text between the frames", b"HTTP/1.1 500 Internal Server Error\r\n\r\n"),
        unreadable(
            "a payload that is no JSON",
            &frame::frame(&event("contentBlockDelta"), b"{\"delta\": {\"te"),
        ),
        unreadable("a payload that is a list", &frame::event("contentBlockDelta", &json!([]))),
        unreadable("an empty payload", &frame::frame(&event("contentBlockDelta"), b"")),
        unreadable(
            "a payload that is no UTF-8",
            &frame::frame(
                &event("contentBlockDelta"),
                b"{\"delta\": {\"text\": \"\xff\"}, \"contentBlockIndex\": 0}",
            ),
        ),
    ]
}

fn heard(cause: Cause) -> Expected {
    one_of(&[cause]).having_heard(HALF)
}

fn event(kind: &str) -> [(&str, &str); 2] {
    [(":message-type", "event"), (":event-type", kind)]
}

fn with_headers(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = (16 + headers.len() + payload.len()) as u32;
    let mut bytes = frame::prelude(total, headers.len() as u32);
    bytes.extend_from_slice(headers);
    bytes.extend_from_slice(payload);
    let checksum = frame::checksum(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}

/// The same frames in other pieces: where the pieces end means nothing.
fn repacked() -> Vec<Case> {
    let events = Told::says(TEXT).events();
    let frames: Vec<u8> =
        events.iter().flat_map(|(kind, payload)| frame::event(kind, payload)).collect();
    let mut bytewise = Stream::begin();
    for byte in frames.chunks(1) {
        bytewise = bytewise.bytes(byte);
    }
    let undelimited =
        http::head(200, &[("content-type", "application/vnd.amazon.eventstream".to_owned())]);
    let undelimited = [undelimited, frames.clone()].concat();
    let measured = [("content-type", "application/vnd.amazon.eventstream".to_owned())];
    vec![
        Case::stream("all frames in one piece", Stream::begin().bytes(&frames).end(), fine()),
        Case::stream("a piece for every byte", bytewise.end(), fine()),
        Case::stream(
            "frames until the connection closes",
            Answer::Writes(vec![Step::Bytes(undelimited), Step::Close]),
            fine(),
        ),
        Case::stream(
            "frames in a body of known length",
            Answer::http(200, &measured, &frames),
            fine(),
        ),
    ]
}
