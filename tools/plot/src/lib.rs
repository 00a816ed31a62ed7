//! What pages with plots share: scales, pieces of drawings, text that is no markup, and a page that needs nothing from elsewhere.

mod page;
mod scale;
pub mod svg;

pub use page::{escaped, page};
pub use scale::Scale;
