//! A world in Lambda: the real binary as a function, between a fake GitHub and an AWS on loopback that others wrote.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_config::SdkConfig;
use contract::Timestamp;
use eco_coder::store::Store;
use eco_coder::store::dynamodb::{self, DynamoStore};
use emulators::{Emulators, Stack};
use serde_json::{Value, json};

use super::{SECRET, World, github, sign, wait};

pub mod cargo_lambda;
pub mod event_source;
pub mod instance;
pub mod queues;
pub mod rie;

/// What surrounds a function.
pub struct LambdaWorld {
    pub world: World,
    pub stack: Stack,
}

impl LambdaWorld {
    pub async fn new() -> Self {
        let emulators = Emulators::shared();
        let mut world = World::new().await;
        let stack = emulators.stack();
        for (name, value) in emulators.environment() {
            world.set(&name, &value);
        }
        for (name, value) in [
            ("ECO_CODER_DATABASE", ""),
            ("ECO_CODER_LISTEN", ""),
            ("ECO_CODER_TABLE", &stack.table),
            ("ECO_CODER_BUCKET", &stack.bucket),
            ("ECO_CODER_QUEUE_URL", &stack.queue_url),
            ("ECO_CODER_DEAD_LETTER_QUEUE_URL", &stack.dead_letter_queue_url),
            // Shorter than a real lease, which a story would have to sit out where a worker dies.
            ("ECO_CODER_LEASE_SECONDS", "3"),
            ("ECO_CODER_METRICS", "off"),
            ("AWS_LAMBDA_FUNCTION_NAME", "eco-coder"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"),
        ] {
            world.set(name, value);
        }
        Self { world, stack }
    }

    /// As an App, which alone has a list of its deliveries.
    pub fn as_app(&mut self) {
        let key = self.world.folder.path().join("app.pem");
        std::fs::write(&key, github::app::app_private_key()).expect("a file");
        self.world.set("ECO_CODER_GITHUB_TOKEN", "");
        self.world.set("ECO_CODER_GITHUB_APP_ID", &github::APP_ID.to_string());
        self.world.set("ECO_CODER_GITHUB_APP_PRIVATE_KEY_FILE", &key.display().to_string());
    }

    pub fn open_pull_request(&self) -> u64 {
        self.world.open_pull_request()
    }

    /// A signed delivery, as a Function URL hands it over.
    pub fn delivery(&self, delivery: &str, number: u64) -> Value {
        let body = self.world.payload("opened", number).to_string();
        function_url_event(delivery, &body, &sign(body.as_bytes()))
    }

    pub fn comments(&self, number: u64) -> usize {
        self.world.github.comments(number).len()
    }

    /// A delivery that GitHub could not bring.
    pub fn fail_delivery(&self, delivery: &str, number: u64) {
        let mut payload = self.world.payload("opened", number);
        payload["installation"] = json!({"id": github::INSTALLATION});
        self.world.github.set_time(&Timestamp::now().rfc3339());
        self.world.github.fail_delivery(delivery, payload);
    }

    pub fn redeliver_to(&self, url: &str) {
        self.world.github.redeliver_to(url, SECRET);
    }

    /// The tools that the run of the pull request's head has called, in order.
    pub async fn tools_called(&self, number: u64) -> Vec<String> {
        let record = self.store().run(&self.world.run_id(number)).await.expect("the table");
        let record = record.expect("a run");
        assert!(record.finished);
        let state: Value = serde_json::from_str(&record.state).expect("JSON");
        let calls = state["calls"].as_array().expect("calls").iter();
        calls.map(|call| call["tool"].as_str().expect("a name").to_owned()).collect()
    }

    pub fn store(&self) -> DynamoStore {
        let settings = dynamodb::Settings {
            table: self.stack.table.clone(),
            bucket: Some(self.stack.bucket.clone()),
            clock: Timestamp::now,
        };
        DynamoStore::new(&sdk(), settings)
    }

    /// Keeps a secret in Secrets Manager, in place of an earlier one.
    pub async fn keep_secret(&self, secret: &str) -> String {
        let (client, id) = (secrets_manager(), self.stack.table.clone());
        let replaced = client.put_secret_value().secret_id(&id).secret_string(secret).send().await;
        if replaced.is_err() {
            let made = client.create_secret().name(&id).secret_string(secret).send().await;
            made.expect("Secrets Manager answers");
        }
        id
    }
}

/// What leads to the emulator.
pub fn sdk() -> SdkConfig {
    emulators::sdk(&Emulators::shared().aws_url)
}

fn secrets_manager() -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&sdk())
}

/// An event as AWS documents it, from `tests/events/`; what comes from GitHub in there is signed.
pub fn sample(name: &str) -> Value {
    let path = format!("{}/tests/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("an event");
    serde_json::from_str(&text).expect("JSON")
}

/// Another body in a Function URL's event.
pub fn function_url_event(delivery: &str, body: &str, signature: &str) -> Value {
    let mut event = sample("function_url");
    event["headers"]["x-github-delivery"] = delivery.into();
    event["headers"]["x-hub-signature-256"] = signature.into();
    event["body"] = body.into();
    event["isBase64Encoded"] = false.into();
    event
}

/// A process that ends with its owner.
pub struct Process(Child);

impl Process {
    /// What it says goes to the end of a file.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let errors = log.try_clone().expect("a log");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        Self(child.expect("it starts"))
    }

    /// SIGTERM, so that it can end what it started.
    pub fn terminate(&mut self) {
        let told = Command::new("kill").arg(self.0.id().to_string()).status();
        assert!(told.is_ok_and(|status| status.success()), "it runs");
        wait(|| self.has_ended().then_some(())).expect("it ends");
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Process {
    /// SIGKILL.
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
