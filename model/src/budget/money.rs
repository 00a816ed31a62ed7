//! US dollars as whole numbers, so that sums are exact whatever their order.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

const PER_DOLLAR: f64 = 1e9;

/// Thousand-millionths of a US dollar. A token of the cheapest model costs several of them, and 64 bits with a sign, as
/// databases keep them, hold nine thousand million dollars.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Nanodollars(pub u64);

impl Nanodollars {
    pub const ZERO: Self = Self(0);
    /// What a database's signed integer holds.
    pub const MOST: Self = Self(i64::MAX as u64);

    /// To the nearest one. What is no amount (negative, not a number) is nothing, and what is too much is the most.
    pub fn of_usd(usd: f64) -> Self {
        Self((usd * PER_DOLLAR).round() as u64).min(Self::MOST)
    }

    /// Rounded up, as a reservation has to be.
    pub fn at_least(usd: f64) -> Self {
        Self((usd * PER_DOLLAR).ceil() as u64).min(Self::MOST)
    }

    pub fn usd(self) -> f64 {
        self.0 as f64 / PER_DOLLAR
    }

    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This share of it, rounded down.
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        Self((self.0 as f64 * share) as u64)
    }
}

impl Add for Nanodollars {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0)).min(Self::MOST)
    }
}

impl AddAssign for Nanodollars {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Nanodollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// `0.0125 US dollars`: to the ten-thousandth, and finer only where there would be nothing to read.
impl fmt::Display for Nanodollars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usd = self.usd();
        match self.0 {
            0 => write!(formatter, "0 US dollars"),
            1..100_000 => write!(formatter, "{usd:.9} US dollars"),
            _ => write!(formatter, "{usd:.4} US dollars"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_amount_is_nothing_and_too_much_is_the_most() {
        assert_eq!(Nanodollars::of_usd(-1.0), Nanodollars::ZERO);
        assert_eq!(Nanodollars::of_usd(f64::NAN), Nanodollars::ZERO);
        assert_eq!(Nanodollars::at_least(f64::INFINITY), Nanodollars::MOST);
        assert_eq!(Nanodollars::MOST + Nanodollars(1), Nanodollars::MOST);
    }

    #[test]
    fn a_reservation_is_rounded_up_and_a_cost_to_the_nearest() {
        assert_eq!(Nanodollars::at_least(1.1e-9), Nanodollars(2));
        assert_eq!(Nanodollars::of_usd(1.1e-9), Nanodollars(1));
        let ten_cents: Nanodollars = (0..1_000_000).map(|_| Nanodollars::of_usd(1e-7)).sum();
        assert_eq!(ten_cents, Nanodollars::of_usd(0.1));
    }

    #[test]
    fn a_small_amount_is_still_something_to_read() {
        let said = [0, 35, 12_500_000, 3_000_000_000].map(|nano| Nanodollars(nano).to_string());
        insta::assert_snapshot!(said.join("\n"), @r"
        0 US dollars
        0.000000035 US dollars
        0.0125 US dollars
        3.0000 US dollars
        ");
    }
}
