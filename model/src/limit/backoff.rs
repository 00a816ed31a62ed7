//! How long to wait before the next attempt.

use std::time::Duration;

/// Attempts at one model, the first included, where its driver does not say.
pub const TRIES: u8 = 3;
/// The longest pause of our own; a service may ask for more.
pub const LONGEST: Duration = Duration::from_secs(2);
const FIRST: Duration = Duration::from_millis(500);

/// The pause after the attempt of this number, counted from one. `random` in [0, 1) spreads it over its whole length,
/// so that calls that failed together do not come back together:
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
///
/// `None`: the time that is left is over before the pause is.
pub fn pause(
    attempt: u8,
    asked: Option<Duration>,
    random: f64,
    left: Duration,
) -> Option<Duration> {
    let doublings = u32::from(attempt.saturating_sub(1)).min(16);
    let longest = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let own = longest.mul_f64(random.clamp(0.0, 1.0));
    // Everybody was told the same moment; the spread comes on top of it.
    let pause = asked.map_or(own, |asked| asked.saturating_add(own));
    (pause < left).then_some(pause)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn pauses_double_up_to_two_seconds() {
        let longest = [1, 2, 3, 4, 200].map(|attempt| pause(attempt, None, 1.0, HOUR).unwrap());
        assert_eq!(longest.map(|pause| pause.as_millis()), [500, 1000, 2000, 2000, 2000]);
        assert_eq!(pause(3, None, 0.0, HOUR), Some(Duration::ZERO));
    }

    #[test]
    fn what_the_service_asks_for_is_waited_for_or_not_at_all() {
        let asked = Some(Duration::from_secs(7));
        assert_eq!(pause(1, asked, 0.0, HOUR), asked);
        assert_eq!(pause(1, asked, 0.0, Duration::from_secs(6)), None);
    }

    proptest! {
        #[test]
        fn a_pause_ends_before_the_deadline(attempt: u8, asked in prop::option::of(any::<u64>()), random in 0.0_f64..1.0, left: u64) {
            let left = Duration::from_millis(left);
            let asked = asked.map(Duration::from_millis);
            if let Some(pause) = pause(attempt, asked, random, left) {
                prop_assert!(pause < left);
                prop_assert!(asked.is_none_or(|asked| pause >= asked));
                prop_assert!(pause <= asked.unwrap_or_default().saturating_add(LONGEST));
            }
        }
    }
}
