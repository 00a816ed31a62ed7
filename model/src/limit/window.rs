//! Counts of the last seconds, for shares of recent traffic.

use std::time::Duration;

use tokio::time::Instant;

const SLOTS: usize = 10;

/// Two counts, over ten slots of time of which the oldest is forgotten whole.
#[derive(Debug, Clone)]
pub(super) struct Window {
    start: Instant,
    slot: Duration,
    newest: u64,
    slots: [(u32, u32); SLOTS],
}

impl Window {
    pub(super) fn new(length: Duration, now: Instant) -> Self {
        let slot = (length / SLOTS as u32).max(Duration::from_millis(1));
        Self { start: now, slot, newest: 0, slots: [(0, 0); SLOTS] }
    }

    pub(super) fn count_first(&mut self, now: Instant) {
        let slot = self.slot_of(now);
        slot.0 = slot.0.saturating_add(1);
    }

    pub(super) fn count_second(&mut self, now: Instant) {
        let slot = self.slot_of(now);
        slot.1 = slot.1.saturating_add(1);
    }

    pub(super) fn sums(&mut self, now: Instant) -> (u64, u64) {
        self.slot_of(now);
        self.slots.iter().fold((0, 0), |(first, second), slot| {
            (first + u64::from(slot.0), second + u64::from(slot.1))
        })
    }

    pub(super) fn forget(&mut self) {
        self.slots = [(0, 0); SLOTS];
    }

    /// A time before the newest slot, as threads may hand in, counts there.
    fn slot_of(&mut self, now: Instant) -> &mut (u32, u32) {
        let passed = now.saturating_duration_since(self.start).as_nanos() / self.slot.as_nanos();
        let index = u64::try_from(passed).unwrap_or(u64::MAX).max(self.newest);
        let gone = (index - self.newest).min(SLOTS as u64);
        for step in 1..=gone {
            self.slots[((self.newest + step) % SLOTS as u64) as usize] = (0, 0);
        }
        if gone == SLOTS as u64 {
            self.forget();
        }
        self.newest = index;
        &mut self.slots[(index % SLOTS as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut window = Window::new(Duration::from_secs(10), start);
        window.count_first(at(0));
        window.count_first(at(5));
        window.count_second(at(5));
        assert_eq!(window.sums(at(9)), (2, 1));
        assert_eq!(window.sums(at(10)), (1, 1));
        assert_eq!(window.sums(at(15)), (0, 0));
        window.count_first(at(1_000_000));
        assert_eq!(window.sums(at(1_000_000)), (1, 0));
    }
}
