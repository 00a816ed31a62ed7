//! What running the service costs on AWS: unit prices with their sources, what a review uses, and the bill.
//!
//! What a model's tokens cost is priced elsewhere; a use takes that amount as given.

mod bill;
mod prices;
mod usage;

pub use bill::{Bill, Line};
pub use prices::{Item, Origin, Price, Prices};
pub use usage::{Deployment, Host, Review, Use};
