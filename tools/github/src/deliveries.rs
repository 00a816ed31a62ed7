//! Deliveries of the App's webhook that nobody took.
//!
//! GitHub never repeats a delivery by itself; whoever asks can have those of the last 3 days, on Enterprise Server 7.
//! <https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks>

use std::collections::BTreeMap;

use contract::Timestamp;
use http::{HeaderMap, header};
use serde::Deserialize;

use crate::call::Call;
use crate::pull_request::PER_PAGE;
use crate::{GitHub, GitHubError};

/// Attempts are read up to here: the newest 5,000.
const MOST_PAGES: usize = 50;

/// A delivery of which the latest attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDelivery {
    /// Of the latest attempt.
    pub id: u64,
    /// The same for all attempts: `X-GitHub-Delivery`.
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    /// What the server answered; 0 where it did not.
    pub status_code: u16,
    pub first_attempt: Timestamp,
    pub attempts: usize,
}

/// One attempt, as GitHub lists it.
#[derive(Debug, Deserialize)]
struct Attempt {
    id: u64,
    guid: String,
    delivered_at: String,
    #[serde(default)]
    redelivery: bool,
    #[serde(default)]
    status_code: Option<u16>,
    event: String,
    action: Option<String>,
}

impl GitHub {
    /// The deliveries that were first attempted since then, and of which the latest attempt failed; the oldest first.
    ///
    /// A delivery whose first attempt lies before `since` is left out: its attempts could not all be counted. A caller
    /// that asks regularly therefore goes back equally far each time.
    pub async fn failed_deliveries(
        &self,
        since: Timestamp,
    ) -> Result<Vec<FailedDelivery>, GitHubError> {
        let app = self.as_app("the list of failed deliveries")?;
        let mut attempts = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let from = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
            let call = Call::get(
                format!("/app/hook/deliveries?per_page={PER_PAGE}{from}"),
                "the deliveries of the App's webhook",
            );
            let answer = app.answer(&call).await?;
            let page: Vec<Attempt> = answer.json(&call)?;
            // The newest come first.
            let reached = page.last().is_none_or(|oldest| oldest.at().is_some_and(|at| at < since));
            attempts.extend(page);
            cursor = next_cursor(&answer.headers);
            if reached || cursor.is_none() {
                return Ok(failed(attempts, since));
            }
        }
        tracing::warn!(
            attempts = attempts.len(),
            "GitHub lists more deliveries than are read; the oldest are left out"
        );
        Ok(failed(attempts, since))
    }
}

impl Attempt {
    fn at(&self) -> Option<Timestamp> {
        Timestamp::parse_rfc3339(&self.delivered_at)
    }

    fn succeeded(&self) -> bool {
        self.status_code.is_some_and(|code| (200..300).contains(&code))
    }
}

/// What of these attempts calls for another one.
fn failed(attempts: Vec<Attempt>, since: Timestamp) -> Vec<FailedDelivery> {
    let mut deliveries: BTreeMap<String, Vec<(Timestamp, Attempt)>> = BTreeMap::new();
    for attempt in attempts {
        if let Some(at) = attempt.at().filter(|at| *at >= since) {
            deliveries.entry(attempt.guid.clone()).or_default().push((at, attempt));
        }
    }
    let mut failed: Vec<_> = deliveries.into_values().filter_map(latest_failure).collect();
    failed.sort_by_key(|delivery| (delivery.first_attempt, delivery.id));
    failed
}

fn latest_failure(mut attempts: Vec<(Timestamp, Attempt)>) -> Option<FailedDelivery> {
    attempts.sort_by_key(|(at, attempt)| (*at, attempt.id));
    let first_attempt = attempts.iter().find(|(_, attempt)| !attempt.redelivery)?.0;
    let count = attempts.len();
    let (_, latest) = attempts.pop().filter(|(_, latest)| !latest.succeeded())?;
    Some(FailedDelivery {
        id: latest.id,
        guid: latest.guid,
        event: latest.event,
        action: latest.action,
        status_code: latest.status_code.unwrap_or_default(),
        first_attempt,
        attempts: count,
    })
}

/// Where the next page starts. Only the cursor is taken out of the link, so that it cannot lead elsewhere.
fn next_cursor(headers: &HeaderMap) -> Option<String> {
    let links = headers.get(header::LINK)?.to_str().ok()?;
    let next = links.split(',').find(|link| link.contains("rel=\"next\""))?;
    let url = next.split_once('<')?.1.split_once('>')?.0;
    let query = url.split_once('?')?.1;
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("cursor="))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=".contains(&byte);
    ((1..=500).contains(&cursor.len()) && cursor.bytes().all(plain)).then(|| cursor.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(id: u64, guid: &str, minute: u64, status_code: u16, redelivery: bool) -> Attempt {
        Attempt {
            id,
            guid: guid.into(),
            delivered_at: format!("2026-11-21T16:{minute:02}:00Z"),
            redelivery,
            status_code: Some(status_code),
            event: "pull_request".into(),
            action: None,
        }
    }

    fn found(attempts: Vec<Attempt>) -> Vec<(String, u64, usize)> {
        let since = Timestamp::parse_rfc3339("2026-11-21T16:00:00Z").unwrap();
        failed(attempts, since)
            .into_iter()
            .map(|delivery| (delivery.guid, delivery.id, delivery.attempts))
            .collect()
    }

    #[test]
    fn a_delivery_counts_by_its_latest_attempt() {
        let found = found(vec![
            attempt(9, "mended", 5, 202, true),
            attempt(8, "twice", 4, 502, true),
            attempt(7, "taken", 3, 200, false),
            attempt(6, "once", 2, 0, false),
            attempt(3, "mended", 1, 500, false),
            attempt(2, "twice", 0, 500, false),
        ]);
        assert_eq!(found, [("twice".into(), 8, 2), ("once".into(), 6, 1)], "the oldest first");
    }

    #[test]
    fn a_redirect_and_a_silence_are_failures() {
        let silent = Attempt { status_code: None, ..attempt(2, "silent", 1, 0, false) };
        let found = found(vec![silent, attempt(1, "moved", 0, 301, false)]);
        assert_eq!(found, [("moved".into(), 1, 1), ("silent".into(), 2, 1)]);
    }

    #[test]
    fn a_delivery_whose_first_attempt_is_out_of_sight_is_left_alone() {
        let early = Attempt {
            delivered_at: "2026-11-21T15:59:59Z".into(),
            ..attempt(1, "old", 0, 502, false)
        };
        assert_eq!(found(vec![attempt(5, "old", 3, 502, true), early]), []);
    }

    #[test]
    fn only_the_cursor_is_taken_from_a_link() {
        let cursor = |link: &str| {
            next_cursor(&HeaderMap::from_iter([(header::LINK, link.parse().unwrap())]))
        };
        let next =
            "<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_17>; rel=\"next\"";
        assert_eq!(cursor(next).as_deref(), Some("v1_17"));
        let both = format!("<https://x/?cursor=v1_1>; rel=\"prev\", {next}");
        assert_eq!(cursor(&both).as_deref(), Some("v1_17"));
        assert_eq!(cursor("<https://x/?cursor=a/../b>; rel=\"next\""), None);
        assert_eq!(cursor("<https://x/?cursor=v1_1>; rel=\"prev\""), None);
        assert_eq!(next_cursor(&HeaderMap::new()), None);
    }
}
