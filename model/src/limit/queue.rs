//! Who waits for a place, in the order in which they came.

use std::collections::VecDeque;

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// First come, first served, and no more than so many. `W` wakes the one who waits.
///
/// A place is never handed to somebody who waits: the first is woken and takes it. So one who has gone in the meantime
/// takes nothing along.
#[derive(Debug)]
pub(super) struct Queue<W> {
    waiting: VecDeque<(Ticket, W)>,
    most: usize,
    next: u64,
}

impl<W> Queue<W> {
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), most, next: 0 }
    }

    /// `None`: it is full.
    pub(super) fn join(&mut self, waker: W) -> Option<Ticket> {
        if self.waiting.len() >= self.most {
            return None;
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.push_back((ticket, waker));
        Some(ticket)
    }

    pub(super) fn leave(&mut self, ticket: Ticket) {
        // Tickets stand in order.
        if let Ok(at) = self.waiting.binary_search_by_key(&ticket, |(ticket, _)| *ticket) {
            self.waiting.remove(at);
        }
    }

    /// Whether it is the turn of this one; `None` is one who has just come.
    pub(super) fn is_turn_of(&self, ticket: Option<Ticket>) -> bool {
        self.waiting.front().map(|(ticket, _)| *ticket) == ticket
    }

    pub(super) fn first(&self) -> Option<&W> {
        self.waiting.front().map(|(_, waker)| waker)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nobody_passes_by_those_who_wait() {
        let mut queue = Queue::new(2);
        assert!(queue.is_turn_of(None));
        let first = queue.join("first");
        assert!(queue.is_turn_of(first) && !queue.is_turn_of(None));
        assert!(queue.join("second").is_some());
        assert_eq!(queue.join("third"), None, "it is full");
    }

    proptest! {
        /// Whoever joins leaves by being served or by giving up; the order among those who stay is never changed.
        #[test]
        fn nobody_is_lost_and_the_order_holds(steps in prop::collection::vec((any::<bool>(), 0_usize..50), 0..300)) {
            let mut queue = Queue::new(20);
            let mut expected: Vec<(Ticket, usize)> = Vec::new();
            for (name, (joins, which)) in steps.into_iter().enumerate() {
                if joins {
                    let ticket = queue.join(name);
                    prop_assert_eq!(ticket.is_none(), expected.len() == 20);
                    expected.extend(ticket.map(|ticket| (ticket, name)));
                } else if !expected.is_empty() {
                    let (ticket, _) = expected.remove(which % expected.len());
                    queue.leave(ticket);
                    queue.leave(ticket);
                }
                prop_assert_eq!(queue.len(), expected.len());
                prop_assert_eq!(queue.first(), expected.first().map(|(_, name)| name));
                prop_assert!(queue.is_turn_of(expected.first().map(|(ticket, _)| *ticket)));
            }
        }
    }
}
