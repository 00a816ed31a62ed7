//! Connections that are kept for the next request.

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
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Of each origin the one that was used last comes last. There are as many origins as drivers, which takes less to
    /// look through than to hash one of them.
    idle: Mutex<Vec<(Origin, Vec<Idle>)>>,
}

#[derive(Debug)]
struct Idle {
    connection: Box<Connection>,
    since: Instant,
}

impl Pool {
    /// The connection that was used last, so that those that are not needed grow old.
    pub(super) fn take(&self, origin: &Origin) -> Option<Box<Connection>> {
        let now = Instant::now();
        loop {
            // Looked at without the lock.
            let mut idle = of(&mut self.idle(), origin)?.pop()?;
            if !idle.is_old(now) && idle.connection.is_free() {
                return Some(idle.connection);
            }
        }
    }

    /// Keeps a connection that can be used again.
    pub(super) fn keep(self: &Arc<Self>, origin: Origin, mut connection: Box<Connection>) {
        if !connection.is_free() {
            return;
        }
        let new = Idle { connection, since: Instant::now() };
        let mut idle = self.idle();
        match of(&mut idle, &origin) {
            Some(known) if known.len() < MOST_IDLE => known.push(new),
            Some(_) => {}
            None => {
                idle.push((origin.clone(), vec![new]));
                drop(tokio::spawn(close_idle(Arc::downgrade(self), origin)));
            }
        }
    }

    /// Closes what is idle for too long; says whether nothing is left.
    fn close_old(&self, origin: &Origin) -> bool {
        let now = Instant::now();
        let mut idle = self.idle();
        let Some(known) = of(&mut idle, origin) else { return true };
        let old = known.iter().take_while(|idle| idle.is_old(now)).count();
        let closed: Vec<Idle> = known.drain(..old).collect();
        let is_empty = known.is_empty();
        if is_empty {
            idle.retain(|(known, _)| known != origin);
        }
        // To close many takes a moment.
        drop(idle);
        drop(closed);
        is_empty
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Origin, Vec<Idle>)>> {
        // Nothing under this lock panics.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of<'idle>(
    idle: &'idle mut [(Origin, Vec<Idle>)],
    origin: &Origin,
) -> Option<&'idle mut Vec<Idle>> {
    idle.iter_mut().find(|(known, _)| known == origin).map(|(_, idle)| idle)
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
