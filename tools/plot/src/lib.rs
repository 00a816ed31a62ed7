//! What pages with plots share: scales, text that is no markup, and a page that needs nothing from elsewhere.

mod page;
mod scale;

pub use page::{escaped, page};
pub use scale::Scale;
