//! Reads a request's body: not too much, not too slowly, and not too many large ones at once.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::rejection::Rejection;

/// GitHub hangs up after this long too.
const DEADLINE: Duration = Duration::from_secs(10);
/// What every connection may hold in memory. Most deliveries are far below it.
const SMALL: usize = 256 * 1024;
/// How many bodies may be larger than that at a time. Anyone can send one: it is read before its signature can be
/// checked.
const LARGE_ONES: usize = 8;

/// A body, and its place among the large ones for as long as it is held.
#[derive(Debug)]
pub(super) struct Received {
    pub bytes: Bytes,
    _place: Option<OwnedSemaphorePermit>,
}

pub(super) fn places_for_large_ones() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(LARGE_ONES))
}

pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    places: &Arc<Semaphore>,
) -> Result<Received, Rejection> {
    // Refused before it is sent where the header is honest; `collect` sees to the others.
    if stated_length(headers).is_some_and(|length| length > limit) {
        return Err(Rejection::TooLarge(limit));
    }
    timeout(DEADLINE, collect(body.into_data_stream(), limit, places))
        .await
        .unwrap_or(Err(Rejection::TooSlow))
}

fn stated_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(
    mut chunks: BodyDataStream,
    limit: usize,
    places: &Arc<Semaphore>,
) -> Result<Received, Rejection> {
    let mut whole = BytesMut::new();
    let mut place = None;
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| Rejection::Malformed(format!("the body broke off: {error}")))?;
        let length = whole.len() + chunk.len();
        if length > limit {
            return Err(Rejection::TooLarge(limit));
        }
        if length > SMALL && place.is_none() {
            place = Some(Arc::clone(places).try_acquire_owned().map_err(|_| Rejection::Busy)?);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Received { bytes: whole.freeze(), _place: place })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_bytes(
        count: usize,
        limit: usize,
        places: &Arc<Semaphore>,
    ) -> Result<Received, Rejection> {
        let chunks = vec![b'x'; count]
            .chunks(64 * 1024)
            .map(Bytes::copy_from_slice)
            .map(Ok::<_, std::io::Error>)
            .collect::<Vec<_>>();
        let body = Body::from_stream(futures::stream::iter(chunks));
        read(&HeaderMap::new(), body, limit, places).await
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
        let places = places_for_large_ones();
        assert_eq!(read_bytes(1000, 1000, &places).await.unwrap().bytes.len(), 1000);
        assert_eq!(read_bytes(1001, 1000, &places).await.unwrap_err(), Rejection::TooLarge(1000));
    }

    #[tokio::test]
    async fn large_bodies_take_turns_and_small_ones_do_not() {
        let places = Arc::new(Semaphore::new(1));
        let first = read_bytes(SMALL + 1, usize::MAX, &places).await.unwrap();
        assert_eq!(read_bytes(SMALL + 1, usize::MAX, &places).await.unwrap_err(), Rejection::Busy);
        assert!(read_bytes(SMALL, usize::MAX, &places).await.is_ok());
        drop(first);
        assert!(read_bytes(SMALL + 1, usize::MAX, &places).await.is_ok());
    }
}
