//! What happens later, in order of time and, at one time, in the order in which it was planned.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Events by when they are due.
#[derive(Debug)]
pub struct Agenda<Event> {
    heap: BinaryHeap<Reverse<Later<Event>>>,
    planned: u64,
}

#[derive(Debug)]
struct Later<Event> {
    microseconds: u64,
    order: u64,
    event: Event,
}

impl<Event> Default for Agenda<Event> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), planned: 0 }
    }
}

impl<Event> Agenda<Event> {
    pub fn plan(&mut self, at: f64, event: Event) {
        self.planned += 1;
        let microseconds = (at * 1e6) as u64;
        self.heap.push(Reverse(Later { microseconds, order: self.planned, event }));
    }

    /// When the next event is due.
    pub fn next_at(&self) -> f64 {
        self.heap.peek().map_or(f64::INFINITY, |Reverse(later)| later.microseconds as f64 / 1e6)
    }

    pub fn take(&mut self) -> Option<Event> {
        self.heap.pop().map(|Reverse(later)| later.event)
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.heap.iter().map(|Reverse(later)| &later.event)
    }
}

impl<Event> Later<Event> {
    fn key(&self) -> (u64, u64) {
        (self.microseconds, self.order)
    }
}

impl<Event> PartialEq for Later<Event> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<Event> Eq for Later<Event> {}

impl<Event> PartialOrd for Later<Event> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<Event> Ord for Later<Event> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_comes_first_and_at_one_time_what_was_planned_first() {
        let mut agenda = Agenda::default();
        for (at, event) in [(2.0, 'c'), (1.0, 'a'), (2.0, 'd'), (1.5, 'b')] {
            agenda.plan(at, event);
        }
        assert!((agenda.next_at() - 1.0).abs() < 1e-9);
        let order: String = std::iter::from_fn(|| agenda.take()).collect();
        assert_eq!(order, "abcd");
        assert!(agenda.next_at().is_infinite());
    }
}
