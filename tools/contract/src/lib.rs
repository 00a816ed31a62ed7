//! What every tool offers a model, and the shapes that tools and the service exchange.
//!
//! The crate at the bottom: it depends on no other crate of this workspace.

pub mod binding;
pub mod cache;
pub mod change;
pub mod code_review;
pub mod columns;
pub mod fnv;
pub mod hexadecimal;
pub mod profile;
pub mod time;
pub mod tool;

pub use binding::Binding;
pub use cache::Cache;
pub use change::{Change, ChangedFile, LineRange};
pub use code_review::{
    Category, CodeReview, CodeReviewer, Fix, Measured, Recommendation, ReviewError, Severity,
    Skipped,
};
pub use fnv::fnv_1a;
pub use profile::{
    Frame, FunctionCost, ProfileError, ProfileRequest, ProfileSource, Samples, Stack,
};
pub use time::{Clock, Timestamp};
pub use tool::{Tool, ToolError, ToolSpec, parse_input, schema_of};
