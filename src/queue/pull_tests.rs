//! One pull request's queue under any interleaving of pushes, workers, crashes and time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contract::Timestamp;
use proptest::prelude::*;

use super::bell::{Bell, Claim};
use super::contract_tests::{LEASE, job};
use super::pull::{Failed, NEVER, PullQueue, Taker};
use super::{Ending, Enqueued, Leased, MOST_ATTEMPTS, Standing};

const TAKER: Taker<'_> = Taker { worker: "worker", message_id: None, lease: LEASE };

fn at(seconds: u64) -> Timestamp {
    Timestamp(0) + Duration::from_secs(seconds)
}

fn bell(message_id: &str, delivery: &str) -> Bell {
    Bell {
        message_id: message_id.into(),
        receipt: "receipt".into(),
        job: job(delivery, 1),
        redriven: false,
    }
}

fn redriven(message_id: &str, delivery: &str) -> Bell {
    Bell { redriven: true, ..bell(message_id, delivery) }
}

fn claim(pull: &mut PullQueue, bell: &Bell, seconds: u64) -> Claim {
    pull.claim(bell, TAKER, at(seconds)).0
}

fn claimed(pull: &mut PullQueue, bell: &Bell, seconds: u64) -> Leased {
    match claim(pull, bell, seconds) {
        Claim::Claimed(leased) => leased,
        other => panic!("{other:?}"),
    }
}

fn fail(pull: &mut PullQueue, leased: &Leased, seconds: u64) {
    pull.finish(leased, &Ending::Failed { reason: "no token".into() }, at(seconds));
}

#[test]
fn another_message_goes_while_a_worker_runs_the_pull_request() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("old", 1), at(0));
    let leased = claimed(&mut pull, &bell("m1", "old"), 0);
    pull.enqueue(&job("new", 1), at(1));
    assert_eq!(claim(&mut pull, &bell("m2", "new"), 1), Claim::Nothing);
    pull.finish(&leased, &Ending::Done, at(2));
    let (next, due) = pull.next().unwrap();
    assert_eq!((next.delivery.as_str(), due), ("new", at(1)), "the ending rings for it");
}

#[test]
fn the_message_of_a_running_job_stays_until_the_lease_ends() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    claimed(&mut pull, &bell("m1", "one"), 0);
    assert_eq!(claim(&mut pull, &bell("m1", "one"), 59), Claim::NotBefore(at(60)));
    assert_eq!(claimed(&mut pull, &bell("m1", "one"), 60).attempt, 2);
}

#[test]
fn a_bell_of_an_older_push_brings_the_newer_one() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("old", 1), at(0));
    pull.enqueue(&job("new", 1), at(1));
    let leased = claimed(&mut pull, &bell("m1", "old"), 2);
    assert_eq!(leased.job.delivery, "new");
    pull.finish(&leased, &Ending::Done, at(3));
    assert_eq!(claim(&mut pull, &bell("m2", "new"), 3), Claim::Nothing);
    assert_eq!(claim(&mut pull, &bell("m1", "old"), 3), Claim::Nothing);
}

#[test]
fn a_bell_that_comes_before_its_time_is_put_off() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    let leased = claimed(&mut pull, &bell("m1", "one"), 0);
    let retry = Ending::Retry { reason: "GitHub was down".into(), not_before: at(3000) };
    pull.finish(&leased, &retry, at(1));
    assert_eq!(claim(&mut pull, &bell("m2", "one"), 901), Claim::NotBefore(at(3000)));
}

#[test]
fn a_redriven_job_runs_again_once_for_each_redriving() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    let leased = claimed(&mut pull, &bell("m1", "one"), 0);
    fail(&mut pull, &leased, 1);
    assert_eq!(claim(&mut pull, &bell("m2", "one"), 2), Claim::Nothing, "it has failed");
    for redriving in ["r1", "r2"] {
        let leased = claimed(&mut pull, &redriven(redriving, "one"), 3);
        assert_eq!(leased.attempt, 1);
        fail(&mut pull, &leased, 4);
        assert_eq!(claim(&mut pull, &redriven(redriving, "one"), 5), Claim::Nothing);
    }
}

#[test]
fn a_redriven_job_that_is_done_or_gives_way_does_not_run_again() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    let leased = claimed(&mut pull, &bell("m1", "one"), 0);
    fail(&mut pull, &leased, 1);
    pull.enqueue(&job("two", 1), at(2));
    let newer = claimed(&mut pull, &redriven("r1", "one"), 3);
    assert_eq!(newer.job.delivery, "two");
    pull.finish(&newer, &Ending::Done, at(4));
    assert_eq!(claim(&mut pull, &redriven("r2", "two"), 5), Claim::Nothing);
}

#[test]
fn a_redriven_job_that_was_forgotten_runs() {
    let leased = claimed(&mut PullQueue::default(), &redriven("r1", "one"), 0);
    assert_eq!(leased.job.delivery, "one");
}

#[test]
fn a_failure_is_told_again_when_the_worker_died_before_it_deleted_its_message() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    let leased = claimed(&mut pull, &bell("m1", "one"), 0);
    fail(&mut pull, &leased, 1);
    let failed = Failed { job: job("one", 1), reason: "no token".into() };
    assert_eq!(pull.claim(&bell("m1", "one"), TAKER, at(2)), (Claim::Nothing, Some(failed)));
    assert_eq!(pull.claim(&bell("m2", "one"), TAKER, at(2)), (Claim::Nothing, None));
}

#[test]
fn the_last_crash_is_told_as_a_failure() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    for attempt in 0..MOST_ATTEMPTS {
        let (leased, failed) = pull.take(TAKER, at(u64::from(attempt) * 60));
        assert_eq!((leased.map(|leased| leased.attempt), failed), (Some(attempt + 1), None));
    }
    let (leased, failed) = pull.take(TAKER, at(1000));
    assert_eq!((leased, failed.map(|failed| failed.job)), (None, Some(job("one", 1))));
}

#[test]
fn what_is_remembered_of_a_pull_request_is_bounded() {
    let mut pull = PullQueue::default();
    for number in 0..1000 {
        pull.enqueue(&job(&format!("00000000-0000-0000-0000-{number:012}"), 1), at(0));
        let leased = pull.take(TAKER, at(0)).0.unwrap();
        fail(&mut pull, &leased, 0);
    }
    assert!(serde_json::to_string(&pull).unwrap().len() < 20_000);
    let last = job("00000000-0000-0000-0000-000000000998", 1);
    assert_eq!(pull.failed(), 64);
    assert_eq!(pull.enqueue(&last, at(1)), Enqueued::Accepted, "a failed one may come again");
}

#[test]
fn a_lease_after_the_pull_request_was_forgotten_has_a_higher_fence() {
    let mut pull = PullQueue::default();
    pull.enqueue(&job("one", 1), at(0));
    let before = pull.take(TAKER, at(1000)).0.unwrap();
    let mut forgotten = PullQueue::default();
    forgotten.enqueue(&job("two", 1), at(2000));
    assert!(forgotten.take(TAKER, at(2000)).0.unwrap().fence > before.fence);
}

#[test]
fn it_is_due_when_something_may_happen() {
    let mut pull = PullQueue::default();
    assert_eq!(pull.due(), None);
    pull.enqueue(&job("one", 1), at(7));
    assert_eq!(pull.due(), Some(at(7)));
    let leased = pull.take(TAKER, at(8)).0.unwrap();
    assert_eq!(pull.due(), Some(at(68)));
    fail(&mut pull, &leased, 9);
    assert_eq!(pull.due(), Some(NEVER));
}

/// What the world does to the queue.
#[derive(Debug, Clone)]
enum Act {
    Push,
    /// The delivery that came as the so-manyth.
    Redeliver(usize),
    Take,
    /// The lease that was given out as the so-manyth; its worker may have lost it.
    Renew(usize),
    Finish(usize, HowItEnds),
    Pass(u64),
}

#[derive(Debug, Clone)]
enum HowItEnds {
    Done,
    Retry(u64),
    Failed,
    Released,
}

fn act() -> impl Strategy<Value = Act> {
    let ending = prop_oneof![
        3 => Just(HowItEnds::Done),
        2 => (0_u64..90).prop_map(HowItEnds::Retry),
        1 => Just(HowItEnds::Failed),
        1 => Just(HowItEnds::Released),
    ];
    prop_oneof![
        3 => Just(Act::Push),
        1 => (0_usize..8).prop_map(Act::Redeliver),
        4 => Just(Act::Take),
        2 => (0_usize..8).prop_map(Act::Renew),
        3 => ((0_usize..8), ending).prop_map(|(lease, ending)| Act::Finish(lease, ending)),
        2 => (0_u64..90).prop_map(Act::Pass),
    ]
}

/// The queue, and beside it what must hold of it.
#[derive(Default)]
struct World {
    pull: PullQueue,
    now: u64,
    pushes: usize,
    /// Of the delivery that was accepted last.
    newest: Option<String>,
    accepted: BTreeSet<String>,
    leases: Vec<Leased>,
    /// When the one lease ends that is valid; a worker that crashed just lets that time come.
    held: Option<(Leased, u64)>,
    /// How each lease ended.
    endings: BTreeMap<String, &'static str>,
}

impl World {
    fn play(&mut self, act: &Act) {
        match act {
            Act::Push => {
                self.pushes += 1;
                self.deliver(self.pushes, true);
            }
            Act::Redeliver(delivery) if *delivery < self.pushes => {
                self.deliver(delivery + 1, false);
            }
            Act::Take => {
                self.take();
            }
            Act::Renew(lease) if *lease < self.leases.len() => self.renew(*lease),
            Act::Finish(lease, ending) if *lease < self.leases.len() => {
                self.finish(&self.leases[*lease].clone(), ending);
            }
            Act::Pass(seconds) => self.now += seconds,
            _ => {}
        }
        // Each step may happen in another process.
        let kept = serde_json::to_string(&self.pull).unwrap();
        assert_eq!(serde_json::from_str::<PullQueue>(&kept).unwrap(), self.pull);
        assert!(
            self.pull.waiting() + self.pull.running() + self.pull.failed() == 0
                || self.pull.due().is_some()
        );
        if let Some(newest) = &self.newest {
            let open = self.pull.is_open(newest);
            let ended = self.endings.contains_key(newest);
            assert!(open != ended, "{newest}: open {open}, ended {ended}");
        }
    }

    fn deliver(&mut self, number: usize, new: bool) {
        let delivery = format!("d{number}");
        let failed = self.endings.get(&delivery) == Some(&"failed");
        match self.pull.enqueue(&job(&delivery, 1), at(self.now)) {
            Enqueued::Accepted => {
                assert!(new || failed, "{delivery} ran twice");
                self.endings.remove(&delivery);
                self.accepted.insert(delivery.clone());
                self.newest = Some(delivery);
            }
            Enqueued::Duplicate => assert!(!new && !failed, "{delivery} was refused"),
        }
    }

    fn take(&mut self) -> bool {
        let (leased, failed) = self.pull.take(TAKER, at(self.now));
        if let Some(failed) = failed {
            self.endings.insert(failed.job.delivery, "failed");
            self.held = None;
        }
        let Some(leased) = leased else { return false };
        if let Some((held, until)) = &self.held {
            assert!(*until <= self.now, "{held:?} is valid still, and so is {leased:?}");
            assert!(leased.fence > held.fence);
        }
        assert!(leased.attempt <= MOST_ATTEMPTS);
        assert!(!self.endings.contains_key(&leased.job.delivery), "{leased:?} had ended");
        self.leases.insert(0, leased.clone());
        self.held = Some((leased, self.now + LEASE.as_secs()));
        true
    }

    fn renew(&mut self, lease: usize) {
        let leased = &self.leases[lease];
        let standing = self.pull.renew(leased, LEASE, at(self.now));
        match &mut self.held {
            // It may be renewed late, as long as nobody else has taken the job.
            Some((held, until)) if held == leased => {
                assert_ne!(standing, Standing::Lost);
                *until = self.now + LEASE.as_secs();
            }
            _ => assert_eq!(standing, Standing::Lost),
        }
    }

    fn finish(&mut self, leased: &Leased, ending: &HowItEnds) {
        let before = self.pull.clone();
        let superseded = before.waiting() > 0;
        let (ending, ended) = match ending {
            HowItEnds::Done => (Ending::Done, Some("done")),
            HowItEnds::Failed => (Ending::Failed { reason: "bad luck".into() }, Some("failed")),
            HowItEnds::Released => (Ending::Released, None),
            HowItEnds::Retry(seconds) => {
                let not_before = at(self.now + seconds);
                let last = leased.is_last_attempt() && !superseded;
                (Ending::Retry { reason: "again".into(), not_before }, last.then_some("failed"))
            }
        };
        self.pull.finish(leased, &ending, at(self.now));
        if self.held.take_if(|(held, _)| held == leased).is_none() {
            assert_eq!(self.pull, before, "{leased:?} was not valid");
            return;
        }
        assert_eq!(self.pull.running(), 0);
        if let Some(ended) = ended {
            self.endings.insert(leased.job.delivery.clone(), ended);
        }
        let told = self.pull.failure_of(leased).is_some();
        assert_eq!(told, ended == Some("failed"));
    }
}

proptest! {
    #[test]
    fn no_interleaving_runs_a_pull_request_twice_at_a_time_or_loses_its_newest_push(
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let mut world = World::default();
        for act in &acts {
            world.play(act);
        }
        // Every worker that is left has crashed, and one comes that ends what it takes.
        for _ in 0..=2 * MOST_ATTEMPTS {
            world.now += 1000;
            if world.take() {
                world.finish(&world.leases[0].clone(), &HowItEnds::Done);
            }
        }
        prop_assert_eq!((world.pull.waiting(), world.pull.running()), (0, 0));
        let mut again = world.pull.clone();
        for delivery in &world.accepted {
            // Known to have ended, one way or the other: nothing that was accepted is without an ending.
            let failed = world.endings.get(delivery) == Some(&"failed");
            let answer = again.clone().enqueue(&job(delivery, 1), at(world.now));
            prop_assert_eq!(answer == Enqueued::Accepted, failed, "{}", delivery);
        }
        prop_assert_eq!(again.enqueue(&job("another", 1), at(world.now)), Enqueued::Accepted);
    }
}
