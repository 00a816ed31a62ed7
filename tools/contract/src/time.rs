//! A point in time, and where it comes from: as an argument, so that tests decide it.

use std::ops::{Add, Sub};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Tells the time. The service passes the real clock down; tests pass their own.
pub type Clock = fn() -> Timestamp;

impl Timestamp {
    /// The real clock. Only the wiring of the service names it.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the program")]
    pub fn now() -> Self {
        Self(Utc::now().timestamp_millis())
    }

    /// `2026-11-21T16:05:00Z`
    pub fn rfc3339(self) -> String {
        DateTime::<Utc>::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// `2026-11-21T16:05:00.123Z`
    pub fn rfc3339_millis(self) -> String {
        DateTime::<Utc>::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis()))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP writes its dates.
    pub fn parse_http(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc2822(text).ok().map(|time| Self(time.timestamp_millis()))
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_written() {
        let time = Timestamp::parse_rfc3339("2026-11-21T16:05:00Z").unwrap();
        assert_eq!(time.rfc3339(), "2026-11-21T16:05:00Z");
        assert_eq!((time + Duration::from_mins(1)).since(time), Duration::from_mins(1));
        assert_eq!(time.since(time + Duration::from_mins(1)), Duration::ZERO);
    }
}
