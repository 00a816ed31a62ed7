//! How long one attempt is waited for, so that a model that never answers leaves time for another.

use std::time::Duration;

use tokio::time::Instant;

/// The moments of one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until then an answer is waited for, or the first piece of one.
    pub(super) ends: Instant,
    /// A stream that shows signs of life may take until then for its first piece.
    pub(super) latest: Instant,
}

impl Patience {
    /// `others`: models that could still be asked in place of this one.
    ///
    /// Two thirds of the time that is left where there is one, half of it where there are more: of the usual 30 s the
    /// first of two gets 20 s, and the second 10 s; of three 15 s, 10 s and 5 s. Equal parts would be fairer to the last
    /// ones, which are hardly ever asked, at the price of the first, which nearly always answers: long answers that come
    /// whole take 10 to 40 s, and what is cut off was paid for.
    pub(super) fn of_attempt(
        asked: Instant,
        deadline: Instant,
        longest: Duration,
        others: usize,
    ) -> Self {
        let left = deadline.saturating_duration_since(asked);
        let share = match others {
            0 => left,
            1 => left / 3 * 2,
            _ => left / 2,
        };
        let latest = asked + share;
        Self { ends: latest.min(asked + longest), latest }
    }
}
