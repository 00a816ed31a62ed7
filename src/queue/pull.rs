//! The queue of one pull request, as a state machine without I/O: at most one job waits and at most one runs.

use std::time::Duration;

use contract::Timestamp;
use serde::{Deserialize, Serialize};

use super::bell::{Bell, Claim};
use super::{Ending, Enqueued, Leased, MOST_ATTEMPTS, Standing};
use crate::review::job::Job;

/// Ended deliveries that are remembered. To forget an older one does no harm: a job reviews the head as it is then, and
/// a head that has its review is left alone.
const MOST_ENDED: usize = 64;
/// Characters of a reason; it is kept with the pull request, whose item may have 400 KB.
const MOST_REASON: usize = 500;
/// When a failure is due: it only waits to be seen.
pub(super) const NEVER: Timestamp = Timestamp(i64::MAX);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PullQueue {
    waiting: Option<Waiting>,
    running: Option<Running>,
    /// Of the latest lease.
    fence: u64,
    /// Oldest first.
    ended: Vec<Ended>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Task {
    job: Job,
    /// Begun and counted.
    attempts: u32,
    /// The message that let it run again after it had failed: once, however often it is delivered.
    revived_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    task: Task,
    not_before: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Running {
    task: Task,
    worker: String,
    /// The message that brought the worker here, which stays until the job has ended.
    message_id: Option<String>,
    lease_until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    delivery: String,
    how: How,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    Done,
    Superseded,
    Failed { reason: String, fence: u64, message_id: Option<String>, revived_by: Option<String> },
}

/// A job that is not tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub job: Job,
    pub reason: String,
}

/// Who asks for a job, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Taker<'a> {
    pub worker: &'a str,
    pub message_id: Option<&'a str>,
    pub lease: Duration,
}

impl PullQueue {
    pub(super) fn enqueue(&mut self, job: &Job, now: Timestamp) -> Enqueued {
        if self.is_open(&job.delivery) {
            return Enqueued::Duplicate;
        }
        let mut revived_by = None;
        if let Some(at) = self.ended.iter().position(|ended| ended.delivery == job.delivery) {
            // Somebody has mended what made it fail, and asks GitHub to deliver it again.
            let How::Failed { revived_by: earlier, .. } = &self.ended[at].how else {
                return Enqueued::Duplicate;
            };
            revived_by.clone_from(earlier);
            self.ended.remove(at);
        }
        self.put_in(Task { job: job.clone(), attempts: 0, revived_by }, now);
        Enqueued::Accepted
    }

    /// Leases the job that waits, if it is due and none runs. A job whose worker is silent may have failed with that.
    pub(super) fn take(
        &mut self,
        taker: Taker<'_>,
        now: Timestamp,
    ) -> (Option<Leased>, Option<Failed>) {
        let failed = self.expire(now);
        if self.running.is_some() {
            return (None, failed);
        }
        let Some(waiting) = self.waiting.take_if(|waiting| waiting.not_before <= now) else {
            return (None, failed);
        };
        let mut task = waiting.task;
        task.attempts += 1;
        // At least the time, so that it grows even where the pull request was forgotten in between.
        self.fence = (self.fence + 1).max(u64::try_from(now.0).unwrap_or_default());
        let leased = Leased {
            id: task.job.key(),
            attempt: task.attempts,
            fence: self.fence,
            job: task.job.clone(),
        };
        self.running = Some(Running {
            task,
            worker: taker.worker.to_owned(),
            message_id: taker.message_id.map(str::to_owned),
            lease_until: now + taker.lease,
        });
        (Some(leased), failed)
    }

    /// Takes what is due, whichever push of the pull request the bell rang for, and says what becomes of the message.
    ///
    /// As long as a job waits or runs, a message that is not deleted stands for it:
    /// - a message that was claimed stays until its job has ended, and then the ending rings for a job that waits;
    /// - so another message may go while the job runs. Should the worker be dead, its own message comes back;
    /// - which may be before the lease ends, and then that very message must stay.
    pub(super) fn claim(
        &mut self,
        bell: &Bell,
        taker: Taker<'_>,
        now: Timestamp,
    ) -> (Claim, Option<Failed>) {
        if bell.redriven {
            self.revive(bell, now);
        }
        let taker = Taker { message_id: Some(&bell.message_id), ..taker };
        let (leased, failed) = self.take(taker, now);
        let claim = match (leased, &self.running, &self.waiting) {
            (Some(leased), ..) => Claim::Claimed(leased),
            (None, Some(running), _) if running.message_id.as_ref() == Some(&bell.message_id) => {
                Claim::NotBefore(running.lease_until)
            }
            (None, None, Some(waiting)) => Claim::NotBefore(waiting.not_before),
            (None, ..) => Claim::Nothing,
        };
        (claim, failed.or_else(|| self.untold(bell)))
    }

    /// Lets a redriven job run again, unless the message has done so before or a newer job makes it needless.
    pub(super) fn revive(&mut self, bell: &Bell, now: Timestamp) {
        if self.waiting.is_some() || self.running.is_some() {
            return;
        }
        if let Some(at) = self.ended.iter().position(|ended| ended.delivery == bell.job.delivery) {
            match &self.ended[at].how {
                How::Failed { revived_by, .. } if revived_by.as_ref() != Some(&bell.message_id) => {
                    self.ended.remove(at);
                }
                _ => return,
            }
        }
        let revived_by = Some(bell.message_id.clone());
        self.put_in(Task { job: bell.job.clone(), attempts: 0, revived_by }, now);
    }

    pub(super) fn renew(&mut self, leased: &Leased, lease: Duration, now: Timestamp) -> Standing {
        let (fence, superseded) = (self.fence, self.waiting.is_some());
        match &mut self.running {
            Some(running) if fence == leased.fence => {
                running.lease_until = now + lease;
                if superseded { Standing::Superseded } else { Standing::Held }
            }
            _ => Standing::Lost,
        }
    }

    pub(super) fn finish(&mut self, leased: &Leased, ending: &Ending, now: Timestamp) {
        if self.fence != leased.fence {
            return;
        }
        let Some(mut running) = self.running.take() else { return };
        match ending {
            Ending::Done => self.end(running.task.job.delivery, How::Done),
            Ending::Failed { reason } => self.fail(running, reason),
            Ending::Retry { reason, not_before } => self.put_back(running, reason, *not_before),
            Ending::Released => {
                running.task.attempts = running.task.attempts.saturating_sub(1);
                self.put_back(running, "the worker was stopped", now);
            }
        }
    }

    /// Why the lease ended as a failure, if it did.
    pub(super) fn failure_of(&self, leased: &Leased) -> Option<&str> {
        self.ended.iter().find_map(|ended| match &ended.how {
            How::Failed { reason, fence, .. } if *fence == leased.fence => Some(reason.as_str()),
            _ => None,
        })
    }

    /// Whether the delivery waits or runs.
    pub(super) fn is_open(&self, delivery: &str) -> bool {
        let waiting = self.waiting.as_ref().map(|waiting| &waiting.task);
        let running = self.running.as_ref().map(|running| &running.task);
        waiting.into_iter().chain(running).any(|task| task.job.delivery == delivery)
    }

    /// The job that waits and that none holds back, and when it is due.
    pub(super) fn next(&self) -> Option<(&Job, Timestamp)> {
        let waiting = self.waiting.as_ref().filter(|_| self.running.is_none())?;
        Some((&waiting.task.job, waiting.not_before))
    }

    /// The job to ring for, whatever holds it up.
    pub(super) fn open_job(&self) -> Option<&Job> {
        let waiting = self.waiting.as_ref().map(|waiting| &waiting.task.job);
        waiting.or_else(|| self.running.as_ref().map(|running| &running.task.job))
    }

    /// When there may be something to take; `NEVER` where there are only failures, `None` where not even these.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let running = self.running.as_ref().map(|running| running.lease_until);
        let waiting = self.waiting.as_ref().map(|waiting| waiting.not_before);
        running.or(waiting).or_else(|| (self.failed() > 0).then_some(NEVER))
    }

    pub(super) fn waiting(&self) -> u64 {
        u64::from(self.waiting.is_some())
    }

    pub(super) fn running(&self) -> u64 {
        u64::from(self.running.is_some())
    }

    pub(super) fn failed(&self) -> u64 {
        let failed = |ended: &&Ended| matches!(ended.how, How::Failed { .. });
        self.ended.iter().filter(failed).count() as u64
    }

    fn put_in(&mut self, task: Task, not_before: Timestamp) {
        if let Some(older) = self.waiting.replace(Waiting { task, not_before }) {
            self.end(older.task.job.delivery, How::Superseded);
        }
    }

    /// Puts the running job back whose worker has been silent for too long.
    fn expire(&mut self, now: Timestamp) -> Option<Failed> {
        let silent = self.running.take_if(|running| running.lease_until <= now)?;
        let job = silent.task.job.clone();
        let reason = "the worker stopped without an answer";
        self.put_back(silent, reason, now);
        self.waiting.is_none().then(|| Failed { job, reason: reason.to_owned() })
    }

    /// Lets a job wait that did not come to its end, unless a newer one waits in its place or it was tried enough.
    fn put_back(&mut self, running: Running, reason: &str, not_before: Timestamp) {
        if self.waiting.is_some() {
            self.end(running.task.job.delivery, How::Superseded);
        } else if running.task.attempts >= MOST_ATTEMPTS {
            self.fail(running, reason);
        } else {
            self.waiting = Some(Waiting { task: running.task, not_before });
        }
    }

    fn fail(&mut self, running: Running, reason: &str) {
        let Running { task, message_id, .. } = running;
        let reason = reason.chars().take(MOST_REASON).collect();
        let revived_by = task.revived_by;
        let how = How::Failed { reason, fence: self.fence, message_id, revived_by };
        self.end(task.job.delivery, how);
    }

    fn end(&mut self, delivery: String, how: How) {
        self.ended.push(Ended { delivery, how });
        if self.ended.len() > MOST_ENDED {
            self.ended.remove(0);
        }
    }

    /// The failure of the job that this message itself brought: its worker died before it could delete the message, and
    /// perhaps before it could tell anybody.
    fn untold(&self, bell: &Bell) -> Option<Failed> {
        self.ended.iter().find_map(|ended| match &ended.how {
            How::Failed { reason, message_id, .. }
                if ended.delivery == bell.job.delivery
                    && message_id.as_ref() == Some(&bell.message_id) =>
            {
                Some(Failed { job: bell.job.clone(), reason: reason.clone() })
            }
            _ => None,
        })
    }
}
