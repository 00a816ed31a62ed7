//! A cache with expiry that outlives the process; the service's stores implement it.

use async_trait::async_trait;

use crate::Timestamp;

/// Keeps small texts until they expire. A cache that fails is an empty cache: callers fetch again.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value under `key`, unless it has expired by `now`.
    async fn cached(&self, key: &str, now: Timestamp) -> Option<String>;

    async fn keep(&self, key: &str, value: &str, expires: Timestamp);
}
