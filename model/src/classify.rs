//! What a service's refusal means, from its HTTP status, the code that it gave and its words.
//!
//! The code decides where it says enough. A `ValidationException` and its kin say nothing, so their words decide; a
//! service changes its words, and then the cause is no more than a bad request.

use crate::error::{Cause, ModelError};

const LONGEST_MESSAGE: usize = 500;

/// `status` is 200 for a failure within a stream. `code` may be empty; `com.amazon#Code:http://…` is `Code`.
pub fn classify(status: u16, code: &str, text: &str) -> ModelError {
    let code = bare(code);
    // Frames of a stream may give a status for a code.
    let (status, named) = code.parse().map_or((status, code), |status| (status, ""));
    let lower = text.to_lowercase();
    let cause = by_code(&named.to_ascii_lowercase())
        .or_else(|| (status == 400 || is_vague(named)).then(|| by_words(&lower)).flatten())
        .unwrap_or_else(|| by_status(status, named, &lower));
    let error = ModelError::new(cause, message(status, text));
    if code.is_empty() {
        error
    } else {
        error.with_code(code.chars().take(100).collect::<String>())
    }
}

/// `com.amazon.coral.validate#ValidationException:http://internal/` is `ValidationException`.
fn bare(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    code.split_once(':').map_or(code, |(code, _)| code).trim()
}

/// Codes that stand for one cause. Streams write them with a small first letter, hence the lower case.
fn by_code(code: &str) -> Option<Cause> {
    let code =
        code.strip_suffix("exception").or_else(|| code.strip_suffix("error")).unwrap_or(code);
    Some(match code.trim_end_matches('_') {
        "throttling" | "throttled" | "throttledrequest" | "toomanyrequests" | "requestthrottled"
        | "requestlimitexceeded" | "limitexceeded" | "servicequotaexceeded" | "slowdown"
        | "provisionedthroughputexceeded" | "bandwidthlimitexceeded" | "rate_limit"
        | "rate_limit_exceeded" | "insufficient_quota"
        // A model that is being loaded: the same call succeeds later.
        | "modelnotready" => Cause::Throttled,
        "accessdenied" | "unrecognizedclient" | "unauthorized" | "invalidsignature"
        | "signaturedoesnotmatch" | "expiredtoken" | "invalidclienttokenid" | "notauthorized"
        | "missingauthenticationtoken" | "missingauthentication" | "incompletesignature"
        | "optinrequired" | "authentication" | "permission" | "invalid_api_key" => Cause::Auth,
        "resourcenotfound" | "model_not_found" | "not_found" => Cause::NotServed,
        "context_length_exceeded" | "request_too_large" | "requestentitytoolarge" => {
            Cause::ContextTooLong
        }
        "content_filter" | "content_policy_violation" => Cause::ContentBlocked,
        "modeltimeout" | "requesttimeout" | "timeout" => Cause::Timeout,
        "modelerror" | "internalserver" | "internalfailure" | "internal" | "overloaded" | "api"
        | "server" | "badgateway" => Cause::Service,
        _ => return None,
    })
}

/// Codes that say no more than that something failed.
fn is_vague(code: &str) -> bool {
    const VAGUE: [&str; 3] = ["", "validationexception", "invalid_request_error"];
    VAGUE.contains(&code.to_ascii_lowercase().as_str())
}

/// Throttles come first: "too many tokens, please wait" is no matter of the conversation's length.
fn by_words(text: &str) -> Option<Cause> {
    const WORDS: [(Cause, &[&str]); 6] = [
        (
            Cause::Throttled,
            &[
                "please wait",
                "too many requests",
                "too many connections",
                "too many tokens per",
                "too many concurrent",
                "rate exceeded",
                "rate limit",
                "throttl",
                "quota",
                "credit balance",
                "insufficient balance",
            ],
        ),
        (Cause::ContentBlocked, &["content filter", "content polic", "responsible ai", "flagged"]),
        (
            Cause::NotServed,
            &[
                "end of its life",
                "end of life",
                "marked by provider as legacy",
                "is legacy",
                "on-demand throughput",
                "model identifier is invalid",
                "retired",
                "not supported in this region",
                "not available in this region",
            ],
        ),
        (Cause::Sampling, &["temperature", "top_p", "topp"]),
        (
            Cause::ContextTooLong,
            &[
                "prompt is too long",
                "input is too long",
                "too long for requested model",
                "inputs are too long",
                "input length",
                "input token",
                "context window",
                "context length",
                "context size",
                "context limit",
                "maximum context",
                "too many tokens",
                "request too large",
            ],
        ),
        (Cause::Auth, &["invalid api key", "api key is not valid"]),
    ];
    let holds = |cause: Cause, word: &str| match cause {
        Cause::Sampling => has_name(text, word),
        _ => text.contains(word),
    };
    let row = WORDS.iter().find(|(cause, words)| words.iter().any(|word| holds(*cause, word)));
    row.map(|(cause, _)| *cause)
}

/// Not as a part of another name: a tool may be called `get_temperature`.
fn has_name(text: &str, name: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(at, _)| {
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + name.len()..].chars().next())
    })
}

fn by_status(status: u16, code: &str, text: &str) -> Cause {
    // `ExpiredTokenException` and others come with 400 as well as with 403.
    let of_credentials =
        ["Token", "Signature", "Credential"].iter().any(|part| code.contains(part));
    match status {
        401 | 403 => Cause::Auth,
        402 => Cause::Throttled,
        _ if of_credentials => Cause::Auth,
        404 | 410 => Cause::NotServed,
        408 | 504 => Cause::Timeout,
        413 => Cause::ContextTooLong,
        429 => Cause::Throttled,
        // A stream that began well and fails by an unknown name has failed at the service's side.
        424 | 500.. | ..=399 if !code.eq_ignore_ascii_case("validationException") => {
            by_words(text).filter(|cause| *cause == Cause::Throttled).unwrap_or(Cause::Service)
        }
        _ => Cause::BadRequest,
    }
}

/// On one line, bounded: the words are the service's, and may come from anyone between.
fn message(status: u16, text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return if status < 400 { "no message".to_owned() } else { format!("HTTP {status}") };
    }
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut message: String = text.chars().map(plain).take(LONGEST_MESSAGE).collect();
    if text.chars().nth(LONGEST_MESSAGE).is_some() {
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_by_its_code_then_by_its_words_then_by_its_status() {
        let cases = [
            (429, "ThrottlingException", "Too many tokens, please wait before trying again."),
            (200, "throttlingException", "Too many tokens, please wait before trying again."),
            (400, "ValidationException", "Too many tokens, please wait before trying again."),
            (400, "ValidationException", "Too many input tokens. Max input tokens: 8192"),
            (400, "ValidationException", "prompt is too long: 204648 tokens > 200000 maximum"),
            (400, "ValidationException", "input length and `max_tokens` exceed context limit"),
            (400, "ValidationException", "The maximum tokens you requested exceeds the limit"),
            (400, "ValidationException", "`temperature` and `top_p` cannot both be specified"),
            (400, "ValidationException", "model ID x with on-demand throughput isn't supported"),
            (400, "ValidationException", "messages.1.content.0: Invalid `signature` in `thinking`"),
            (400, "ValidationException", "This request has been blocked by our content filters."),
            (
                404,
                "ResourceNotFoundException",
                "This model version has reached the end of its life",
            ),
            (400, "ExpiredTokenException", "The security token is expired"),
            (403, "com.amazon#AccessDeniedException:http://internal/", "You have no access"),
            (429, "ModelNotReadyException", "The model is being loaded"),
            (408, "ModelTimeoutException", "The model took too long"),
            (424, "ModelErrorException", "The model failed"),
            (503, "ServiceUnavailableException", "Too many connections, please wait"),
            (503, "ServiceUnavailableException", "Bedrock is unable to process your request"),
            (200, "modelStreamErrorException", "The model failed within the stream"),
            (200, "somethingNewException", "nobody knows"),
            (200, "validationException", "nobody knows"),
            (200, "429", "slow down"),
            (400, "ServiceQuotaExceededException", "too many custom models"),
            (502, "", "<html>\nBad Gateway</html>"),
            (504, "", ""),
            (413, "", "Payload too large"),
            (529, "overloaded_error", "Overloaded"),
            (400, "context_length_exceeded", "too long"),
            (402, "", "Insufficient balance"),
            (418, "Teapot", "short and stout"),
        ];
        let said = cases.map(|(status, code, text)| {
            let error = classify(status, code, text);
            format!("{status} {code}: {} -> {:?}", error.message, error.cause)
        });
        insta::assert_snapshot!(said.join("\n"), @"
        429 ThrottlingException: Too many tokens, please wait before trying again. -> Throttled
        200 throttlingException: Too many tokens, please wait before trying again. -> Throttled
        400 ValidationException: Too many tokens, please wait before trying again. -> Throttled
        400 ValidationException: Too many input tokens. Max input tokens: 8192 -> ContextTooLong
        400 ValidationException: prompt is too long: 204648 tokens > 200000 maximum -> ContextTooLong
        400 ValidationException: input length and `max_tokens` exceed context limit -> ContextTooLong
        400 ValidationException: The maximum tokens you requested exceeds the limit -> BadRequest
        400 ValidationException: `temperature` and `top_p` cannot both be specified -> Sampling
        400 ValidationException: model ID x with on-demand throughput isn't supported -> NotServed
        400 ValidationException: messages.1.content.0: Invalid `signature` in `thinking` -> BadRequest
        400 ValidationException: This request has been blocked by our content filters. -> ContentBlocked
        404 ResourceNotFoundException: This model version has reached the end of its life -> NotServed
        400 ExpiredTokenException: The security token is expired -> Auth
        403 com.amazon#AccessDeniedException:http://internal/: You have no access -> Auth
        429 ModelNotReadyException: The model is being loaded -> Throttled
        408 ModelTimeoutException: The model took too long -> Timeout
        424 ModelErrorException: The model failed -> Service
        503 ServiceUnavailableException: Too many connections, please wait -> Throttled
        503 ServiceUnavailableException: Bedrock is unable to process your request -> Service
        200 modelStreamErrorException: The model failed within the stream -> Service
        200 somethingNewException: nobody knows -> Service
        200 validationException: nobody knows -> BadRequest
        200 429: slow down -> Throttled
        400 ServiceQuotaExceededException: too many custom models -> Throttled
        502 : <html> Bad Gateway</html> -> Service
        504 : HTTP 504 -> Timeout
        413 : Payload too large -> ContextTooLong
        529 overloaded_error: Overloaded -> Service
        400 context_length_exceeded: too long -> ContextTooLong
        402 : Insufficient balance -> Throttled
        418 Teapot: short and stout -> BadRequest
        ");
    }

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let error = classify(500, &"x".repeat(1000), &"é\u{1b}\n".repeat(100_000));
        assert_eq!(error.message.chars().count(), LONGEST_MESSAGE + 1);
        assert!(!error.message.contains(char::is_control));
        assert_eq!(error.provider_code.map(|code| code.len()), Some(100));
    }
}
