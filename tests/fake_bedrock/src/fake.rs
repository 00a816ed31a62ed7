//! The fake as a test holds it: its address, its script, and what came to it.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::lists::Lists;
use crate::load::{Calls, Load};
use crate::serve;
use crate::signature::Credentials;

/// What is kept of requests and complaints; a load test makes millions.
const KEPT: usize = 10_000;

/// How it is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether requests must be signed, and be what the service's model allows.
    pub validates: bool,
    /// Whether requests are kept for [`FakeBedrock::requests`].
    pub keeps: bool,
    pub credentials: Credentials,
    pub load: Load,
    pub lists: Lists,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            validates: true,
            keeps: true,
            credentials: Credentials::default(),
            load: Load::default(),
            lists: Lists::default(),
        }
    }
}

/// A request that an operation was found for.
#[derive(Debug, Clone)]
pub struct Seen {
    pub operation: &'static str,
    /// Percent-decoded.
    pub model: Option<String>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Which connection it came by, from 1.
    pub connection: u64,
}

/// A Bedrock on loopback. It ends when it is dropped.
#[derive(Debug)]
pub struct FakeBedrock {
    address: SocketAddr,
    pub(crate) world: Arc<World>,
    accepting: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) calls: Calls,
    answered: AtomicU64,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    script: VecDeque<Answer>,
    by_model: HashMap<String, VecDeque<Answer>>,
    seen: VecDeque<Seen>,
    complaints: VecDeque<String>,
}

impl FakeBedrock {
    /// On a free port of loopback.
    pub async fn start(settings: Settings) -> std::io::Result<Self> {
        Self::start_at(settings, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn start_at(settings: Settings, address: SocketAddr) -> std::io::Result<Self> {
        // Nobody's first call waits for it.
        crate::dispatch::prepare();
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let world = Arc::new(World {
            settings,
            calls: Calls::default(),
            answered: AtomicU64::new(0),
            told: Mutex::default(),
        });
        let accepting = tokio::spawn(serve::accept(listener, Arc::clone(&world)));
        Ok(Self { address, world, accepting })
    }

    /// As `http://127.0.0.1:1234`; both the runtime's and the control plane's endpoint.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the next requests that pass are answered with, whatever model they ask; after that the load decides.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        self.world.told().script.extend(answers);
    }

    /// The same for requests to one model, which go before.
    pub fn script_for(&self, model: &str, answers: impl IntoIterator<Item = Answer>) {
        self.world.told().by_model.entry(model.to_owned()).or_default().extend(answers);
    }

    /// All requests in order, refused ones too; of very many the last.
    pub fn requests(&self) -> Vec<Seen> {
        self.world.told().seen.iter().cloned().collect()
    }

    /// What was wrong with requests that were refused for it.
    pub fn complaints(&self) -> Vec<String> {
        self.world.told().complaints.iter().cloned().collect()
    }

    /// How many requests were answered, refusals included.
    pub fn answered(&self) -> u64 {
        self.world.answered.load(Ordering::Relaxed)
    }
}

impl Drop for FakeBedrock {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl World {
    /// The script's next answer for a model.
    pub(crate) fn scripted(&self, model: &str) -> Option<Answer> {
        let mut told = self.told();
        let own = told.by_model.get_mut(model).and_then(VecDeque::pop_front);
        own.or_else(|| told.script.pop_front())
    }

    pub(crate) fn see(&self, seen: Seen) {
        keep(&mut self.told().seen, seen);
    }

    pub(crate) fn complain(&self, complaints: &[String]) {
        let mut told = self.told();
        for complaint in complaints {
            keep(&mut told.complaints, complaint.clone());
        }
    }

    pub(crate) fn count(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep<T>(kept: &mut VecDeque<T>, item: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(item);
}
