//! Refusals that only their words tell apart.

use fake_bedrock::Answer;
use model::Cause;

use crate::case::{Case, fails};

/// Code, message and cause; where it is known, the report of somebody who met the message.
const WORDS: &[(&str, &str, Cause)] = &[
    ("ValidationException", "Input is too long for requested model.", Cause::ContextTooLong),
    (
        "ValidationException",
        "The model returned the following errors: prompt is too long: 204648 tokens > 200000 maximum",
        Cause::ContextTooLong,
    ),
    (
        "ValidationException",
        "The model returned the following errors: input length and `max_tokens` exceed context limit: 190000 + 64000 > 200000, decrease input length or `max_tokens` and try again",
        Cause::ContextTooLong,
    ),
    (
        "ValidationException",
        "Too many input tokens. Max input tokens: 8192, request input token count: 9001",
        Cause::ContextTooLong,
    ),
    (
        "ValidationException",
        "This model's maximum context length is 131072 tokens. Please reduce the length of the prompt",
        Cause::ContextTooLong,
    ),
    (
        "ValidationException",
        "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.",
        Cause::ContextTooLong,
    ),
    // https://github.com/crewAIInc/crewAI/issues/7377: taken for a context that is too long
    ("ThrottlingException", "Too many tokens, please wait before trying again.", Cause::Throttled),
    (
        "ThrottlingException",
        "Too many tokens per day, please wait before trying again.",
        Cause::Throttled,
    ),
    ("ValidationException", "Too many tokens, please wait before trying again.", Cause::Throttled),
    (
        "ServiceUnavailableException",
        "Too many connections, please wait before trying again.",
        Cause::Throttled,
    ),
    // https://github.com/aws-samples/bedrock-access-gateway/issues/191
    (
        "ValidationException",
        "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        Cause::Sampling,
    ),
    (
        "ValidationException",
        "The model returned the following errors: `temperature` is deprecated for this model.",
        Cause::Sampling,
    ),
    (
        "ValidationException",
        "1 validation error detected: Value '1.5' at 'inferenceConfig.topP' failed to satisfy constraint: Member must have value less than or equal to 1",
        Cause::Sampling,
    ),
    // A tool's name is no parameter.
    (
        "ValidationException",
        "The tool get_temperature is already defined at toolConfig.tools.3.",
        Cause::BadRequest,
    ),
    // https://github.com/aws-samples/bedrock-access-gateway/issues/73
    (
        "ValidationException",
        "Invocation of model ID anthropic.claude-sonnet-4-5 with on-demand throughput isn\u{2019}t supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
        Cause::NotServed,
    ),
    ("ValidationException", "The provided model identifier is invalid.", Cause::NotServed),
    // https://github.com/gsd-build/gsd-2/issues/5425
    (
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        Cause::NotServed,
    ),
    (
        "ValidationException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
        Cause::NotServed,
    ),
    (
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in the last 30 days. Please upgrade to an active model on Amazon Bedrock",
        Cause::NotServed,
    ),
    (
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModel on resource: x with an explicit deny in a service control policy",
        Cause::Auth,
    ),
    (
        "ValidationException",
        "The model returned the following errors: messages.1.content.0.text: text content blocks must be non-empty",
        Cause::BadRequest,
    ),
    (
        "ValidationException",
        "The model returned the following errors: messages.1.content.0: Invalid `signature` in `thinking` block",
        Cause::BadRequest,
    ),
    (
        "ValidationException",
        "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.",
        Cause::BadRequest,
    ),
    (
        "ValidationException",
        "This model doesn't support tool use in streaming mode.",
        Cause::BadRequest,
    ),
    ("ValidationException", "Operation not allowed", Cause::BadRequest),
    (
        "ValidationException",
        "This request has been blocked by our content filters. Our filters automatically flagged this prompt because it may conflict our AUP or AWS Responsible AI Policy.",
        Cause::ContentBlocked,
    ),
];

pub(crate) fn cases() -> Vec<Case> {
    let case = |(code, message, cause): &(&str, &str, Cause)| {
        Case::converse(
            format!("{code}: {message}"),
            Answer::exception(code, message),
            fails(*cause),
        )
    };
    WORDS.iter().map(case).collect()
}
