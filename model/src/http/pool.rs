//! Connections that are kept for the next request.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use tokio::time::{Instant, sleep};

use super::connection::Connection;

/// Services close idle connections after a minute or more; one closed here is never found broken.
const IDLE: Duration = Duration::from_secs(50);
const MOST_IDLE: usize = 256;

/// What a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    scheme: Option<Scheme>,
    authority: Option<Authority>,
}

impl Origin {
    pub(super) fn of(uri: &Uri) -> Self {
        Self { scheme: uri.scheme().cloned(), authority: uri.authority().cloned() }
    }
}

#[derive(Debug, Default)]
pub(super) struct Pool {
    /// Of each origin the one that was used last comes last.
    idle: Mutex<HashMap<Origin, Vec<Idle>>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, so that those that are not needed grow old.
    pub(super) fn take(&self, origin: &Origin) -> Option<Connection> {
        let now = Instant::now();
        loop {
            // Looked at without the lock.
            let mut idle = self.idle().get_mut(origin)?.pop()?;
            if !idle.is_old(now) && idle.connection.is_free() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection that can be used again.
    pub(super) fn keep(self: &Arc<Self>, origin: Origin, mut connection: Connection) {
        if !connection.is_free() {
            return;
        }
        let new = Idle { connection, since: Instant::now() };
        match self.idle().entry(origin) {
            Entry::Occupied(mut known) if known.get().len() < MOST_IDLE => {
                known.get_mut().push(new);
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(unknown) => {
                let origin = unknown.key().clone();
                unknown.insert(vec![new]);
                drop(tokio::spawn(close_idle(Arc::downgrade(self), origin)));
            }
        }
    }

    /// Closes what is idle for too long; says whether nothing is left.
    fn close_old(&self, origin: &Origin) -> bool {
        let now = Instant::now();
        let mut idle = self.idle();
        let Some(known) = idle.get_mut(origin) else { return true };
        let old = known.iter().take_while(|idle| idle.is_old(now)).count();
        let closed: Vec<Idle> = known.drain(..old).collect();
        let is_empty = known.is_empty();
        if is_empty {
            idle.remove(origin);
        }
        // To close many takes a moment.
        drop(idle);
        drop(closed);
        is_empty
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<Origin, Vec<Idle>>> {
        // Nothing under this lock panics.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= IDLE
    }
}

/// For as long as there are connections to this origin, and a pool.
async fn close_idle(pool: Weak<Pool>, origin: Origin) {
    loop {
        sleep(IDLE).await;
        if pool.upgrade().is_none_or(|pool| pool.close_old(&origin)) {
            return;
        }
    }
}
