//! A server on the loopback interface, and a caller that speaks plain HTTP to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{AllowList, Progress, Server, WebhookSecrets, router, run};
use crate::queue::{Depth, Ending, Enqueued, Leased, Queue, QueueError, SqliteQueue, Standing};
use crate::review::job::Job;
use crate::store::Database;

const SECRET: &str = "a secret";
pub(super) const NOW: Timestamp = Timestamp(1_800_000_000_123);

/// A server that reviews `acme/*`, and the queue behind it.
pub(super) struct World {
    address: std::net::SocketAddr,
    pub queue: Arc<SqliteQueue>,
    pub progress: Arc<Progress>,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub body: String,
    head: String,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(super) async fn with(adjust: impl FnOnce(&mut Server)) -> Self {
        let queue = Arc::new(SqliteQueue::new(Database::in_memory().unwrap()));
        let progress = Arc::new(Progress::new(|| NOW));
        let mut server = Server {
            webhook_secrets: WebhookSecrets::fixed(vec![SECRET.into()]),
            queue: Arc::<SqliteQueue>::clone(&queue),
            allow: AllowList::new(["acme/shop"]).unwrap(),
            review_drafts: false,
            clock: || NOW,
            started: NOW - Duration::from_mins(1),
            progress: Arc::clone(&progress),
            counts_jobs: true,
            models: None,
            invoke: None,
        };
        adjust(&mut server);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(run(listener, router(server), std::future::pending()));
        Self { address, queue, progress }
    }

    pub(super) async fn deliver(&self, id: &str, event: &str, payload: &Value) -> Answer {
        self.deliver_bytes(id, event, payload.to_string().as_bytes()).await
    }

    pub(super) async fn deliver_bytes(&self, id: &str, event: &str, body: &[u8]) -> Answer {
        let headers = format!(
            "content-type: application/json\r\nx-github-delivery: {id}\r\nx-github-event: {event}\r\nx-hub-signature-256: {}\r\n",
            sign(body)
        );
        self.post("/webhook", &headers, body).await
    }

    pub(super) async fn post(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat()).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
            .await
    }

    /// Sends and reads at the same time: a server may answer before it has read all.
    pub(super) async fn send(&self, request: &[u8]) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let mut answer = Vec::new();
        let (_, ()) = tokio::join!(to.write_all(request), async {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut chunk).await {
                answer.extend_from_slice(&chunk[..count]);
            }
        });
        Answer::parse(&answer)
    }

    /// Leaves the connection open.
    pub(super) async fn connect(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream
    }

    pub(super) async fn taken(&self) -> Option<Job> {
        self.queue.take("test", Duration::from_mins(1), NOW).await.unwrap().map(|leased| leased.job)
    }

    pub(super) async fn waiting(&self) -> u64 {
        self.queue.depth(NOW).await.unwrap().waiting
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, body: body.to_owned(), head: head.to_owned() }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find_map(|(header, value)| header.eq_ignore_ascii_case(name).then_some(value))
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(super) fn sign(body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())
        .unwrap()
        .chain_update(body)
        .finalize()
        .into_bytes();
    mac.iter().fold("sha256=".to_owned(), |signature, byte| format!("{signature}{byte:02x}"))
}

/// The parts of GitHub's payload that are read.
pub(super) fn payload() -> Value {
    json!({
        "action": "opened",
        "number": 7,
        "pull_request": {
            "number": 7,
            "draft": false,
            "base": {"sha": "b".repeat(40), "repo": {"id": 42}},
            "head": {"sha": "a".repeat(40), "repo": {"id": 42}},
        },
        "repository": {"id": 42, "name": "shop", "full_name": "acme/shop", "owner": {"login": "acme"}},
        "installation": {"id": 1},
        "sender": {"login": "ada"},
    })
}

/// A queue whose disk is full.
pub(super) struct BrokenQueue;

#[async_trait]
impl Queue for BrokenQueue {
    async fn enqueue(&self, _: &Job, _: Timestamp) -> Result<Enqueued, QueueError> {
        Err(disk_full())
    }

    async fn take(&self, _: &str, _: Duration, _: Timestamp) -> Result<Option<Leased>, QueueError> {
        Err(disk_full())
    }

    async fn renew(&self, _: &Leased, _: Duration, _: Timestamp) -> Result<Standing, QueueError> {
        Err(disk_full())
    }

    async fn finish(&self, _: &Leased, _: Ending, _: Timestamp) -> Result<(), QueueError> {
        Err(disk_full())
    }

    async fn waiting(&self, _: Timestamp) {}

    async fn depth(&self, _: Timestamp) -> Result<Depth, QueueError> {
        Err(disk_full())
    }
}

fn disk_full() -> QueueError {
    QueueError::Unavailable("the disk is full".into())
}
