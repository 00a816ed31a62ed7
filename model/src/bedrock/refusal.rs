//! What a failed Converse call means: try again, ask another model, or give up.

use aws_sdk_bedrockruntime::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse::ConverseError;

use crate::{Cause, ModelError};

/// A model's final answer that is none.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: ModelError,
    pub(super) another_may_answer: bool,
}

/// What to do about a failed call.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The same call may succeed, and the SDK does not repeat it.
    Again(Refusal),
    /// The model does not take the sampling parameters that were sent.
    Sampling(Refusal),
    Refused(Refusal),
}

impl Refusal {
    /// No model will answer.
    pub(super) fn last(error: ModelError) -> Self {
        Self { error, another_may_answer: false }
    }

    fn of_this_model(error: ModelError) -> Self {
        Self { error, another_may_answer: true }
    }
}

pub(super) fn verdict(error: &SdkError<ConverseError>) -> Verdict {
    let service = match error {
        SdkError::ServiceError(service) => service,
        SdkError::TimeoutError(_) => {
            return refused(ModelError::new(
                Cause::Timeout,
                "no answer within the time of an attempt".to_owned(),
            ));
        }
        other => return Verdict::Refused(unanswered(other)),
    };
    let text = service.err().message().unwrap_or("no message").to_owned();
    match service.err() {
        ConverseError::ModelTimeoutException(_) => {
            Verdict::Again(Refusal::of_this_model(ModelError::new(Cause::Timeout, text)))
        }
        ConverseError::ModelErrorException(_) => {
            Verdict::Again(Refusal::of_this_model(ModelError::new(Cause::Service, text)))
        }
        ConverseError::ThrottlingException(_) | ConverseError::ModelNotReadyException(_) => {
            refused(ModelError::new(Cause::Throttled, text))
        }
        ConverseError::ResourceNotFoundException(_) => {
            refused(ModelError::new(Cause::NotServed, text))
        }
        ConverseError::AccessDeniedException(_) => refused(ModelError::new(Cause::Auth, text)),
        ConverseError::ServiceUnavailableException(_)
        | ConverseError::InternalServerException(_) => {
            refused(ModelError::new(Cause::Service, text))
        }
        ConverseError::ValidationException(_) => invalid(text),
        other => {
            unmodeled(other.code().unwrap_or_default(), service.raw().status().as_u16(), &text)
        }
    }
}

fn refused(error: ModelError) -> Verdict {
    Verdict::Refused(Refusal::of_this_model(error))
}

/// A `ValidationException` is told apart only by its text.
fn invalid(text: String) -> Verdict {
    const TOO_LONG: [&str; 5] = [
        "too long",
        "context window",
        "context length",
        "too many input tokens",
        "maximum context",
    ];
    const NOT_SERVED: [&str; 6] = [
        "end of its life",
        "end of life",
        "legacy",
        "on-demand throughput",
        "model identifier is invalid",
        "retired",
    ];
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["temperature", "top_p", "topp"]) {
        return Verdict::Sampling(Refusal::last(ModelError::new(Cause::BadRequest, text)));
    }
    if says(&NOT_SERVED) {
        return refused(ModelError::new(Cause::NotServed, text));
    }
    if says(&TOO_LONG) {
        return Verdict::Refused(Refusal::last(ModelError::new(Cause::ContextTooLong, text)));
    }
    Verdict::Refused(Refusal::last(ModelError::new(Cause::BadRequest, text)))
}

fn unmodeled(code: &str, status: u16, text: &str) -> Verdict {
    let text =
        if code.is_empty() { format!("HTTP {status}: {text}") } else { format!("{code}: {text}") };
    match status {
        // `UnrecognizedClientException`, `ExpiredTokenException`, `InvalidSignatureException` and their kin.
        401 | 403 => Verdict::Refused(Refusal::last(ModelError::new(Cause::Auth, text))),
        429 => refused(ModelError::new(Cause::Throttled, text)),
        408 => Verdict::Again(Refusal::of_this_model(ModelError::new(Cause::Timeout, text))),
        424 => Verdict::Again(Refusal::of_this_model(ModelError::new(Cause::Service, text))),
        500.. => refused(ModelError::new(Cause::Service, text)),
        _ if code.contains("Token")
            || code.contains("Signature")
            || code.contains("Credential") =>
        {
            Verdict::Refused(Refusal::last(ModelError::new(Cause::Auth, text)))
        }
        _ => Verdict::Refused(Refusal::last(ModelError::new(Cause::BadRequest, text))),
    }
}

/// A call that no answer came to, or one that cannot be read.
fn unanswered(error: &SdkError<ConverseError>) -> Refusal {
    let text = DisplayErrorContext(error).to_string();
    let lower = text.to_lowercase();
    if lower.contains("credentials") || lower.contains("identity") {
        let help = "no AWS credentials were found, or they could not be loaded";
        return Refusal::last(ModelError::new(
            Cause::Auth,
            format!("{help} ({})", shortened(&text)),
        ));
    }
    match error {
        SdkError::ConstructionFailure(_) => {
            Refusal::last(ModelError::new(Cause::BadRequest, shortened(&text)))
        }
        // The next model stands behind the same endpoint.
        SdkError::DispatchFailure(_) => Refusal::last(ModelError::new(
            Cause::Service,
            format!("Bedrock could not be reached ({})", shortened(&text)),
        )),
        _ => Refusal::of_this_model(ModelError::new(
            Cause::Service,
            format!("the answer could not be read ({})", shortened(&text)),
        )),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validation_errors_are_told_apart_by_their_text() {
        let verdict = |text: &str| match invalid(text.to_owned()) {
            Verdict::Again(_) => "again".to_owned(),
            Verdict::Sampling(_) => "sampling".to_owned(),
            Verdict::Refused(refusal) => format!(
                "{} {}",
                refusal.error,
                if refusal.another_may_answer { "(next)" } else { "(last)" }
            ),
        };
        assert_eq!(
            verdict("`temperature` and `top_p` cannot both be specified for this model."),
            "sampling"
        );
        insta::assert_snapshot!(
            [
                "Input is too long for requested model.",
                "This model version has reached the end of its life.",
                "Invocation of model ID x with on-demand throughput isn't supported.",
                "messages.1.content: Field required",
            ]
            .map(verdict)
            .join("\n"),
            @"
        the conversation does not fit the model: Input is too long for requested model. (last)
        the model is not to be had: This model version has reached the end of its life. (next)
        the model is not to be had: Invocation of model ID x with on-demand throughput isn't supported. (next)
        the model's service refused the request: messages.1.content: Field required (last)
        "
        );
    }

    #[test]
    fn answers_that_the_model_of_the_service_does_not_name_go_by_their_status() {
        let another = |code, status| match unmodeled(code, status, "m") {
            Verdict::Again(_) => "again",
            Verdict::Refused(refusal) if refusal.another_may_answer => "next",
            _ => "last",
        };
        assert_eq!(another("UnrecognizedClientException", 403), "last");
        assert_eq!(another("ExpiredTokenException", 400), "last");
        assert_eq!(another("", 502), "next");
        assert_eq!(another("", 429), "next");
        assert_eq!(another("", 424), "again");
        assert_eq!(another("SomethingNew", 418), "last");
    }
}
