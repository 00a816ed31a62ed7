//! Streams of sound frames: exceptions within them, and ends that are none.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use fake_bedrock::{Reply as Told, Stream, frame};
use model::{Cause, StopReason};
use serde_json::json;

use crate::case::{Case, HALF, TEXT, answers, fails, fine, half};

/// After status 200: as the first event, and when text was heard already.
pub(crate) fn exceptions() -> Vec<Case> {
    let named = [
        (
            "throttlingException",
            json!({"message": "Too many tokens, please wait before trying again."}),
            Cause::Throttled,
        ),
        (
            "serviceUnavailableException",
            json!({"message": "Bedrock is unable to process your request."}),
            Cause::Service,
        ),
        (
            "internalServerException",
            json!({"message": "The system encountered an unexpected error during processing."}),
            Cause::Service,
        ),
        (
            "modelStreamErrorException",
            json!({"message": "The model failed.", "originalStatusCode": 500, "originalMessage": "x"}),
            Cause::Service,
        ),
        (
            "validationException",
            json!({"message": "messages.1: Field required"}),
            Cause::BadRequest,
        ),
        // The stream of InvokeModel has this one too.
        (
            "modelTimeoutException",
            json!({"message": "Model processing timed out."}),
            Cause::Timeout,
        ),
        (
            "accessDeniedException",
            json!({"message": "You don't have access to the model."}),
            Cause::Auth,
        ),
        ("anExceptionOfTomorrow", json!({"message": "nobody knows"}), Cause::Service),
    ];
    let mut cases = Vec::new();
    for (name, payload, cause) in named {
        cases.push(Case::stream(
            format!("{name}, first"),
            Stream::begin().exception(name, &payload).end(),
            fails(cause),
        ));
        cases.push(Case::stream(
            format!("{name}, after text"),
            half().exception(name, &payload).end(),
            fails(cause).having_heard(HALF),
        ));
    }
    let too_long = json!({"message": "Input is too long for requested model."});
    let bare = |kind: &str, payload: &[u8]| {
        let headers = [(":message-type", "exception"), (":exception-type", kind)];
        half().bytes(&frame::frame(&headers, payload)).end()
    };
    let throttled = || fails(Cause::Throttled).having_heard(HALF);
    cases.extend([
        Case::stream(
            "too long, said within the stream",
            Stream::begin().exception("validationException", &too_long).end(),
            fails(Cause::ContextTooLong),
        ),
        Case::stream(
            "an exception without a payload",
            bare("throttlingException", b""),
            throttled(),
        ),
        Case::stream(
            "an exception whose payload is no JSON",
            bare("throttlingException", b"<html>"),
            throttled(),
        ),
        Case::stream(
            "an exception, and then a close",
            half().exception("throttlingException", &json!({"message": "x"})).cut(),
            throttled(),
        ),
        Case::stream(
            "an error that the model does not name",
            half()
                .bytes(&frame::error("InternalFailure", "An internal server error occurred"))
                .end(),
            fails(Cause::Service).having_heard(HALF),
        ),
        Case::stream(
            "a throttle that the model does not name",
            half().bytes(&frame::error("ThrottlingException", "Rate exceeded")).end(),
            throttled(),
        ),
    ]);
    cases
}

/// `messageStop` says that a reply is whole; `metadata` after it only counts.
pub(crate) fn endings() -> Vec<Case> {
    let events = Told::says(TEXT).events();
    let last = events.len() - 1;
    let all = || Stream::begin().events(&events);
    let uncounted = || Stream::begin().events(&events[..last]);
    let stop = events[last - 1].clone();
    let metadata = events[last].clone();
    let not_counted = || fine().with("marked as not counted", |reply| reply.usage_is_estimated);
    vec![
        Case::stream(
            "an end in order",
            all().end(),
            fine().with("counted", |reply| reply.usage.output_tokens == 7),
        ),
        Case::stream("an end without metadata", uncounted().end(), not_counted()),
        Case::stream("closed before the metadata", uncounted().cut(), not_counted()),
        Case::stream("silence instead of the metadata", uncounted().silence(), not_counted())
            .silent_for(std::time::Duration::from_millis(500)),
        Case::stream("closed after the metadata", all().cut(), fine()),
        Case::stream(
            "an end without messageStop",
            Stream::begin().events(&events[..last - 1]).end(),
            fails(Cause::Interrupted).having_heard(TEXT),
        ),
        Case::stream(
            "metadata without messageStop",
            Stream::begin()
                .events(&events[..last - 1])
                .events(std::slice::from_ref(&metadata))
                .end(),
            fails(Cause::Interrupted).having_heard(TEXT),
        ),
        Case::stream(
            "metadata before messageStop",
            Stream::begin().events(&events[..last - 1]).events(&[metadata, stop.clone()]).end(),
            fine().with("counted", |reply| reply.usage.output_tokens == 7),
        ),
        Case::stream(
            "messageStop twice",
            uncounted().events(std::slice::from_ref(&stop)).events(&events[last..]).end(),
            fine(),
        ),
        Case::stream("silence after the metadata", all().silence(), fine()),
        Case::stream(
            "a reply that says nothing",
            Stream::begin().events(&Told::of(Vec::new(), "end_turn").events()).end(),
            answers(StopReason::EndTurn).with("nothing", |reply| reply.message.content.is_empty()),
        ),
    ]
}
