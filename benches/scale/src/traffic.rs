//! Pull requests as they are opened and pushed to, through the hours of a week.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

use crate::random::{exponential, lognormal, uniform, zipf_mandelbrot};

pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 24.0 * HOUR;
pub const WEEK: f64 = 7.0 * DAY;

/// What a week on GitHub looks like. `docs/scale.md` says which of it is measured and which assumed.
#[derive(Debug, Clone)]
pub struct Traffic {
    pub opened_per_week: f64,
    /// Monday first; they add up to 1.
    pub weekdays: [f64; 7],
    /// The busiest hour over the quietest, and when it is, UTC.
    pub peak_to_trough: f64,
    pub peak_hour: f64,
    /// Share of all pull requests that bots open on Monday morning, and between which hours.
    pub monday_flood: f64,
    pub monday_hours: (f64, f64),
    /// When a release makes bots open pull requests everywhere, the share of a week's, and for how long.
    pub floods: Vec<f64>,
    pub flood: f64,
    pub flood_seconds: f64,
    /// Pull requests that are pushed to after they were opened, and how often those are on average.
    pub pushed_to: f64,
    pub pushes: f64,
    /// Share of pushes that correct the one before, and the medians of both kinds of pause.
    pub quick: f64,
    pub quick_pause: f64,
    pub pause: f64,
    /// Who has how many pull requests.
    pub installations: f64,
    pub flat_ranks: f64,
}

/// A pull request was opened or pushed to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivery {
    pub at: f64,
    pub pull_request: u32,
    /// 0 as it was opened.
    pub push: u16,
    pub installation: u32,
}

impl Traffic {
    /// Opened per second at this time; a week begins on Monday, 0:00 UTC.
    pub fn rate(&self, at: f64) -> f64 {
        let in_week = at.rem_euclid(WEEK);
        let hour = in_week.rem_euclid(DAY) / HOUR;
        let swing = (self.peak_to_trough - 1.0) / (self.peak_to_trough + 1.0);
        let daily = 1.0 + swing * ((hour - self.peak_hour) / 24.0 * std::f64::consts::TAU).cos();
        let steady = 1.0 - self.monday_flood - self.floods.len() as f64 * self.flood;
        let weekday = self.weekdays[(in_week / DAY) as usize % 7];
        let mut share = steady * weekday * daily / DAY;
        let (from, to) = self.monday_hours;
        if in_week < DAY && (from..to).contains(&hour) {
            share += self.monday_flood / ((to - from) * HOUR);
        }
        let flooded = |begin: &&f64| (**begin..**begin + self.flood_seconds).contains(&in_week);
        share +=
            self.floods.iter().filter(flooded).count() as f64 * self.flood / self.flood_seconds;
        share * self.opened_per_week
    }

    /// The same week on a sample of GitHub's repositories. Each keeps all of its traffic.
    #[must_use]
    pub fn sample(&self, share: f64) -> Self {
        Self {
            opened_per_week: self.opened_per_week * share,
            installations: (self.installations * share).max(1.0),
            flat_ranks: (self.flat_ranks * share).max(0.1),
            ..self.clone()
        }
    }
}

/// All deliveries that lead to a job, in order of time.
pub struct Deliveries {
    traffic: Traffic,
    random: Rng,
    next_open: f64,
    until: f64,
    opened: u32,
    pushes: BinaryHeap<Reverse<Push>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Push {
    milliseconds: u64,
    pull_request: u32,
    number: u16,
    left: u16,
    installation: u32,
}

impl Deliveries {
    pub fn new(traffic: Traffic, from: f64, until: f64, seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        Self { traffic, random, next_open: from, until, opened: 0, pushes: BinaryHeap::new() }
    }

    fn open(&mut self) -> Delivery {
        let at = self.next_open;
        self.next_open += exponential(&mut self.random, 1.0 / self.traffic.rate(at));
        let traffic = &self.traffic;
        let installation =
            zipf_mandelbrot(&mut self.random, traffic.installations, traffic.flat_ranks);
        let pull_request = self.opened;
        self.opened += 1;
        let left = self.pushes_to_come();
        self.plan_push(at, pull_request, 1, left, installation);
        Delivery { at, pull_request, push: 0, installation }
    }

    /// Geometric from 1 on, for those that are pushed to at all.
    fn pushes_to_come(&mut self) -> u16 {
        if self.random.f64() >= self.traffic.pushed_to {
            return 0;
        }
        let stop = 1.0 / self.traffic.pushes;
        1 + (uniform(&mut self.random).ln() / (1.0 - stop).ln()) as u16
    }

    fn plan_push(
        &mut self,
        after: f64,
        pull_request: u32,
        number: u16,
        left: u16,
        installation: u32,
    ) {
        if left == 0 {
            return;
        }
        let pause = if self.random.f64() < self.traffic.quick {
            lognormal(&mut self.random, self.traffic.quick_pause, 1.0)
        } else {
            lognormal(&mut self.random, self.traffic.pause, 1.5)
        };
        let milliseconds = ((after + pause) * 1000.0) as u64;
        self.pushes.push(Reverse(Push { milliseconds, pull_request, number, left, installation }));
    }
}

impl Iterator for Deliveries {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        let push_at = self.pushes.peek().map(|Reverse(push)| push.milliseconds as f64 / 1000.0);
        let delivery = match push_at {
            Some(at) if at < self.next_open => {
                let Reverse(push) = self.pushes.pop()?;
                let Push { pull_request, number, left, installation, .. } = push;
                self.plan_push(at, pull_request, number + 1, left - 1, installation);
                Delivery { at, pull_request, push: number, installation }
            }
            _ => self.open(),
        };
        (delivery.at < self.until).then_some(delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs;

    fn small() -> Traffic {
        inputs::traffic().sample(0.0005)
    }

    #[test]
    fn the_rates_of_a_week_add_up_to_its_pull_requests() {
        let traffic = inputs::traffic();
        let minutes = (0..7 * 24 * 60).map(|minute| traffic.rate(f64::from(minute) * 60.0) * 60.0);
        let ratio = minutes.sum::<f64>() / traffic.opened_per_week;
        assert!((0.999..1.001).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_week_has_its_pull_requests_and_pushes_in_order() {
        let traffic = small();
        let all: Vec<_> = Deliveries::new(traffic.clone(), 0.0, WEEK, 7).collect();
        assert!(all.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let opened = all.iter().filter(|delivery| delivery.push == 0).count() as f64;
        assert!((opened / traffic.opened_per_week - 1.0).abs() < 0.05, "{opened}");
        let pushes = all.len() as f64 / opened - 1.0;
        // Some of the pushes come after the week.
        let expected = traffic.pushed_to * traffic.pushes;
        assert!((0.85 * expected..1.02 * expected).contains(&pushes), "{pushes} of {expected}");
    }

    #[test]
    fn the_pushes_of_a_pull_request_are_numbered() {
        let mut seen = std::collections::HashMap::new();
        for delivery in Deliveries::new(small(), 0.0, WEEK, 7) {
            let next = seen.entry(delivery.pull_request).or_insert(0);
            assert_eq!(delivery.push, *next);
            *next += 1;
        }
    }
}
