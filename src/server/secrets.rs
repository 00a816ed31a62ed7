//! The secrets that a delivery may be signed with: given at start-up, or read from where they are kept.

use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Timestamp};
use futures::future::BoxFuture;
use secrecy::SecretString;
use tokio::sync::Mutex;

/// Reads the secrets anew. A failure is for the log.
pub type ReadSecrets =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<SecretString>, String>> + Send + Sync>;

/// A secret that was replaced is known after this long at the latest.
const FRESH: Duration = Duration::from_mins(15);
/// How soon a signature that does not hold makes us look again. Anybody can send one.
const PAUSE: Duration = Duration::from_mins(1);
/// How soon to ask again where nothing could be read.
const RETRY: Duration = Duration::from_secs(5);

/// Any of them may have signed a delivery, so that a secret can be replaced without a gap. Without one every delivery
/// is refused.
pub struct WebhookSecrets(Source);

enum Source {
    Fixed(Arc<[SecretString]>),
    Kept { read: ReadSecrets, clock: Clock, known: Mutex<Known> },
}

#[derive(Default)]
struct Known {
    secrets: Arc<[SecretString]>,
    /// When they were last asked for, and whether that went well.
    asked: Option<(Timestamp, bool)>,
}

impl WebhookSecrets {
    pub fn fixed(secrets: Vec<SecretString>) -> Self {
        Self(Source::Fixed(secrets.into()))
    }

    /// Secrets that are read when the first delivery comes, and again from time to time.
    pub fn kept(read: ReadSecrets, clock: Clock) -> Self {
        Self(Source::Kept { read, clock, known: Mutex::default() })
    }

    /// The secrets as far as they are known. Empty where none could be read.
    pub(super) async fn current(&self) -> Arc<[SecretString]> {
        match &self.0 {
            Source::Fixed(secrets) => secrets.clone(),
            Source::Kept { read, clock, known } => {
                let mut known = known.lock().await;
                if known.is_older_than(FRESH, clock()) {
                    known.read_again(read, clock()).await;
                }
                known.secrets.clone()
            }
        }
    }

    /// Newer ones than these, after a signature held under none of them.
    pub(super) async fn newer_than(
        &self,
        tried: &Arc<[SecretString]>,
    ) -> Option<Arc<[SecretString]>> {
        let Source::Kept { read, clock, known } = &self.0 else { return None };
        let mut known = known.lock().await;
        if Arc::ptr_eq(tried, &known.secrets) && known.is_older_than(PAUSE, clock()) {
            known.read_again(read, clock()).await;
        }
        (!Arc::ptr_eq(tried, &known.secrets)).then(|| known.secrets.clone())
    }
}

impl Known {
    fn is_older_than(&self, age: Duration, now: Timestamp) -> bool {
        self.asked.is_none_or(|(at, well)| now.since(at) >= if well { age } else { RETRY })
    }

    /// What was known stays in use where nothing can be read.
    async fn read_again(&mut self, read: &ReadSecrets, now: Timestamp) {
        let answer = read().await;
        self.asked = Some((now, answer.is_ok()));
        match answer {
            Ok(secrets) => self.secrets = secrets.into(),
            Err(error) => tracing::error!(error, "the webhook's secret could not be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;
    use secrecy::ExposeSecret;

    use super::*;

    thread_local! {
        static NOW: Cell<i64> = const { Cell::new(0) };
        static READ: Cell<usize> = const { Cell::new(0) };
        static KEPT: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    fn kept(secret: Option<&'static str>) -> WebhookSecrets {
        KEPT.set(secret);
        let read = || {
            READ.set(READ.get() + 1);
            let secret = KEPT.get().map(|secret| vec![SecretString::from(secret)]);
            async move { secret.ok_or_else(|| "it is not to be had".to_owned()) }.boxed()
        };
        WebhookSecrets::kept(Arc::new(read), || Timestamp(NOW.get()))
    }

    fn wait(duration: Duration) {
        NOW.set((Timestamp(NOW.get()) + duration).0);
    }

    fn texts(secrets: &Arc<[SecretString]>) -> Vec<&str> {
        secrets.iter().map(ExposeSecret::expose_secret).collect()
    }

    #[tokio::test]
    async fn a_secret_is_read_once_until_it_is_stale() {
        let secrets = kept(Some("old"));
        assert_eq!(READ.get(), 0);
        for _ in 0..3 {
            assert_eq!(texts(&secrets.current().await), ["old"]);
        }
        assert_eq!(READ.get(), 1);
        KEPT.set(Some("new"));
        wait(FRESH);
        assert_eq!(texts(&secrets.current().await), ["new"]);
        assert_eq!(READ.get(), 2);
    }

    #[tokio::test]
    async fn a_signature_that_does_not_hold_makes_it_read_again_but_not_every_time() {
        let secrets = kept(Some("old"));
        let tried = secrets.current().await;
        KEPT.set(Some("new"));
        assert!(secrets.newer_than(&tried).await.is_none());
        assert_eq!(READ.get(), 1);
        wait(PAUSE);
        assert_eq!(texts(&secrets.newer_than(&tried).await.unwrap()), ["new"]);
        assert_eq!(texts(&secrets.newer_than(&tried).await.unwrap()), ["new"]);
        assert_eq!(READ.get(), 2);
    }

    #[tokio::test]
    async fn a_failure_to_read_leaves_what_was_known_and_is_not_repeated_at_once() {
        let secrets = kept(None);
        assert!(secrets.current().await.is_empty());
        assert!(secrets.current().await.is_empty());
        assert_eq!(READ.get(), 1);
        wait(RETRY);
        KEPT.set(Some("old"));
        assert_eq!(texts(&secrets.current().await), ["old"]);
        wait(FRESH);
        KEPT.set(None);
        assert_eq!(texts(&secrets.current().await), ["old"]);
    }
}
