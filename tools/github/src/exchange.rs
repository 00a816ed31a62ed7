//! Carries a call out: sends it, waits and repeats where that is right, and reads what comes back.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use octocrab::OctoBody;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

use crate::call::Call;
use crate::names::excerpt;
use crate::rate_limit::{Attempts, Failure};
use crate::{GitHub, GitHubError, route};

const MOST_OF_AN_ERROR: u64 = 64 << 10;

/// What GitHub answered to a call that worked.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|_| {
            GitHubError::Unavailable(format!("its answer for {} has an unknown form", call.what))
        })
    }
}

impl GitHub {
    /// Makes a call, and reads its answer as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, GitHubError> {
        self.answer(call).await?.json(call)
    }

    /// Makes a call, and gives the bytes of its answer.
    pub(crate) async fn call(&self, call: &Call) -> Result<Bytes, GitHubError> {
        Ok(self.answer(call).await?.body)
    }

    /// Makes a call, as often as `rate_limit` finds right.
    pub(crate) async fn answer(&self, call: &Call) -> Result<Answer, GitHubError> {
        let repeatable = call.is_repeatable();
        let mut attempts = Attempts::default();
        loop {
            let failure = match self.attempt(call).await? {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(wait) = attempts.next(&failure, repeatable, &self.patience, (self.clock)())?
            else {
                return Err(call.error(failure));
            };
            tracing::debug!(call = call.what, wait_seconds = wait.as_secs(), "waiting for GitHub");
            self.sleep(wait).await;
        }
    }

    /// Sleeps as much of a wait as the client's scale asks for.
    pub(crate) async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait.mul_f64(self.patience.scale.clamp(0.0, 1.0))).await;
    }

    async fn attempt(&self, call: &Call) -> Result<Result<Answer, Failure>, GitHubError> {
        let request = call.request()?;
        let most = if call.is_write() { self.patience.write } else { self.patience.attempt };
        let Some(time) = self.time_for_an_attempt(most) else {
            return Err(GitHubError::Unavailable("the time for this run is over".into()));
        };
        // One deadline from the question to the answer, so that what was permitted cannot arrive much later.
        let exchange = async {
            if call.is_write() && !self.may_write().await {
                return Err(GitHubError::NotOurs);
            }
            let span = route::span(request.method(), request.uri().path());
            Ok(self.exchange(request, call.most_bytes).instrument(span).await)
        };
        tokio::time::timeout(time, exchange).await.unwrap_or_else(|_| {
            Ok(Err(Failure::Broken(format!("no answer within {} s", time.as_secs()))))
        })
    }

    fn time_for_an_attempt(&self, most: Duration) -> Option<Duration> {
        let Some(deadline) = self.patience.deadline else { return Some(most) };
        let left = deadline.since((self.clock)());
        (!left.is_zero()).then(|| left.min(most))
    }

    async fn may_write(&self) -> bool {
        match &self.still_ours {
            Some(still_ours) => still_ours().await,
            None => true,
        }
    }

    async fn exchange(
        &self,
        request: Request<OctoBody>,
        most_bytes: u64,
    ) -> Result<Answer, Failure> {
        let response = self
            .octocrab
            .execute(request)
            .await
            .inspect_err(|_| route::record_answer(None))
            .map_err(|error| Failure::Broken(reason(&error)))?;
        let (parts, body) = response.into_parts();
        route::record_answer(Some(parts.status));
        if parts.status.is_success() {
            let body = read(body, &parts.headers, most_bytes).await?;
            return Ok(Answer { headers: parts.headers, body });
        }
        let body = read(body, &parts.headers, MOST_OF_AN_ERROR).await.unwrap_or_default();
        Err(Failure::Answered {
            status: parts.status,
            headers: parts.headers,
            message: message(&body),
        })
    }
}

/// Reads a body, and stops at the limit whatever its length claims to be.
async fn read<B>(mut body: B, headers: &HeaderMap, most_bytes: u64) -> Result<Bytes, Failure>
where
    B: BodyExt<Data = Bytes, Error = octocrab::Error> + Unpin,
{
    let claimed = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if claimed.is_some_and(|length| length > most_bytes) {
        return Err(Failure::TooLarge(most_bytes));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::Broken(reason(&error)))?;
        let Ok(data) = frame.into_data() else { continue };
        if (bytes.len() + data.len()) as u64 > most_bytes {
            return Err(Failure::TooLarge(most_bytes));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// GitHub's own words about a failure, shortened. Only answers are read here, never requests, so no credential can be in it.
fn message(body: &[u8]) -> String {
    let stated = serde_json::from_slice::<Value>(body).ok();
    let stated = stated.as_ref().and_then(|value| value.get("message")).and_then(Value::as_str);
    excerpt(stated.unwrap_or("no reason given"))
}

/// The innermost cause: octocrab wraps "connection refused" four times.
pub(crate) fn reason(error: &octocrab::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    excerpt(&cause.to_string())
}
