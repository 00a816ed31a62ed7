//! Refusals before anything is said: by the service's own exceptions, and by what its model does not name.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html>

use std::time::Duration;

use fake_bedrock::{Answer, Form, Refusal};
use model::Cause;

use crate::case::{Case, Expected, Wait, fails};

/// Each exception with the status that its model gives it, by each way to name it, asked whole and by stream.
pub(crate) fn modeled() -> Vec<Case> {
    let exceptions = [
        (
            "AccessDeniedException",
            403,
            "You don't have access to the model with the specified model ID.",
            Cause::Auth,
        ),
        (
            "ThrottlingException",
            429,
            "Too many requests, please wait before trying again.",
            Cause::Throttled,
        ),
        (
            "ResourceNotFoundException",
            404,
            "Could not resolve the foundation model from the provided model identifier.",
            Cause::NotServed,
        ),
        ("ModelTimeoutException", 408, "Model processing timed out.", Cause::Timeout),
        (
            "InternalServerException",
            500,
            "The system encountered an unexpected error during processing. Try your request again.",
            Cause::Service,
        ),
        (
            "ServiceUnavailableException",
            503,
            "Bedrock is unable to process your request.",
            Cause::Service,
        ),
        ("ValidationException", 400, "messages.0.content: Field required", Cause::BadRequest),
        // The model is being loaded: come back later.
        (
            "ModelNotReadyException",
            429,
            "Model is not ready for inference. Wait and try your request again.",
            Cause::Throttled,
        ),
        (
            "ModelErrorException",
            424,
            "The model returned the following errors: something broke",
            Cause::Service,
        ),
        ("ServiceQuotaExceededException", 400, "You have exceeded a quota.", Cause::Throttled),
    ];
    let forms = [("header", Form::Header), ("__type", Form::Body), ("code", Form::Code)];
    let mut cases = Vec::new();
    for (code, status, message, cause) in exceptions {
        for (form, told_in) in forms {
            let answer = Answer::Refuses(Refusal::new(status, code, message).told_in(told_in));
            let name = format!("{code} ({form})");
            cases.push(Case::converse(name.clone(), answer.clone(), fails(cause)));
            cases.push(Case::stream(name, answer, fails(cause)));
        }
    }
    cases
}

pub(crate) fn unmodeled() -> Vec<Case> {
    let mut cases = coded();
    cases.extend(pages());
    cases.extend(bare());
    cases.extend(waits());
    cases
}

/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html>
fn coded() -> Vec<Case> {
    let coded = [
        (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            Cause::Auth,
        ),
        (
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            Cause::Auth,
        ),
        (
            400,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            Cause::Auth,
        ),
        (
            403,
            "InvalidSignatureException",
            "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z",
            Cause::Auth,
        ),
        (403, "MissingAuthenticationTokenException", "Missing Authentication Token", Cause::Auth),
        (
            400,
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter.",
            Cause::Auth,
        ),
        (
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
            Cause::Auth,
        ),
        (
            400,
            "OptInRequired",
            "The AWS Access Key Id needs a subscription for the service",
            Cause::Auth,
        ),
        (429, "TooManyRequestsException", "Too Many Requests", Cause::Throttled),
        (400, "RequestLimitExceeded", "Request limit exceeded.", Cause::Throttled),
        (500, "InternalFailure", "", Cause::Service),
        (503, "ServiceUnavailable", "Service is unavailable", Cause::Service),
        (
            408,
            "RequestTimeoutException",
            "Your socket connection was not read from within the timeout period.",
            Cause::Timeout,
        ),
        (418, "SomethingNew", "short and stout", Cause::BadRequest),
    ];
    coded
        .into_iter()
        .map(|(status, code, message, cause)| {
            Case::converse(
                format!("{status} {code}"),
                Answer::refusal(status, code, message),
                fails(cause),
            )
        })
        .collect()
}

/// What stands before the service answers by itself.
fn pages() -> Vec<Case> {
    let html = |status, cause| {
        let page =
            format!("<html>\r\n<head><title>{status}</title></head>\r\n<body></body></html>");
        let answer =
            Answer::http(status, &[("content-type", "text/html".to_owned())], page.as_bytes());
        [false, true].map(|is_streaming| {
            let service = crate::case::Service::Answers(answer.clone());
            Case::of(
                format!("{status} as a page of a load balancer"),
                is_streaming,
                service,
                fails(cause),
            )
        })
    };
    [(502, Cause::Service), (503, Cause::Service), (504, Cause::Timeout)]
        .into_iter()
        .flat_map(|(status, cause)| html(status, cause))
        .collect()
}

/// Nothing but a status.
fn bare() -> Vec<Case> {
    let bare = [
        (401, Cause::Auth),
        (403, Cause::Auth),
        (404, Cause::NotServed),
        (408, Cause::Timeout),
        (413, Cause::ContextTooLong),
        (424, Cause::Service),
        (429, Cause::Throttled),
        (500, Cause::Service),
        // Redirects are not followed: what is signed is signed for one host.
        (307, Cause::Service),
    ];
    bare.map(|(status, cause)| {
        let answer = Answer::http(status, &[], b"");
        Case::converse(format!("{status} without a body"), answer, fails(cause))
    })
    .into()
}

/// <https://www.rfc-editor.org/rfc/rfc9110#name-retry-after>
fn waits() -> Vec<Case> {
    let throttled = |header: &str, value: &str| {
        Answer::Refuses(
            Refusal::new(429, "ThrottlingException", "Too many requests").header(header, value),
        )
    };
    let waiting = |after| -> Expected { fails(Cause::Throttled).waiting(after) };
    let exactly = |milliseconds| waiting(Wait::Exactly(Duration::from_millis(milliseconds)));
    let hour = Wait::AtMost(Duration::from_hours(1));
    let unavailable =
        Refusal::new(503, "ServiceUnavailableException", "later").header("retry-after", "3");
    vec![
        Case::converse("retry-after in seconds", throttled("retry-after", "7"), exactly(7000)),
        Case::stream("retry-after in seconds", throttled("Retry-After", "7"), exactly(7000)),
        Case::converse(
            "retry-after in milliseconds",
            throttled("retry-after-ms", "1500"),
            exactly(1500),
        ),
        Case::converse(
            "retry-after of three years",
            throttled("retry-after", "99999999"),
            waiting(hour),
        ),
        Case::converse(
            "retry-after of no number",
            throttled("retry-after", "soon"),
            waiting(Wait::Unknown),
        ),
        Case::converse(
            "retry-after below zero",
            throttled("retry-after", "-5"),
            waiting(Wait::Unknown),
        ),
        Case::converse(
            "retry-after of an outage",
            Answer::Refuses(unavailable),
            fails(Cause::Service).waiting(Wait::Exactly(Duration::from_secs(3))),
        ),
    ]
}
