//! What happens to the connection rather than to what is said on it.

use std::time::Duration;

use fake_bedrock::{Answer, Reply as Told, Step, http};
use model::Cause;

use crate::case::{Case, Service, TEXT, fails, fine, half, one_of};

/// Long beyond the deadline of a case that waits for it.
const SOON: Duration = Duration::from_millis(400);
/// Nothing was said, and the connection is gone: whether it was ever there the client cannot know.
const GONE: &[Cause] = &[Cause::Unreachable, Cause::Interrupted];
/// Something was said, and it is no HTTP.
const NO_HTTP: &[Cause] = &[Cause::Unreachable, Cause::Interrupted, Cause::Unreadable];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for is_streaming in [false, true] {
        let of = |name: &str, steps: Vec<Step>, expected| {
            Case::of(name, is_streaming, Service::Answers(Answer::Writes(steps)), expected)
        };
        cases.push(Case::of(
            "nobody listens",
            is_streaming,
            Service::Nobody,
            fails(Cause::Unreachable),
        ));
        cases.push(Case::of(
            "TLS where there is none",
            is_streaming,
            Service::WithoutTls,
            fails(Cause::Unreachable),
        ));
        cases.push(of("closed before an answer", vec![Step::Close], one_of(GONE)));
        cases.push(of("reset before an answer", vec![Step::Reset], one_of(GONE)));
        cases.push(of(
            "closed within the headers",
            vec![bytes(b"HTTP/1.1 200 OK\r\ncontent-ty"), Step::Close],
            one_of(NO_HTTP),
        ));
        cases.push(of(
            "reset within the headers",
            vec![bytes(b"HTTP/1.1 200 OK\r\ncontent-ty"), pause(), Step::Reset],
            one_of(NO_HTTP),
        ));
        cases.push(of(
            "another protocol",
            vec![bytes(b"SSH-2.0-OpenSSH_9.2\r\n"), Step::Close],
            one_of(NO_HTTP),
        ));
        cases.push(of("silence", vec![Step::Silence], fails(Cause::Timeout)).within(SOON));
        cases.push(
            of(
                "silence within the headers",
                vec![bytes(b"HTTP/1.1 200 OK\r\n"), Step::Silence],
                fails(Cause::Timeout),
            )
            .within(SOON),
        );
        let huge = http::answer(200, &[("x-huge", "x".repeat(2 << 20))], b"{}");
        cases.push(of(
            "a header of two megabytes",
            vec![Step::Bytes(huge), Step::Close],
            one_of(NO_HTTP),
        ));
    }
    cases.extend(whole());
    cases.extend(streamed());
    cases
}

fn whole() -> Vec<Case> {
    let body = Told::says(TEXT).body().to_string();
    let promised = |length| promised(&body, length);
    let piece = |part: &str| Step::Bytes(http::chunk(part.as_bytes()));
    let (first, second) = body.split_at(body.len() / 2);
    let writes = |name: &str, steps: Vec<Step>, expected| {
        Case::converse(name, Answer::Writes(steps), expected)
    };
    let megabyte = Step::Bytes(http::chunk(&vec![b' '; 1 << 20]));
    let mut endless = vec![chunked()];
    endless.extend(std::iter::repeat_n(megabyte, 40));
    let mut drip = vec![chunked()];
    for byte in body.as_bytes().chunks(16) {
        drip.extend([Step::Bytes(http::chunk(byte)), Step::Wait(Duration::from_millis(30))]);
    }
    drip.push(Step::Bytes(http::LAST_CHUNK.to_vec()));
    vec![
        writes(
            "a length longer than the body",
            vec![promised(body.len() + 10), Step::Close],
            fails(Cause::Interrupted),
        ),
        writes(
            "a length shorter than the body",
            vec![promised(body.len() - 10), Step::Close],
            fails(Cause::Unreadable),
        ),
        writes(
            "a length that is no number",
            vec![bytes(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}"), Step::Close],
            one_of(NO_HTTP),
        ),
        writes(
            "reset within the body",
            vec![promised(body.len() + 10), pause(), Step::Reset],
            fails(Cause::Interrupted),
        ),
        writes(
            "chunks that break off",
            vec![chunked(), piece(first), Step::Close],
            fails(Cause::Interrupted),
        ),
        writes(
            "chunks without a last one",
            vec![chunked(), piece(first), piece(second), Step::Close],
            fails(Cause::Interrupted),
        ),
        writes(
            "a chunk that claims more than it has",
            vec![chunked(), bytes(b"ffff\r\n{}"), Step::Close],
            fails(Cause::Interrupted),
        ),
        writes(
            "a chunk of no size",
            vec![chunked(), bytes(b"zz\r\n{}\r\n"), Step::Close],
            one_of(&[Cause::Interrupted, Cause::Unreadable]),
        ),
        writes("a body of forty megabytes", endless, fails(Cause::Unreadable)),
        writes("silence after the headers", vec![chunked(), Step::Silence], fails(Cause::Timeout))
            .within(SOON),
        writes(
            "silence within the body",
            vec![chunked(), piece(first), Step::Silence],
            fails(Cause::Timeout),
        )
        .within(SOON),
        writes("a body that drips", drip, fine()),
        writes(
            "a body until the connection closes",
            vec![
                Step::Bytes(http::head(
                    200,
                    &[
                        ("content-type", "application/json".to_owned()),
                        ("connection", "close".to_owned()),
                    ],
                )),
                bytes(body.as_bytes()),
                Step::Close,
            ],
            fine(),
        ),
        writes(
            "an interim answer before the real one",
            vec![bytes(b"HTTP/1.1 100 Continue\r\n\r\n"), promised(body.len())],
            fine(),
        ),
        writes("an answer that comes late", vec![Step::Wait(SOON), promised(body.len())], fine()),
        writes(
            "an answer that comes too late",
            vec![Step::Wait(SOON * 5), promised(body.len())],
            fails(Cause::Timeout),
        )
        .within(SOON),
    ]
}

/// A body, and how long it is said to be.
fn promised(body: &str, length: usize) -> Step {
    let headers = [json_type(), ("content-length", length.to_string())];
    Step::Bytes([http::head(200, &headers), body.as_bytes().to_vec()].concat())
}

/// Before the pieces of a body.
fn chunked() -> Step {
    Step::Bytes(http::head(200, &[json_type(), ("transfer-encoding", "chunked".to_owned())]))
}

fn json_type() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

fn streamed() -> Vec<Case> {
    let heard = |expected: crate::case::Expected| expected.having_heard(crate::case::HALF);
    let interrupted = || heard(fails(Cause::Interrupted));
    let timeout = || heard(fails(Cause::Timeout));
    let silence = Duration::from_millis(300);
    let delta = |stream: fake_bedrock::Stream| {
        stream.event(
            "contentBlockDelta",
            &serde_json::json!({"delta": {"text": ""}, "contentBlockIndex": 0}),
        )
    };
    let mut slow = half();
    for _ in 0..12 {
        slow = delta(slow.wait(Duration::from_millis(150)));
    }
    let events = Told::says(" well.").events();
    let alive = slow.clone().events(&events[1..]).end();
    vec![
        Case::stream("closed after text", half().cut(), interrupted()),
        Case::stream(
            "reset after text",
            half().wait(Duration::from_millis(100)).then(Step::Reset).end(),
            interrupted(),
        ),
        Case::stream(
            "a chunk that claims more than it has",
            half().then(bytes(b"ffff\r\nxx")).cut(),
            interrupted(),
        ),
        Case::stream(
            "silence after the headers",
            fake_bedrock::Stream::begin().silence(),
            fails(Cause::Timeout),
        )
        .silent_for(silence),
        Case::stream("silence after text", half().silence(), timeout()).silent_for(silence),
        Case::stream("silence after text until the deadline", half().silence(), timeout())
            .within(Duration::from_millis(900)),
        // The pauses together are longer than any one may be.
        Case::stream("a stream that drips and lives", alive, fine())
            .silent_for(Duration::from_millis(1500)),
        Case::stream("a stream that drips past the deadline", slow.silence(), timeout())
            .within(Duration::from_millis(900)),
    ]
}

fn bytes(bytes: &[u8]) -> Step {
    Step::Bytes(bytes.to_vec())
}

/// So that what was written arrives before the connection dies.
fn pause() -> Step {
    Step::Wait(Duration::from_millis(100))
}
