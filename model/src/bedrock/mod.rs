//! Amazon Bedrock.

pub mod wire;
