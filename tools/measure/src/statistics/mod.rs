//! The arithmetic behind a verdict; nothing here knows what was measured.

mod bootstrap;
mod discovery;
mod normal;
mod order;
mod signed_rank;
mod spending;

pub use self::bootstrap::{Interval, bootstrap};
pub use self::discovery::benjamini_hochberg;
pub use self::normal::{normal_cdf, normal_quantile};
pub(crate) use self::order::median_of;
pub use self::order::{mean, median};
pub use self::signed_rank::signed_rank;
pub(crate) use self::spending::Spending;
