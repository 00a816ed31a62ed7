//! How long to keep asking: one deadline for a whole task, and pauses that grow.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use aws_sdk_codegurureviewer::error::{ProvideErrorMetadata, SdkError};
use tokio::time::Instant;

use crate::failure::Failure;

/// How to wait. The service waits for real; tests pass a function that does not.
pub type Wait = fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits for real.
pub fn real_wait(duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(tokio::time::sleep(duration))
}

const ONE_CALL: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 5;
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The time that a task may still take.
pub(crate) struct Patience {
    wait: Wait,
    started: Instant,
    deadline: Duration,
    /// Time spent in pauses. Counted apart from the clock so that a wait that does not wait runs out as well.
    paused: Duration,
}

impl Patience {
    pub(crate) fn new(wait: Wait, deadline: Duration) -> Self {
        Self { wait, started: Instant::now(), deadline, paused: Duration::ZERO }
    }

    pub(crate) fn left(&self) -> Duration {
        let spent = self.started.elapsed().max(self.paused);
        self.deadline.saturating_sub(spent)
    }

    /// Pauses for about `duration`; `false`, at once, where the deadline comes first.
    pub(crate) async fn pause(&mut self, duration: Duration) -> bool {
        let pause = duration.mul_f64(0.75 + fastrand::f64() / 2.0);
        if pause >= self.left() {
            return false;
        }
        self.paused += pause;
        (self.wait)(pause).await;
        true
    }

    /// Calls until it succeeds, fails for good, or has failed five times.
    pub(crate) async fn insist<T, E, F>(
        &mut self,
        operation: &str,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E>>> + Send,
    {
        let mut attempt = 1;
        loop {
            let failure = match tokio::time::timeout(ONE_CALL.min(self.left()), call()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Failure::of(operation, &error),
                Err(_) => Failure::timed_out(operation),
            };
            tracing::debug!(
                operation,
                attempt,
                failure = failure.message,
                "a call to CodeGuru failed"
            );
            if !failure.may_pass() || attempt == ATTEMPTS || !self.pause(backoff(attempt)).await {
                return Err(failure);
            }
            attempt += 1;
        }
    }
}

/// 1, 2, 4, 8 seconds.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(LONGEST_PAUSE)
}

/// The next pause between two looks at the same thing.
pub(crate) fn longer(pause: Duration) -> Duration {
    pause.mul_f64(1.5).min(LONGEST_PAUSE)
}
