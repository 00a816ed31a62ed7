//! What a measurement says while it goes on.

use std::time::Duration;

use crate::request::Side;

/// One step of a measurement.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress<'a> {
    /// Removed what so many killed measurements had left.
    Swept {
        measurements: usize,
    },
    CheckingOut {
        base: &'a str,
        head: &'a str,
    },
    Building {
        side: Side,
    },
    SettingUp {
        benchmark: &'a str,
        side: Side,
    },
    WarmingUp {
        benchmark: &'a str,
    },
    /// So many pairs are done, of so many that are needed as far as is known by now.
    Pair {
        benchmark: &'a str,
        done: usize,
        asked: usize,
        elapsed: Duration,
        budget: Duration,
    },
    Counting {
        benchmark: &'a str,
        side: Side,
    },
}
