//! The gateway's own contract: what a caller sends, and what it gets.

mod envelope;
mod part;
mod request;

pub use envelope::{Envelope, Failure, FinishReason, Raw, Tokens, Told};
pub use part::{Answered, Part, Used};
pub use request::{Params, Request, Said, Speaker, Tool};
