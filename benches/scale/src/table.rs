//! The table as its service grows it: on demand, twice the earlier peak, with five minutes of unused units in reserve.

use crate::limits::Limits;

/// Unused units of this many seconds are kept for a burst:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html>
const RESERVE_SECONDS: f64 = 300.0;
const GROWS_EVERY: u64 = 30 * 60;

#[derive(Debug, Clone)]
pub struct Table {
    at_first: f64,
    at_most: f64,
    per_second: f64,
    reserve: f64,
    /// Of the running minute, and the largest minute since the table last grew, in units per second.
    minute: f64,
    largest: f64,
}

impl Table {
    pub fn new(limits: &Limits) -> Self {
        let per_second = limits.table_at_first.min(limits.table_writes);
        Self {
            at_first: per_second,
            at_most: limits.table_writes,
            per_second,
            reserve: per_second,
            minute: 0.0,
            largest: 0.0,
        }
    }

    /// Takes the units, or refuses when the reserve is used up.
    pub fn write(&mut self, units: f64) -> bool {
        if self.reserve <= 0.0 {
            return false;
        }
        self.reserve -= units;
        self.minute += units;
        true
    }

    /// Another second has passed. Returns the units per second of the minute that has ended, where one has.
    pub fn tick(&mut self, second: u64) -> Option<f64> {
        self.reserve = (self.reserve + self.per_second).min(self.per_second * RESERVE_SECONDS);
        if second.is_multiple_of(GROWS_EVERY) {
            self.per_second =
                (2.0 * self.largest).max(self.per_second).max(self.at_first).min(self.at_most);
            self.largest = 0.0;
        }
        second.is_multiple_of(60).then(|| {
            let rate = self.minute / 60.0;
            self.minute = 0.0;
            self.largest = self.largest.max(rate);
            rate
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let limits = Limits { table_at_first: 10.0, table_writes: 25.0, ..Limits::none() };
        Table::new(&limits)
    }

    /// Units that it took in each second of this many, offered `offered` each.
    fn taken(table: &mut Table, from: u64, seconds: u64, offered: u32) -> u32 {
        let mut taken = 0;
        for second in from..from + seconds {
            table.tick(second + 1);
            taken += (0..offered).filter(|_| table.write(1.0)).count() as u32;
        }
        taken
    }

    #[test]
    fn a_table_gives_what_it_has_and_its_reserve() {
        let mut table = table();
        assert_eq!(taken(&mut table, 0, 600, 0), 0);
        let burst = taken(&mut table, 600, 60, 1000);
        assert!((3500..=3660).contains(&burst), "300 s in reserve and 60 more: {burst}");
    }

    #[test]
    fn a_table_doubles_every_half_hour_up_to_its_quota() {
        let mut table = table();
        let hour = taken(&mut table, 0, 1800, 10) / 1800;
        assert_eq!(hour, 10);
        taken(&mut table, 1800, 1800, 20);
        assert_eq!(taken(&mut table, 3600, 1800, 20) / 1800, 20);
        taken(&mut table, 5400, 1800, 1000);
        let quota = taken(&mut table, 7200, 1800, 1000) / 1800;
        assert_eq!(quota, 25, "not twice what it had");
    }
}
