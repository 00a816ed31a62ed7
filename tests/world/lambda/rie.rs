//! The Runtime Interface Emulator that AWS itself wrote, around the real binary. It takes one event at a time.

use std::process::Command;
use std::time::Duration;

use emulators::tools::lambda_emulator;
use serde_json::Value;

use super::{LambdaWorld, Process, free_port};
use crate::world::{request, wait};

pub struct Rie {
    process: Process,
    address: String,
}

impl Rie {
    pub fn start(world: &LambdaWorld, timeout: Duration) -> Self {
        let (address, api) = (free_port(), free_port());
        let [address, api] = [address, api].map(|port| format!("127.0.0.1:{port}"));
        let function = world.world.command(&[]);
        let mut command = Command::new(lambda_emulator());
        command
            .args(["--runtime-interface-emulator-address", &address])
            .args(["--runtime-api-address", &api])
            .arg(function.get_program())
            .current_dir(world.world.folder.path())
            .env_clear()
            .envs(function.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", timeout.as_secs().to_string());
        let log = world.world.folder.path().join(format!("rie-{}.log", free_port()));
        let process = Process::start(&mut command, &log);
        wait(|| std::net::TcpStream::connect(&address).ok()).expect("the emulator listens");
        Self { process, address }
    }

    /// The function's answer, or what it said of its failure.
    pub async fn invoke(&self, event: &Value) -> Value {
        let path = "/2015-03-31/functions/function/invocations";
        let answer = request(&self.address, "POST", path, &[], event.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_else(|_| Value::from(answer.body))
    }
}

impl Drop for Rie {
    fn drop(&mut self) {
        self.process.terminate();
    }
}
