//! Whether to call again after a failure, and how long to wait first. Decides only; `call` sleeps.

use std::time::Duration;

use contract::Timestamp;
use http::{HeaderMap, StatusCode};

use crate::GitHubError;

/// GitHub asks for a minute where it names no time.
const UNSTATED: Duration = Duration::from_mins(1);

/// How long a client bears with GitHub.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// The waits before the second, third and fourth attempt, where GitHub names no time.
    pub waits: [Duration; 3],
    /// The most that one call may spend waiting between attempts.
    pub max_wait: Duration,
    /// The most that one attempt at reading may take.
    pub attempt: Duration,
    /// The most that one attempt at writing may take, from the question whether the run still may to GitHub's answer.
    /// It must be shorter than the lease of a job: then a write has come through or failed before another worker starts.
    pub write: Duration,
    /// Past this time no call waits, and none starts.
    pub deadline: Option<Timestamp>,
    /// Real seconds slept per second of waiting: 1, and nearly 0 in tests.
    pub scale: f64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            waits: [1, 2, 4].map(Duration::from_secs),
            max_wait: Duration::from_secs(90),
            attempt: Duration::from_secs(30),
            write: Duration::from_secs(20),
            deadline: None,
            scale: 1.0,
        }
    }
}

/// A request that was answered with an error, or not at all.
#[derive(Debug)]
pub(crate) enum Failure {
    Answered {
        status: StatusCode,
        headers: HeaderMap,
        message: String,
    },
    /// No answer: whether the request took effect is unknown.
    Broken(String),
    TooLarge(u64),
}

/// The attempts of one call so far.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    made: usize,
    waited: Duration,
}

impl Attempts {
    /// How long to wait before the next attempt; `None` where there should be none.
    pub(crate) fn next(
        &mut self,
        failure: &Failure,
        repeatable: bool,
        patience: &Patience,
        now: Timestamp,
    ) -> Result<Option<Duration>, GitHubError> {
        let limited = failure.is_rate_limit();
        let worth_it = limited || (repeatable && failure.may_pass());
        if !worth_it {
            return Ok(None);
        }
        let stated = failure.stated_wait(now).filter(|_| limited);
        let Some(step) = patience.waits.get(self.made) else {
            return if limited {
                Err(limited_until(now + stated.unwrap_or(UNSTATED)))
            } else {
                Ok(None)
            };
        };
        let wait = stated.unwrap_or(*step);
        if !self.affords(wait, patience, now) {
            return if limited {
                Err(limited_until(now + stated.unwrap_or(UNSTATED)))
            } else {
                Ok(None)
            };
        }
        self.made += 1;
        self.waited += wait;
        Ok(Some(wait))
    }

    fn affords(&self, wait: Duration, patience: &Patience, now: Timestamp) -> bool {
        let in_time = patience.deadline.is_none_or(|deadline| now + wait < deadline);
        in_time && self.waited.saturating_add(wait) <= patience.max_wait
    }
}

fn limited_until(retry_at: Timestamp) -> GitHubError {
    GitHubError::RateLimited { retry_at }
}

impl Failure {
    /// GitHub sends both limits as 403 or 429; a 403 without these signs is a lack of rights.
    fn is_rate_limit(&self) -> bool {
        let Self::Answered { status, headers, message } = self else { return false };
        match *status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::FORBIDDEN => {
                headers.contains_key("retry-after")
                    || number(headers, "x-ratelimit-remaining") == Some(0)
                    || message.to_ascii_lowercase().contains("rate limit")
            }
            _ => false,
        }
    }

    /// Whether the same request may work a moment later.
    fn may_pass(&self) -> bool {
        match self {
            Self::Answered { status, .. } => status.is_server_error(),
            Self::Broken(_) => true,
            Self::TooLarge(_) => false,
        }
    }

    /// The wait that GitHub itself asks for.
    fn stated_wait(&self, now: Timestamp) -> Option<Duration> {
        let Self::Answered { headers, .. } = self else { return None };
        if let Some(seconds) = number(headers, "retry-after") {
            return Some(Duration::from_secs(seconds));
        }
        let reset = number(headers, "x-ratelimit-reset")
            .filter(|_| number(headers, "x-ratelimit-remaining") == Some(0))?;
        let reset = Timestamp(i64::try_from(reset).ok()?.checked_mul(1000)?);
        // Both clocks count whole seconds; one more keeps the next attempt past the reset.
        Some(reset.since(now) + Duration::from_secs(1))
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn answered(status: u16, headers: &[(&'static str, &str)], message: &str) -> Failure {
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Failure::Answered {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            message: message.to_owned(),
        }
    }

    fn waits(failure: &Failure, repeatable: bool) -> (Vec<u64>, Option<GitHubError>) {
        let (mut attempts, mut waits) = (Attempts::default(), Vec::new());
        loop {
            match attempts.next(failure, repeatable, &Patience::default(), NOW) {
                Ok(Some(wait)) => waits.push(wait.as_secs()),
                Ok(None) => return (waits, None),
                Err(error) => return (waits, Some(error)),
            }
        }
    }

    #[test]
    fn a_stated_time_comes_before_our_own() {
        assert_eq!(waits(&answered(429, &[("retry-after", "7")], ""), false).0, [7, 7, 7]);
        assert_eq!(
            waits(
                &answered(
                    403,
                    &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1009")],
                    ""
                ),
                false
            )
            .0,
            [10, 10, 10]
        );
        assert_eq!(
            waits(&answered(403, &[], "You have exceeded a secondary rate limit"), false).0,
            [1, 2, 4]
        );
        assert_eq!(
            waits(&answered(429, &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], ""), false).0,
            [1, 2, 4]
        );
    }

    #[test]
    fn a_wait_beyond_patience_is_told_with_its_time() {
        let (waited, error) = waits(&answered(429, &[("retry-after", "3600")], ""), true);
        assert_eq!(waited, [0; 0]);
        assert_eq!(
            error,
            Some(GitHubError::RateLimited { retry_at: NOW + Duration::from_hours(1) })
        );
        let (waited, _) = waits(&answered(429, &[("retry-after", "40")], ""), true);
        assert_eq!(waited, [40, 40], "two waits fit into ninety seconds");
    }

    #[test]
    fn no_wait_crosses_the_deadline() {
        let patience =
            Patience { deadline: Some(NOW + Duration::from_secs(2)), ..Patience::default() };
        let mut attempts = Attempts::default();
        let broken = Failure::Broken("connection closed".into());
        assert_eq!(attempts.next(&broken, true, &patience, NOW), Ok(Some(Duration::from_secs(1))));
        assert_eq!(attempts.next(&broken, true, &patience, NOW + Duration::from_secs(1)), Ok(None));
    }

    #[test]
    fn what_may_have_taken_effect_is_not_repeated() {
        assert_eq!(waits(&answered(502, &[], ""), true), (vec![1, 2, 4], None));
        assert_eq!(waits(&answered(502, &[], ""), false), (vec![], None));
        assert_eq!(waits(&Failure::Broken(String::new()), false), (vec![], None));
    }

    #[test]
    fn a_lack_of_rights_is_not_a_rate_limit() {
        let forbidden = answered(
            403,
            &[("x-ratelimit-remaining", "4999")],
            "Resource not accessible by integration",
        );
        assert_eq!(waits(&forbidden, true), (vec![], None));
        assert_eq!(waits(&answered(404, &[], ""), true), (vec![], None));
    }
}
