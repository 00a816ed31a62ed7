//! A service over HTTP/1.1 that answers by a function, and breaks off or falls silent where a test says so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// As `POST /v1/messages`.
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
}

pub(crate) enum Answer {
    Whole {
        status: u16,
        headers: String,
        body: Vec<u8>,
    },
    /// 200, and a body in chunks.
    Stream(Vec<Step>),
}

#[derive(Clone)]
pub(crate) enum Step {
    Say(String),
    /// Nothing more comes, and the connection stays.
    FallSilent,
    /// The connection closes before the body's end.
    HangUp,
}

pub(crate) struct Fake {
    pub(crate) address: String,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) connections: Arc<AtomicUsize>,
}

pub(crate) fn json(status: u16, body: &Value) -> Answer {
    let headers = "content-type: application/json\r\n".to_owned();
    Answer::Whole { status, headers, body: body.to_string().into_bytes() }
}

impl Fake {
    pub(crate) async fn answering(
        answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let (answer, seen, connections) =
            (Arc::new(answer), fake.seen.clone(), fake.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (answer, seen) = (answer.clone(), seen.clone());
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = read(&mut stream).await {
                        seen.lock().unwrap().push(request.clone());
                        if write(stream.get_mut(), answer(&request)).await.is_none() {
                            break;
                        }
                    }
                });
            }
        });
        fake
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut lines = stream.lines();
    let first = lines.next_line().await.ok()??;
    let mut headers = HashMap::new();
    while let Some(line) = lines.next_line().await.ok()?.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ")?;
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let line = first.rsplit_once(' ')?.0.to_owned();
    Some(Seen { line, headers, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
}

async fn write(stream: &mut TcpStream, answer: Answer) -> Option<()> {
    match answer {
        Answer::Whole { status, headers, body } => {
            let head =
                format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.ok()?;
            stream.write_all(&body).await.ok()
        }
        Answer::Stream(steps) => {
            let head = "HTTP/1.1 200 x\r\ncontent-type: text/event-stream\r\n\
                        transfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).await.ok()?;
            for step in steps {
                match step {
                    Step::Say(text) => {
                        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
                        stream.write_all(chunk.as_bytes()).await.ok()?;
                        stream.flush().await.ok()?;
                    }
                    Step::FallSilent => std::future::pending().await,
                    Step::HangUp => return None,
                }
            }
            stream.write_all(b"0\r\n\r\n").await.ok()
        }
    }
}
