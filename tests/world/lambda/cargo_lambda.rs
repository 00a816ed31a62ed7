//! `cargo lambda`'s emulator: a control plane and a Function URL, in front of as many processes of the function as wanted.

use std::process::Command;

use emulators::tools::cargo_lambda;
use serde_json::Value;

use super::{LambdaWorld, Process, free_port};
use crate::world::{Answer, request, wait};

pub struct CargoLambda {
    _control: Process,
    _functions: Vec<Process>,
    pub address: String,
}

/// It wants to find a package, although it is told to build none.
const PACKAGE: &str = "[package]\nname = \"eco-coder\"\nversion = \"0.0.0\"\n[[bin]]\nname = \"eco-coder\"\npath = \"main.rs\"\n";

impl CargoLambda {
    pub fn start(world: &LambdaWorld, instances: usize) -> Self {
        let folder = world.world.folder.path().join("cargo-lambda");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("Cargo.toml"), PACKAGE).expect("a file");
        std::fs::write(folder.join("main.rs"), "fn main() {}\n").expect("a file");
        let port = free_port().to_string();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(cargo_lambda());
        command
            .args(["lambda", "watch", "--only-lambda-apis", "--disable-cors"])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port])
            .current_dir(&folder);
        let control = Process::start(&mut command, &folder.join("log"));
        wait(|| std::net::TcpStream::connect(&address).ok()).expect("the emulator listens");
        let functions = (0..instances).map(|number| {
            let mut function = world.world.command(&[]);
            function.env("AWS_LAMBDA_RUNTIME_API", format!("http://{address}/.rt/eco-coder"));
            Process::start(&mut function, &folder.join(format!("function-{number}.log")))
        });
        Self { _functions: functions.collect(), _control: control, address }
    }

    /// The address of the function's webhook, as GitHub would have it.
    pub fn webhook_url(&self) -> String {
        format!("http://{}/lambda-url/eco-coder/webhook", self.address)
    }

    /// A request to the function's URL.
    pub async fn post_webhook(&self, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        request(&self.address, "POST", "/lambda-url/eco-coder/webhook", headers, body).await
    }

    pub async fn invoke(&self, event: &Value) -> Value {
        let path = "/2015-03-31/functions/eco-coder/invocations";
        let answer = request(&self.address, "POST", path, &[], event.to_string().as_bytes()).await;
        serde_json::from_str(&answer.body)
            .unwrap_or_else(|error| panic!("{error}: {}", answer.body))
    }
}
