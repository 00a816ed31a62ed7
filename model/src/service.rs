//! A service that takes and answers JSON over HTTP: where it is, how it knows us, and what it says when it refuses.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::call::Call;
use crate::classify::classify;
use crate::error::{Cause, ModelError};
use crate::http::{Answer, Client, retry_after, traceparent};
use crate::pieces::Pieces;

/// The longest answer that is read.
const MOST_OF_AN_ANSWER: usize = 32 << 20;
/// The longest refusal that is read; of a longer one only the status is.
const MOST_OF_A_REFUSAL: usize = 64 << 10;
const SNIPPET: usize = 2 << 10;

/// How a service is to be reached. The key is never shown.
pub(crate) struct Service {
    client: Client,
    base: String,
    headers: HeaderMap,
    key: Option<SecretString>,
}

/// What a service said instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// Empty where it was too long or broke off.
    pub(crate) body: Bytes,
}

impl Service {
    /// `base` is `http://host:port/path` or `https://…`; `headers` go with every request.
    pub(crate) fn new(
        client: Client,
        base: &str,
        mut headers: HeaderMap,
        key: Option<(HeaderName, &str, SecretString)>,
    ) -> Result<Self, ModelError> {
        let base = base.trim_end_matches('/');
        let uri = base.parse::<Uri>().ok().filter(|uri| {
            uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        if uri.is_none() {
            let message = format!("{base:?} is not the address of a service, as https://host/v1");
            return Err(ModelError::new(Cause::BadRequest, message));
        }
        let key = match key {
            Some((name, scheme, key)) => {
                let value = format!("{scheme}{}", key.expose_secret());
                let mut value = HeaderValue::from_str(&value).map_err(|_| {
                    let message = "the key has characters that no header may have";
                    ModelError::new(Cause::Auth, message)
                })?;
                value.set_sensitive(true);
                headers.insert(name, value);
                Some(key)
            }
            None => None,
        };
        Ok(Self { client, base: base.to_owned(), headers, key })
    }

    /// The answer to the JSON body of a call, if the service took it.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: Pieces,
        call: &Call,
    ) -> Result<Result<Answer, Refused>, ModelError> {
        self.ask(Method::POST, path, body, traceparent(&call.metadata), call.deadline).await
    }

    pub(crate) async fn get(
        &self,
        path: &str,
        deadline: Instant,
    ) -> Result<Result<Answer, Refused>, ModelError> {
        self.ask(Method::GET, path, Pieces::default(), None, deadline).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Pieces,
        trace: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<Result<Answer, Refused>, ModelError> {
        let built =
            Request::builder().method(method).uri(format!("{}{path}", self.base)).body(body);
        let mut request = built.map_err(|error| {
            ModelError::new(Cause::BadRequest, format!("the request cannot be built: {error}"))
        })?;
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        if let Some(trace) = trace {
            headers.insert("traceparent", trace);
        }
        let answer = self.client.send(request, deadline).await?;
        if answer.status.is_success() {
            return Ok(Ok(answer));
        }
        let (status, retry_after) = (answer.status, retry_after(&answer.headers));
        let body = answer.bytes(MOST_OF_A_REFUSAL, deadline).await.unwrap_or_default();
        Ok(Err(Refused { status, retry_after, body }))
    }

    /// What a refusal means; `code` and `text` are the service's.
    pub(crate) fn error(&self, refused: &Refused, code: &str, text: &str) -> ModelError {
        let key = self.key.as_ref().map(ExposeSecret::expose_secret).filter(|key| !key.is_empty());
        let text = key.map_or_else(|| text.into(), |key| Cow::Owned(text.replace(key, "[key]")));
        let mut error = classify(refused.status.as_u16(), code, without_input(&text));
        error.retry_after = refused.retry_after;
        error
    }
}

/// Servers that check by pydantic repeat the whole input after what is wrong with it, and a prompt is none of a log's
/// business.
pub(crate) fn without_input(text: &str) -> &str {
    let begins = ["'input':", "\"input\":", "input_value="].iter().filter_map(|at| text.find(at));
    text[..begins.min().unwrap_or(text.len())].trim_end()
}

/// The JSON of an answer, and its beginning as it came.
pub(crate) async fn json<T: DeserializeOwned>(
    answer: Answer,
    deadline: Instant,
) -> Result<(T, String), ModelError> {
    let body = answer.bytes(MOST_OF_AN_ANSWER, deadline).await?;
    let parsed = serde_json::from_slice(&body).map_err(|error| unreadable(&error))?;
    Ok((parsed, snippet(&body)))
}

/// `line 1 column 7` and what was expected there, without what stood there.
pub(crate) fn unreadable(error: &serde_json::Error) -> ModelError {
    let text = match error.classify() {
        serde_json::error::Category::Data => "it is not of the documented form",
        serde_json::error::Category::Eof => "its JSON ends too early",
        _ => "it is no JSON",
    };
    let (line, column) = (error.line(), error.column());
    ModelError::new(Cause::Unreadable, format!("{text} (line {line}, column {column})"))
}

fn snippet(body: &[u8]) -> String {
    let end = (0..=SNIPPET.min(body.len())).rev().find(|end| {
        // Not within a character.
        body.get(*end).is_none_or(|byte| byte & 0b1100_0000 != 0b1000_0000)
    });
    lossy(&body[..end.unwrap_or_default()])
}

/// Looked through many bytes at a time where all is text, as the standard library's `from_utf8_lossy` does not.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(key: &str) -> Service {
        let key = (http::header::AUTHORIZATION, "Bearer ", SecretString::from(key));
        Service::new(Client::new().unwrap(), "http://localhost:1/v1/", HeaderMap::new(), Some(key))
            .unwrap()
    }

    #[test]
    fn a_refusal_is_told_without_the_key_and_without_the_prompt() {
        let service = service("sk-secret");
        let refused = Refused { status: StatusCode::OK, retry_after: None, body: Bytes::new() };
        let told = |text: &str| service.error(&refused, "", text).message;
        assert_eq!(told("Incorrect API key: sk-secret."), "Incorrect API key: [key].");
        let validation = "[{'msg': 'Field required', 'input': {'messages': 'my prompt'}}]";
        assert_eq!(told(validation), "[{'msg': 'Field required',");
    }

    #[test]
    fn an_address_that_is_none_and_a_key_that_fits_no_header_are_refused_at_once() {
        let at = |base: &str, key: &str| {
            let key = (http::header::AUTHORIZATION, "Bearer ", SecretString::from(key));
            let made = Service::new(Client::new().unwrap(), base, HeaderMap::new(), Some(key));
            made.err().map(|error| error.cause)
        };
        assert_eq!(at("https://api.example/v1", "k"), None);
        assert_eq!(at("api.example/v1", "k"), Some(Cause::BadRequest));
        assert_eq!(at("file:///etc/passwd", "k"), Some(Cause::BadRequest));
        assert_eq!(at("https://api.example", "a\nb"), Some(Cause::Auth));
    }

    #[test]
    fn the_beginning_of_an_answer_ends_between_characters() {
        assert_eq!(snippet(b"{}"), "{}");
        let long = "é".repeat(5000);
        assert_eq!(snippet(long.as_bytes()), "é".repeat(1024));
        assert_eq!(snippet(format!("x{long}").as_bytes()).len(), 2047);
        assert_eq!(snippet(&[0x80; 10]), "\u{fffd}".repeat(10));
    }
}
