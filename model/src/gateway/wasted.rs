//! Answers that were sent back, on the bill of the one that was not.

use crate::{Reply, Usage};

/// What answers came to that were sent back: the caller pays for them, too.
pub(super) struct Wasted {
    usage: Usage,
    usd: Option<f64>,
}

impl Wasted {
    pub(super) fn of(reply: &Reply) -> Self {
        Self { usage: reply.usage, usd: reply.cost_usd }
    }

    pub(super) fn add_to(self, reply: &mut Reply) {
        reply.usage += self.usage;
        reply.cost_usd = reply.cost_usd.zip(self.usd).map(|(one, other)| one + other);
    }

    pub(super) fn and(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        let mut usage = self.usage;
        usage += other.usage;
        Self { usage, usd: self.usd.zip(other.usd).map(|(one, other)| one + other) }
    }
}
