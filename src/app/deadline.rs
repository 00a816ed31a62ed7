//! When the work of an invocation has to end, so that what it leaves behind is in order.

use std::time::Duration;

use contract::Timestamp;

/// Lambda kills an invocation at its deadline without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deadline {
    /// From here on no further step is begun.
    pub(super) stop: Timestamp,
    /// From here on no step is waited for.
    pub(super) abandon: Timestamp,
    /// By then the answer is given, whatever is still under way.
    pub(super) answer: Timestamp,
    /// Until then what is left to write down is waited for.
    pub(super) leave: Timestamp,
}

/// A step of a review may take this long, where the invocation has as much to give.
const LONGEST_MARGIN: Duration = Duration::from_mins(1);

/// No invocation may take longer, so a smaller number is no time of day.
const LONGEST_INVOCATION: u64 = 15 * 60 * 1000;

impl Deadline {
    /// As an invocation's context has it: milliseconds since 1970. `cargo lambda` puts the timeout there instead.
    pub(super) fn told(now: Timestamp, milliseconds: u64) -> Self {
        if milliseconds <= LONGEST_INVOCATION {
            return Self::new(now, now + Duration::from_millis(milliseconds));
        }
        Self::new(now, Timestamp(i64::try_from(milliseconds).unwrap_or(i64::MAX)))
    }

    /// `end` is when Lambda ends it.
    pub(super) fn new(now: Timestamp, end: Timestamp) -> Self {
        let margin = (end.since(now) / 10).min(LONGEST_MARGIN);
        Self {
            stop: end - margin,
            abandon: end - margin / 6,
            answer: end - margin / 12,
            leave: end - margin / 24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margins(timeout: u64) -> [u64; 4] {
        let (now, end) = (Timestamp(0), Timestamp(0) + Duration::from_secs(timeout));
        let Deadline { stop, abandon, answer, leave } = Deadline::new(now, end);
        [stop, abandon, answer, leave].map(|time| end.since(time).as_millis() as u64)
    }

    #[test]
    fn a_long_invocation_stops_a_minute_before_its_end_and_a_short_one_for_a_tenth_of_it() {
        assert_eq!(margins(900), [60_000, 10_000, 5_000, 2_500]);
        assert_eq!(margins(600), [60_000, 10_000, 5_000, 2_500]);
        assert_eq!(margins(60), [6_000, 1_000, 500, 250]);
        assert_eq!(margins(0), [0, 0, 0, 0]);
    }

    #[test]
    fn a_timeout_in_place_of_a_time_is_understood() {
        let now = Timestamp(1_800_000_000_000);
        let at = Deadline::new(now, now + Duration::from_mins(10));
        assert_eq!(Deadline::told(now, 600_000), at);
        assert_eq!(Deadline::told(now, 1_800_000_600_000), at);
    }
}
