//! What a known client sends. Its key is looked at before a byte of the body is read, so strangers cannot fill the memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt;
use model::invoke::Failure;
use model::{Cause, ModelError};
use tokio::time::timeout;

use super::answer::{json, refused};
use super::bodies::Bodies;
use super::keys::Client;
use super::{LARGEST_BODY, ModelApi};

/// For a body to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// The only way to a body, for handlers.
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl FromRequest<Arc<ModelApi>> for Asked {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Arc<ModelApi>) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let client = api.keys.client(&head.headers).map_err(|error| refused(&error))?;
        let body = timeout(PATIENCE, read(&api.bodies, &head.headers, body, LARGEST_BODY)).await;
        let body = body.unwrap_or(Err(Unread::TooSlow)).map_err(|why| why.response())?;
        Ok(Self { client, headers: head.headers, body })
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Unread {
    TooLarge(usize),
    TooSlow,
    BrokeOff,
}

impl Unread {
    fn response(&self) -> Response {
        let (status, message) = match self {
            Self::TooLarge(limit) => {
                let message = format!("the body is longer than {limit} bytes");
                (StatusCode::PAYLOAD_TOO_LARGE, message)
            }
            Self::TooSlow => {
                let message = format!("the body was not there within {} s", PATIENCE.as_secs());
                (StatusCode::REQUEST_TIMEOUT, message)
            }
            Self::BrokeOff => (StatusCode::BAD_REQUEST, "the body broke off".to_owned()),
        };
        let mut response = json(status, &Failure::of(&ModelError::new(Cause::BadRequest, message)));
        // OpenAI's clients repeat a 408.
        response.headers_mut().insert("x-should-retry", HeaderValue::from_static("false"));
        response
    }
}

/// In one piece from the beginning, as far as its length is said: a long prompt is not held twice.
async fn read(
    bodies: &Bodies,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, Unread> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(Unread::TooLarge(limit));
    }
    let mut whole = bodies.start(length.unwrap_or_default());
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Unread::BrokeOff)?;
        if chunk.len() > limit - whole.length() {
            return Err(Unread::TooLarge(limit));
        }
        whole.add(&chunk);
    }
    Ok(whole.done())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_chunks(chunks: &[&'static str], stated: Option<&str>) -> Result<String, Unread> {
        let chunks: Vec<_> =
            chunks.iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from(*chunk))).collect();
        let mut headers = HeaderMap::new();
        if let Some(stated) = stated {
            headers.insert(header::CONTENT_LENGTH, stated.parse().unwrap());
        }
        let body = Body::from_stream(futures::stream::iter(chunks));
        read(&Bodies::default(), &headers, body, 8)
            .await
            .map(|body| String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_body_may_be_as_long_as_the_limit_whatever_is_said_of_it() {
        assert_eq!(read_chunks(&["four", "four"], Some("8")).await.unwrap(), "fourfour");
        assert_eq!(read_chunks(&["four", "four"], None).await.unwrap(), "fourfour");
        assert_eq!(read_chunks(&["four", "fours"], Some("4")).await, Err(Unread::TooLarge(8)));
        assert_eq!(read_chunks(&["four"], Some("9")).await, Err(Unread::TooLarge(8)));
        assert_eq!(read_chunks(&[], None).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_refused() {
        let chunks = [Ok(Bytes::from("fo")), Err(std::io::Error::other("gone"))];
        let body = Body::from_stream(futures::stream::iter(chunks));
        assert_eq!(
            read(&Bodies::default(), &HeaderMap::new(), body, 8).await,
            Err(Unread::BrokeOff)
        );
    }
}
