//! The world that stories happen in: the real binary between a fake GitHub and a fake AWS, all on loopback.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use eco_coder::store::{RunRecord, SqliteStore, Store};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(all(feature = "otlp", feature = "aws"))]
pub mod collector;
#[expect(dead_code, reason = "the tests of the GitHub client use the rest of it")]
pub mod github;
#[cfg(feature = "aws")]
pub mod lambda;
pub mod repository;
#[cfg(feature = "bedrock")]
pub mod vllm;

pub use github::{FakeGitHub, PullRequestSpec, Tree, When, tree};

pub const REPOSITORY: &str = "octo/shop";
const SECRET: &str = "It's a Secret to Everybody";
/// Nothing in a story takes longer, on a slow machine either.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service with good defaults, and what surrounds it.
pub struct World {
    pub github: FakeGitHub,
    pub folder: TempDir,
    environment: Vec<(String, String)>,
    server: Option<Server>,
}

struct Server {
    child: Child,
    address: String,
    log: Arc<Mutex<Vec<Value>>>,
    stdout: Arc<Mutex<Vec<Value>>>,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// A program that ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let github = FakeGitHub::start().await;
        let database = folder.path().join("eco-coder.db").display().to_string();
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = vec![
            set("PATH", &path_variable()),
            set("HOME", &folder.path().display().to_string()),
            set("ECO_CODER_DATABASE", &database),
            set("ECO_CODER_LISTEN", "127.0.0.1:0"),
            set("ECO_CODER_WEBHOOK_SECRET", SECRET),
            set("ECO_CODER_ALLOW", "octo/*"),
            set("ECO_CODER_GITHUB_API_URL", github.url()),
            set("ECO_CODER_GITHUB_TOKEN", github::TOKEN),
            set("AWS_ACCESS_KEY_ID", "test"),
            set("AWS_SECRET_ACCESS_KEY", "test"),
            set("AWS_EC2_METADATA_DISABLED", "true"),
            set("AWS_CONFIG_FILE", "/dev/null"),
            set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ];
        Self { github, folder, environment, server: None }
    }

    /// A world whose server runs.
    pub async fn serving() -> Self {
        let mut world = Self::new().await;
        world.start();
        world
    }

    /// Sets a variable for programs started later; an empty value unsets it.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Lets programs started later ask a Bedrock here, with credentials that it knows.
    #[cfg_attr(not(feature = "bedrock"), expect(dead_code, reason = "a story with Bedrock asks"))]
    pub fn ask_bedrock(&mut self, url: &str) {
        self.set("AWS_ENDPOINT_URL", url);
        self.set("AWS_REGION", "us-east-1");
        self.set("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
        self.set("AWS_SECRET_ACCESS_KEY", "secret");
    }

    /// Settings of the deployment, `eco-coder.toml`.
    pub fn settings(&self, toml: &str) {
        std::fs::write(self.folder.path().join("eco-coder.toml"), toml).expect("a file");
    }

    /// Starts the server and waits until it listens.
    pub fn start(&mut self) {
        self.start_as(&["serve"]);
    }

    /// The same for a server that is started by other arguments.
    pub fn start_as(&mut self, arguments: &[&str]) {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = json_lines(child.stderr.take().expect("stderr"));
        let stdout = json_lines(child.stdout.take().expect("stdout"));
        let listening = || {
            log.lock()
                .expect("log")
                .iter()
                .find_map(|entry| entry["context"]["address"].as_str().map(ToOwned::to_owned))
        };
        let address = wait(listening)
            .unwrap_or_else(|| panic!("the server did not start: {:?}", log.lock().expect("log")));
        self.server = Some(Server { child, address, log, stdout });
    }

    /// Where the server listens.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "a story with AWS asks"))]
    pub fn address(&self) -> &str {
        &self.server.as_ref().expect("a server").address
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.child.kill().expect("it can be killed");
            server.child.wait().expect("it ends");
        }
    }

    /// SIGTERM, as a service manager sends it; returns the exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let mut server = self.server.take().expect("a server");
        let id = server.child.id().to_string();
        let told = Command::new("kill").arg(id).status().expect("kill");
        assert!(told.success());
        wait(|| server.child.try_wait().expect("it can be waited for")).expect("it ends").code()
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.run_in(self.folder.path(), arguments)
    }

    /// Runs the binary in a folder to its end. One that does not end, as a server that should not have started, is killed.
    pub fn run_in(&self, folder: &Path, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        command.current_dir(folder).stdin(Stdio::null());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = read_all(child.stdout.take().expect("stdout"));
        let stderr = read_all(child.stderr.take().expect("stderr"));
        let status = wait(|| child.try_wait().expect("it can be waited for"));
        if status.is_none() {
            child.kill().expect("it can be killed");
        }
        let read = |thread: JoinHandle<String>| thread.join().expect("its output");
        let (stdout, stderr) = (read(stdout), read(stderr));
        let status = status.unwrap_or_else(|| panic!("it does not end: {stdout}\n{stderr}"));
        Ended { code: status.code().unwrap_or(-1), stdout, stderr }
    }

    /// A pull request that puts a query into a loop.
    pub fn open_pull_request(&self) -> u64 {
        self.open(tree([("shop/names.py", QUICK)]), tree([("shop/names.py", SLOW)]))
    }

    pub fn open(&self, base: Tree, head: Tree) -> u64 {
        self.github.open_pull_request(PullRequestSpec {
            repository: REPOSITORY.into(),
            title: "Load names one by one".into(),
            base,
            head,
            ..PullRequestSpec::default()
        })
    }

    /// Delivers `pull_request` for the pull request as it stands, signed.
    pub async fn deliver(&self, delivery: &str, action: &str, number: u64) -> Answer {
        self.deliver_payload("pull_request", delivery, &self.payload(action, number)).await
    }

    pub async fn deliver_payload(&self, event: &str, delivery: &str, payload: &Value) -> Answer {
        let body = payload.to_string();
        self.post_webhook(event, delivery, body.as_bytes(), &sign(body.as_bytes())).await
    }

    pub async fn post_webhook(
        &self,
        event: &str,
        delivery: &str,
        body: &[u8],
        signature: &str,
    ) -> Answer {
        let headers = [
            ("X-GitHub-Event", event),
            ("X-GitHub-Delivery", delivery),
            ("X-Hub-Signature-256", signature),
            ("Content-Type", "application/json"),
        ];
        self.request("POST", "/webhook", &headers, body).await
    }

    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let server = self.server.as_ref().expect("a server");
        request(&server.address, method, path, headers, body).await
    }

    /// The status and the JSON that the API answers to a body of JSON.
    pub async fn post(&self, path: &str, body: impl std::fmt::Display) -> (u16, Value) {
        let headers = [("Content-Type", "application/json")];
        let answer = self.request("POST", path, &headers, body.to_string().as_bytes()).await;
        (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
    }

    /// What GitHub sends of a pull request, as far as anyone reads it.
    pub fn payload(&self, action: &str, number: u64) -> Value {
        let (owner, name) = REPOSITORY.split_once('/').expect("owner/name");
        json!({
            "action": action,
            "number": number,
            "pull_request": {
                "number": number,
                "draft": false,
                "state": "open",
                "title": "Load names one by one",
                "head": {"sha": self.github.head_sha(number), "ref": "feature", "repo": {"id": 42, "full_name": REPOSITORY, "fork": false}},
                "base": {"sha": self.github.base_sha(number), "ref": "main", "repo": {"id": 42, "full_name": REPOSITORY}},
            },
            "repository": {"id": 42, "name": name, "full_name": REPOSITORY, "owner": {"login": owner}},
            "sender": {"login": "octocat"},
        })
    }

    /// Waits until nothing is queued and nothing runs; returns how many jobs failed.
    pub async fn idle(&self) -> u64 {
        self.until_queue(|queue| queue["waiting"] == 0 && queue["running"] == 0).await["failed"]
            .as_u64()
            .expect("a number")
    }

    /// Waits until the queue, as `/health` shows it, looks as wanted.
    pub async fn until_queue(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let health = self.request("GET", "/health", &[], b"").await;
            assert_eq!(health.status, 200, "{}", health.body);
            let queue = serde_json::from_str::<Value>(&health.body).expect("JSON")["queue"].clone();
            if wanted(&queue) {
                return queue;
            }
            assert!(begun.elapsed() < PATIENCE, "the queue stays at {queue}: {:#?}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the server keeps, read beside it.
    pub fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.database()).expect("the database")
    }

    /// The run of the pull request's head at its last checkpoint, and its state.
    pub async fn kept_run(&self, number: u64) -> Option<(RunRecord, Value)> {
        let record = self.store().run(&self.run_id(number)).await.expect("the store")?;
        let state = serde_json::from_str(&record.state).expect("JSON");
        Some((record, state))
    }

    pub fn run_id(&self, number: u64) -> String {
        format!("github:{REPOSITORY}#{number}@{}", self.github.head_sha(number))
    }

    /// A maintainer edits our comment.
    pub async fn edit_comment(&self, number: u64, edit: impl Fn(&str) -> String) {
        let comment = self.github.comments(number).remove(0);
        let path = format!("/repos/{REPOSITORY}/issues/comments/{}", comment.id);
        let token = format!("Bearer {}", github::TOKEN);
        let headers = [("Authorization", token.as_str()), ("User-Agent", "a browser")];
        let body = json!({"body": edit(&comment.body)}).to_string();
        let address = self.github.url().trim_start_matches("http://");
        let answer = request(address, "PATCH", &path, &headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Waits for a comment that names the pull request's head; there is never more than one.
    pub fn comment(&self, number: u64) -> String {
        let head = self.github.head_sha(number)[..7].to_owned();
        let found = wait(|| {
            self.github
                .comments(number)
                .into_iter()
                .map(|comment| comment.body)
                .find(|body| body.contains(&head))
        });
        let comment = found.unwrap_or_else(|| panic!("no comment; the log says {:#?}", self.log()));
        assert_eq!(self.github.comments(number).len(), 1, "exactly one comment");
        comment
    }

    pub fn log(&self) -> Vec<Value> {
        self.server
            .as_ref()
            .map(|server| server.log.lock().expect("log").clone())
            .unwrap_or_default()
    }

    /// The lines of metrics that the server has written so far.
    pub fn metrics(&self) -> Vec<Value> {
        self.server
            .as_ref()
            .map(|server| server.stdout.lock().expect("stdout").clone())
            .unwrap_or_default()
    }

    /// Waits until the server has logged this message.
    pub fn wait_for_log(&self, message: &str) -> Value {
        self.wait_for_logs(message, 1).swap_remove(0)
    }

    /// The same until it was logged so often.
    pub fn wait_for_logs(&self, message: &str, times: usize) -> Vec<Value> {
        let is_it =
            |entry: &Value| entry["message"].as_str().is_some_and(|text| text.contains(message));
        let found = wait(|| {
            let found: Vec<Value> = self.log().into_iter().filter(is_it).collect();
            (found.len() >= times).then_some(found)
        });
        found.unwrap_or_else(|| {
            panic!("{message:?} was not logged {times} times: {:#?}", self.log())
        })
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("eco-coder.db")
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eco-coder"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(
            self.environment
                .iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name, value)),
        );
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
}

/// As by Ctrl-C.
pub fn interrupt(child: &Child) {
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(told.expect("kill").success());
}

pub const QUICK: &str = "def load(cursor, keys):\n    return []\n";
pub const SLOW: &str = "def load(cursor, keys):\n    rows = []\n    for key in keys:\n        cursor.execute(\"SELECT name FROM names WHERE id = %s\", (key,))\n        rows.append(cursor.fetchone())\n    return rows\n";

/// The value of `X-Hub-Signature-256`.
pub fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(body);
    let mut signature = String::from("sha256=");
    for byte in mac.finalize().into_bytes() {
        let _ = write!(signature, "{byte:02x}");
    }
    signature
}

/// Looks again until there is something to see.
pub fn wait<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(seen) = look() {
            return Some(seen);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// Reads lines as they come; what is no JSON is kept under `line`.
fn json_lines(stream: impl Read + Send + 'static) -> Arc<Mutex<Vec<Value>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = lines.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let entry = serde_json::from_str(&line).unwrap_or_else(|_| json!({"line": line}));
            seen.lock().expect("lines").push(entry);
        }
    });
    lines
}

fn read_all(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a pipe");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

pub async fn request(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    // A server may refuse a body before it has read all of it.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer {
        status,
        body: answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the programs that a story starts need to find git")]
fn path_variable() -> String {
    std::env::var("PATH").unwrap_or_default()
}
