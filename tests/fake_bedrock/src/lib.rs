//! A Bedrock on loopback: it refuses what the public models of its APIs and its documented rules refuse, checks
//! signatures, and otherwise answers, fails and breaks off as its script says.
//!
//! ```ignore
//! let bedrock = FakeBedrock::start(Settings::default()).await?;
//! bedrock.script([Answer::exception("ThrottlingException", "Too many requests"), Answer::says("Hello.")]);
//! ```

mod answer;
/// The public models of the APIs.
pub mod api;
mod dispatch;
mod fake;
mod families;
/// Frames of an event stream.
pub mod frame;
/// Answers of HTTP as bytes.
pub mod http;
mod legacy;
mod lists;
mod load;
mod reply;
mod request;
mod rules;
mod serve;
mod signature;
mod stream;
/// Values held to those models.
pub mod validate;

pub use answer::{Answer, Form, Refusal, Step};
pub use fake::{FakeBedrock, Seen, Settings};
pub use lists::{Lists, model, profile};
pub use load::Load;
pub use reply::Reply;
pub use signature::Credentials;
pub use stream::Stream;
