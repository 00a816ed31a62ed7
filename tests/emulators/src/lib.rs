//! What the tests run against: an AWS on loopback that others wrote (moto), a model behind llama.cpp, and pinned tools,
//! installed on first use.
#![expect(clippy::panic, reason = "a test whose emulator cannot be had fails and says why")]

use std::sync::OnceLock;

use serde_json::Value;

mod http;
mod install;
mod llama;
mod sdk;
mod server;
pub mod tools;
mod validation;

pub use llama::{Llama, MODEL};
pub use sdk::sdk;
pub use validation::{Answer, Exchange};

/// One AWS for all tests of a process, each with names of its own; see [`Emulators::stack`].
pub struct Emulators {
    /// The endpoint of every service.
    pub aws_url: String,
    _server: server::Server,
}

/// A table, two queues and a bucket that nobody else uses.
#[derive(Debug, Clone)]
pub struct Stack {
    pub table: String,
    pub queue_url: String,
    pub dead_letter_queue_url: String,
    pub bucket: String,
}

impl Emulators {
    /// Starts it unless this process has done so; it ends with the process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Result<Emulators, String>> = OnceLock::new();
        let started = SHARED.get_or_init(Self::start);
        started.as_ref().unwrap_or_else(|why| panic!("no emulator of AWS: {why}"))
    }

    /// One that nobody else sees, for a test that breaks it; it ends when it is dropped.
    pub fn alone() -> Self {
        Self::start().unwrap_or_else(|why| panic!("no emulator of AWS: {why}"))
    }

    fn start() -> Result<Self, String> {
        let server = server::Server::start("aws", "emulators.py")?;
        Ok(Self { aws_url: server.url.clone(), _server: server })
    }

    /// The environment of a process that shall meet this AWS and no other.
    pub fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT_URL", self.aws_url.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Makes a fresh stack.
    pub fn stack(&self) -> Stack {
        let made = self.post("/_stack", &Value::Null);
        let name = |key: &str| {
            made[key]
                .as_str()
                .unwrap_or_else(|| panic!("the stack has no {key}: {made}"))
                .to_owned()
        };
        Stack {
            table: name("table"),
            queue_url: name("queue_url"),
            dead_letter_queue_url: name("dead_letter_queue_url"),
            bucket: name("bucket"),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = http::post(&self.aws_url, path, body.to_string().as_bytes());
        let (status, body) = answer.unwrap_or_else(|error| panic!("POST {path}: {error}"));
        assert_eq!(status, 200, "POST {path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("POST {path}: {error}: {body}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stack_is_fresh() {
        let emulators = Emulators::shared();
        let (one, other) = (emulators.stack(), emulators.stack());
        assert_ne!(one.table, other.table);
        assert_ne!(one.bucket, other.bucket);
        assert_ne!(one.queue_url, other.queue_url);
        assert_ne!(one.queue_url, one.dead_letter_queue_url);
        assert!(one.queue_url.starts_with(&emulators.aws_url), "{one:?}");
    }
}
