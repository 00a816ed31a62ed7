//! The design as a machine that jumps from event to event: ingress, table, queue, workers, model, GitHub.

use std::collections::VecDeque;

use fastrand::Rng;

use crate::agenda::Agenda;
use crate::github::Comments;
use crate::limits::Limits;
use crate::outcome::Outcome;
use crate::service::{Effort, Leader, Service, Window};
use crate::table::Table;
use crate::traffic::Delivery;

#[derive(Debug, Clone, Copy)]
struct Job {
    delivered: f64,
    accepted: f64,
    pull_request: u32,
    push: u16,
    installation: u32,
    attempt: u8,
    counts: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Reviewed,
    Superseded,
    Failed,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    job: Job,
    started: f64,
    ends: f64,
    end: End,
    leader: Leader,
    effort: Effort,
}

/// What happens later. Slots that were given to another job since are known by their number.
#[derive(Debug, Clone, Copy)]
enum Event {
    End { slot: u32, number: u32 },
    Again(Job),
    Redelivered(Delivery),
}

#[derive(Debug, Clone, Default)]
struct PullRequest {
    newest: u16,
    /// The slot of its running review and 1, or 0.
    slot: u32,
}

pub struct Simulation<'a, Draw> {
    service: &'a Service,
    limits: Limits,
    window: Window,
    draw: Draw,
    random: Rng,
    now: f64,
    second: u64,
    agenda: Agenda<Event>,
    waiting: VecDeque<Job>,
    slots: Vec<(u32, Option<Running>)>,
    free: Vec<u32>,
    running: f64,
    pull_requests: Vec<PullRequest>,
    table: Table,
    comments: Comments,
    pollers: f64,
    ingress_left: f64,
    tokens_left: f64,
    /// Of this second or minute, for the peaks.
    delivered: f64,
    started: f64,
    tokens: f64,
    running_a_minute_ago: f64,
    outcome: Outcome,
}

/// Runs deliveries through the service until the last of them, and on until nothing is left to do if `drain`.
pub fn simulate<Draw: FnMut(&mut Rng, Leader) -> Effort>(
    deliveries: impl Iterator<Item = Delivery>,
    service: &Service,
    limits: &Limits,
    window: Window,
    draw: Draw,
    seed: u64,
    drain: bool,
) -> Outcome {
    let mut simulation = Simulation::new(service, limits, window, draw, seed);
    for delivery in deliveries {
        simulation.run_until(delivery.at);
        simulation.deliver(delivery, delivery.at);
    }
    simulation.run_until(window.until);
    while drain && simulation.something_is_left() {
        simulation.run_until(simulation.now + 60.0);
    }
    simulation.close()
}

impl<'a, Draw: FnMut(&mut Rng, Leader) -> Effort> Simulation<'a, Draw> {
    fn new(service: &'a Service, limits: &Limits, window: Window, draw: Draw, seed: u64) -> Self {
        Self {
            service,
            limits: limits.clone(),
            window,
            draw,
            random: Rng::with_seed(seed),
            now: 0.0,
            second: 0,
            agenda: Agenda::default(),
            waiting: VecDeque::new(),
            slots: Vec::new(),
            free: Vec::new(),
            running: 0.0,
            pull_requests: Vec::new(),
            table: Table::new(limits),
            comments: Comments::new(limits.comments_per_hour),
            pollers: limits.first_workers,
            ingress_left: limits.ingress_per_second,
            tokens_left: limits.tokens_per_minute,
            delivered: 0.0,
            started: 0.0,
            tokens: 0.0,
            running_a_minute_ago: 0.0,
            outcome: Outcome::default(),
        }
    }

    /// Carries out everything that is due before `time`, second by second.
    fn run_until(&mut self, time: f64) {
        loop {
            let next_second = (self.second + 1) as f64;
            let next_event = self.agenda.next_at();
            if next_event.min(next_second) > time {
                self.now = time;
                return;
            }
            if next_event <= next_second {
                self.now = next_event;
                if let Some(event) = self.agenda.take() {
                    self.happen(event);
                }
            } else {
                self.now = next_second;
                self.second += 1;
                self.tick();
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::End { slot, number } => {
                if self.slots[slot as usize].0 == number {
                    self.end(slot);
                }
            }
            Event::Again(job) => self.waiting.push_back(job),
            Event::Redelivered(delivery) => self.deliver(delivery, delivery.at),
        }
        self.start_what_can();
    }

    fn later(&mut self, at: f64, event: Event) {
        self.agenda.plan(at.max(self.now), event);
    }

    fn measures(&self) -> bool {
        (self.window.from..self.window.until).contains(&self.now)
    }

    /// A second has passed: quotas per second and per minute begin anew, the pollers and the table grow.
    fn tick(&mut self) {
        let measures = self.measures();
        let peak = &mut self.outcome.peak;
        if measures {
            peak.deliveries_per_second = peak.deliveries_per_second.max(self.delivered);
            peak.starts_per_second = peak.starts_per_second.max(self.started);
            peak.waiting = peak.waiting.max(self.waiting.len() as f64);
        }
        (self.delivered, self.started) = (0.0, 0.0);
        // What a small sample has per second may not do for one delivery.
        let rate = self.limits.ingress_per_second;
        self.ingress_left =
            (self.ingress_left + rate).min(rate.max(self.service.deliveries_per_job));
        let step = self.limits.more_workers_per_second;
        if self.waiting.is_empty() {
            self.pollers = (self.pollers - step).max(self.limits.first_workers).max(self.running);
        } else {
            self.pollers = (self.pollers + step).min(self.limits.workers);
        }
        let written = self.table.tick(self.second);
        if self.second.is_multiple_of(60) {
            if measures {
                peak.tokens_per_minute = peak.tokens_per_minute.max(self.tokens);
                peak.table_writes = peak.table_writes.max(written.unwrap_or_default());
                let grown = self.running - self.running_a_minute_ago;
                peak.new_workers_per_minute = peak.new_workers_per_minute.max(grown);
            }
            self.running_a_minute_ago = self.running;
            self.tokens = 0.0;
            self.tokens_left = self.limits.tokens_per_minute;
        }
        self.start_what_can();
    }

    /// The ingress answers 202 when the delivery is in the table and in the queue; otherwise GitHub is asked for it later.
    fn deliver(&mut self, delivery: Delivery, delivered: f64) {
        let load = self.service.deliveries_per_job;
        self.delivered += load;
        let took = self.ingress_left >= load && self.table.write(self.service.writes_per_delivery);
        if !took {
            self.outcome.refused += u64::from(self.measures());
            let every = self.service.redeliver_every;
            let at = ((self.now / every).floor() + 1.0) * every + self.random.f64() * every / 2.0;
            self.later(at, Event::Redelivered(delivery));
            return;
        }
        self.ingress_left -= load;
        let counts = self.measures();
        self.outcome.ended.accepted += u64::from(counts);
        let Delivery { pull_request, push, installation, .. } = delivery;
        let index = pull_request as usize;
        if self.pull_requests.len() <= index {
            self.pull_requests.resize(index + 1, PullRequest::default());
        }
        self.pull_requests[index].newest = self.pull_requests[index].newest.max(push);
        self.supersede_running(pull_request, push);
        let accepted = self.now;
        let job = Job { delivered, accepted, pull_request, push, installation, attempt: 1, counts };
        self.waiting.push_back(job);
        self.start_what_can();
    }

    /// The running review of an older push ends at its next step.
    fn supersede_running(&mut self, pull_request: u32, push: u16) {
        let Some(slot) = self.pull_requests[pull_request as usize].slot.checked_sub(1) else {
            return;
        };
        let (number, running) = &mut self.slots[slot as usize];
        let Some(running) = running.as_mut().filter(|running| running.job.push < push) else {
            return;
        };
        let step = if running.leader == Leader::Model {
            self.service.step
        } else {
            self.service.planner_step
        };
        let ends = (self.now + self.random.f64() * step).min(running.ends);
        running.ends = ends;
        running.end = End::Superseded;
        *number += 1;
        let number = *number;
        self.later(ends, Event::End { slot, number });
    }

    fn start_what_can(&mut self) {
        while self.running + 1.0 <= self.pollers.max(1.0).min(self.limits.workers.max(1.0)) {
            let Some(job) = self.waiting.pop_front() else { return };
            if self.now - job.accepted > self.limits.retention {
                self.outcome.ended.expired += u64::from(job.counts);
                continue;
            }
            self.start(job);
        }
    }

    fn start(&mut self, job: Job) {
        let (leader, effort, end) =
            if self.pull_requests[job.pull_request as usize].newest > job.push {
                let seconds = self.service.seconds_to_find_superseded;
                (Leader::Planner, Effort { seconds, ..Effort::default() }, End::Superseded)
            } else {
                let (leader, mut effort) = self.lead();
                effort.seconds = effort.seconds.min(self.service.budget_seconds);
                let fails = self.random.f64() < self.service.failing;
                (leader, effort, if fails { End::Failed } else { End::Reviewed })
            };
        let ends = self.now + effort.seconds;
        let running = Running { job, started: self.now, ends, end, leader, effort };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            self.slots.len() as u32 - 1
        });
        let entry = &mut self.slots[slot as usize];
        entry.0 += 1;
        entry.1 = Some(running);
        let number = entry.0;
        if end != End::Superseded {
            self.pull_requests[job.pull_request as usize].slot = slot + 1;
        }
        self.running += 1.0;
        self.started += 1.0;
        if self.measures() {
            self.outcome.peak.workers = self.outcome.peak.workers.max(self.running);
        }
        self.later(ends, Event::End { slot, number });
    }

    /// The model where there is one with tokens left in this minute.
    fn lead(&mut self) -> (Leader, Effort) {
        if !self.service.with_model {
            return (Leader::Planner, (self.draw)(&mut self.random, Leader::Planner));
        }
        let effort = (self.draw)(&mut self.random, Leader::Model);
        if effort.tokens <= self.tokens_left {
            self.tokens_left -= effort.tokens;
            self.tokens += effort.tokens;
            return (Leader::Model, effort);
        }
        (Leader::Throttled, (self.draw)(&mut self.random, Leader::Throttled))
    }

    fn end(&mut self, slot: u32) {
        let writes = self.service.writes_per_review;
        let Some(running) = self.slots[slot as usize].1 else { return };
        // A worker whose write is refused waits and tries again.
        if running.end == End::Reviewed && !self.table.write(writes) {
            let number = self.slots[slot as usize].0;
            let again = self.now + 1.0 + self.random.f64();
            return self.later(again, Event::End { slot, number });
        }
        self.slots[slot as usize].1 = None;
        self.slots[slot as usize].0 += 1;
        self.free.push(slot);
        self.running -= 1.0;
        let pull_request = &mut self.pull_requests[running.job.pull_request as usize];
        if pull_request.slot == slot + 1 {
            pull_request.slot = 0;
        }
        if running.job.counts {
            self.outcome.worker_seconds += self.now - running.started;
            self.outcome.usd += running.effort.usd;
            self.outcome.starts += 1;
        }
        let counted = u64::from(running.job.counts);
        match running.end {
            End::Superseded => self.outcome.ended.superseded += counted,
            End::Failed if running.job.attempt >= self.service.attempts => {
                self.outcome.ended.failed += counted;
            }
            End::Failed => {
                let pause = self.service.pause * f64::from(1 << (running.job.attempt - 1));
                let job = Job { attempt: running.job.attempt + 1, ..running.job };
                self.later(self.now + pause, Event::Again(job));
            }
            End::Reviewed => self.reviewed(&running),
        }
    }

    fn reviewed(&mut self, running: &Running) {
        let delay = self.comments.delay(running.job.installation, self.now);
        if !running.job.counts {
            return;
        }
        let outcome = &mut self.outcome;
        outcome.ended.reviewed += 1;
        match running.leader {
            Leader::Model => outcome.led_by_model += 1,
            Leader::Planner => outcome.led_by_planner += 1,
            Leader::Throttled => outcome.throttled += 1,
        }
        outcome.queue_age.add(running.started - running.job.accepted);
        outcome.to_comment.add(self.now - running.job.delivered + delay);
        if delay > 0.0 {
            outcome.held_up.add(delay);
        }
    }

    fn something_is_left(&self) -> bool {
        !self.agenda.is_empty() || !self.waiting.is_empty()
    }

    fn close(mut self) -> Outcome {
        let again = |event: &&Event| matches!(event, Event::Again(job) if job.counts);
        let scheduled = self.agenda.events().filter(again).count();
        let running = self
            .slots
            .iter()
            .filter(|(_, running)| running.is_some_and(|running| running.job.counts));
        self.outcome.ended.running = running.count() as u64;
        let waiting = self.waiting.iter().filter(|job| job.counts).count();
        self.outcome.ended.waiting = (waiting + scheduled) as u64;
        self.outcome.peak.comments_per_hour = self.comments.busiest();
        self.outcome
    }
}
