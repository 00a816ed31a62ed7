//! GitHub's limit on what one installation writes in an hour.

const HOUR: f64 = 3600.0;

/// For each installation the hour in which it is counted, and its comments since then. More than an hour's wait for the
/// hours that follow, in the order in which they came.
#[derive(Debug, Clone)]
pub struct Comments {
    per_hour: f64,
    counts: Vec<(u32, u32)>,
    busiest: u32,
}

impl Comments {
    pub fn new(per_hour: f64) -> Self {
        Self { per_hour, counts: Vec::new(), busiest: 0 }
    }

    /// Counts a comment, and says how long GitHub's limit holds it up, s.
    pub fn delay(&mut self, installation: u32, now: f64) -> f64 {
        let index = installation as usize;
        if self.counts.len() <= index {
            self.counts.resize(index + 1, (0, 0));
        }
        let hour = (now / HOUR).floor();
        let (first, count) = &mut self.counts[index];
        let used_up_to = f64::from(*first) + (f64::from(*count) / self.per_hour).floor();
        if used_up_to < hour || self.per_hour.is_infinite() && f64::from(*first) < hour {
            (*first, *count) = (hour as u32, 0);
        }
        let slot = f64::from(*first) + (f64::from(*count) / self.per_hour).floor();
        *count += 1;
        self.busiest = self.busiest.max(*count);
        (slot * HOUR - now).max(0.0)
    }

    /// The most comments that one installation wanted to write in an hour; with a limit, those that waited count too.
    pub fn busiest(&self) -> f64 {
        f64::from(self.busiest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_an_hour_waits_for_the_next_ones() {
        let mut comments = Comments::new(2.0);
        let delays: Vec<f64> = (0..5).map(|_| comments.delay(7, 600.0)).collect();
        let seconds: Vec<u32> = delays.iter().map(|delay| *delay as u32).collect();
        assert_eq!(seconds, [0, 0, 3000, 3000, 6600]);
        assert_eq!(comments.delay(8, 600.0) as u32, 0, "another installation has its own");
        assert_eq!(comments.delay(7, 7300.0) as u32, 0, "its fifth left room in the third hour");
        assert_eq!(comments.delay(7, 7300.0) as u32, 3500);
        assert_eq!(comments.delay(7, 90_000.0) as u32, 0);
    }

    #[test]
    fn without_a_limit_the_busiest_hour_is_counted() {
        let mut comments = Comments::new(f64::INFINITY);
        for (now, times) in [(10.0, 3), (3700.0, 5), (7300.0, 2)] {
            (0..times).for_each(|_| assert!(comments.delay(1, now) < f64::EPSILON));
        }
        assert_eq!(comments.busiest() as u32, 5);
    }
}
