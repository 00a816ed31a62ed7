//! Takes records in on the path of calls, and writes them in batches beside it.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::record::CallRecord;

/// Records that wait in memory, some 20 MB; a log that is not written for long loses what comes after.
const MOST_WAITING: usize = 50_000;
const WRITTEN_AT_ONCE: usize = 500;
/// A log that takes longer has lost the request.
const LOG_ANSWERS: Duration = Duration::from_secs(10);

/// Where records are kept.
#[async_trait]
pub trait CallLog: Send + Sync {
    /// All of them or none; where they do not fit into one write, those that are told again are kept once.
    async fn append(&self, calls: Arc<[CallRecord]>) -> Result<(), LogError>;
}

/// The records were not kept.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LogError(pub Box<dyn Error + Send + Sync>);

/// Records on their way into a log.
pub struct Recorder {
    log: Arc<dyn CallLog>,
    waiting: Mutex<VecDeque<CallRecord>>,
    many: Notify,
    lost: AtomicU64,
}

impl Recorder {
    pub fn new(log: Arc<dyn CallLog>) -> Self {
        Self { log, waiting: Mutex::default(), many: Notify::new(), lost: AtomicU64::new(0) }
    }

    /// Costs a lock and a push.
    pub fn record(&self, call: CallRecord) {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST_WAITING {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.push_back(call.bounded());
        // Once: a log that fails is tried again when its time comes.
        if waiting.len() == WRITTEN_AT_ONCE {
            drop(waiting);
            self.many.notify_one();
        }
    }

    /// Comes back when there is as much as is written at once, which may be long before the next second.
    pub async fn many(&self) {
        self.many.notified().await;
    }

    /// Writes what waits. To be called every second or so by one task, when there is much, and before the end.
    pub async fn flush(&self) {
        loop {
            let batch: Arc<[_]> = {
                let mut waiting = self.waiting();
                let count = waiting.len().min(WRITTEN_AT_ONCE);
                waiting.drain(..count).collect()
            };
            if batch.is_empty() {
                break;
            }
            let written = timeout(LOG_ANSWERS, self.log.append(batch.clone())).await;
            let Some(problem) = (match written {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("it does not answer".to_owned()),
            }) else {
                // What has come meanwhile waits for others: to write a few calls takes as long as to write many.
                if batch.len() < WRITTEN_AT_ONCE {
                    break;
                }
                continue;
            };
            self.put_back(&batch);
            tracing::warn!(problem, "calls could not be written down; they wait");
            break;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "more calls than can wait were not written down");
        }
    }

    /// Before what has come meanwhile, as far as there is place.
    fn put_back(&self, batch: &[CallRecord]) {
        let mut waiting = self.waiting();
        for call in batch.iter().rev() {
            if waiting.len() >= MOST_WAITING {
                self.lost.fetch_add(1, Ordering::Relaxed);
            } else {
                waiting.push_front(call.clone());
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<CallRecord>> {
        // Nothing under this lock panics.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::sync::{OnceLock, Weak};

    use super::super::record::tests::record;
    use super::*;

    #[derive(Default)]
    struct Kept {
        calls: Mutex<Vec<CallRecord>>,
        fails: AtomicBool,
    }

    #[async_trait]
    impl CallLog for Kept {
        async fn append(&self, calls: Arc<[CallRecord]>) -> Result<(), LogError> {
            if self.fails.load(Ordering::SeqCst) {
                return Err(LogError("the disk is full".into()));
            }
            self.calls.lock().unwrap().extend_from_slice(&calls);
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_could_not_be_written_is_written_later_in_its_order() {
        let log: Arc<Kept> = Arc::default();
        let recorder = Recorder::new(log.clone());
        log.fails.store(true, Ordering::SeqCst);
        (0..1200).for_each(|at| recorder.record(record("m", at, 1, 1)));
        recorder.flush().await;
        log.fails.store(false, Ordering::SeqCst);
        recorder.record(record("m", 1200, 1, 1));
        recorder.flush().await;
        let times: Vec<_> = log.calls.lock().unwrap().iter().map(|call| call.at.0).collect();
        assert_eq!(times, (0..=1200).collect::<Vec<_>>());
    }

    /// While it writes, another call comes.
    #[derive(Default)]
    struct Busy {
        recorder: OnceLock<Weak<Recorder>>,
        written: AtomicU64,
    }

    #[async_trait]
    impl CallLog for Busy {
        async fn append(&self, _: Arc<[CallRecord]>) -> Result<(), LogError> {
            // Ten times, so that a recorder that never ends fails rather than hangs.
            if self.written.fetch_add(1, Ordering::SeqCst) < 10 {
                self.recorder.get().unwrap().upgrade().unwrap().record(record("m", 0, 1, 1));
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_comes_while_it_writes_waits_for_others() {
        let log: Arc<Busy> = Arc::default();
        let recorder = Arc::new(Recorder::new(log.clone()));
        log.recorder.set(Arc::downgrade(&recorder)).unwrap();
        (0..501).for_each(|at| recorder.record(record("m", at, 1, 1)));
        recorder.many().await;
        recorder.flush().await;
        assert_eq!((log.written.load(Ordering::SeqCst), recorder.waiting().len()), (2, 1));
    }

    #[tokio::test]
    async fn a_log_that_is_never_written_does_not_fill_the_memory() {
        let recorder = Recorder::new(Arc::<Kept>::default());
        for at in (0_i64..).take(MOST_WAITING + 10) {
            recorder.record(record("m", at, 1, 1));
        }
        assert_eq!(recorder.waiting().len(), MOST_WAITING);
        assert_eq!(recorder.lost.load(Ordering::Relaxed), 10);
    }
}
