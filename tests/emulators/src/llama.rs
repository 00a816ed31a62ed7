//! A real model behind llama.cpp's own server, which speaks OpenAI's protocol.

use crate::server::Server;

/// The id of the model that it serves. It knows little, and what it says is left to it.
pub const MODEL: &str = "smollm2-135m";

/// Ends when it is dropped.
pub struct Llama {
    server: Server,
}

impl Llama {
    /// Loads the model, which takes a second.
    pub fn start() -> Self {
        let server = Server::start("llama", "llama.py");
        Self { server: server.unwrap_or_else(|why| panic!("no server of llama.cpp: {why}")) }
    }

    /// With the version of the protocol.
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.url)
    }
}
