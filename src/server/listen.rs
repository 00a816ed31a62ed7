//! Serves connections: bounded in number, in the time they take to ask, and in the time they get at shutdown.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::unbroken::unbroken;

/// For a request's head, and for an idle connection.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// Of a connection. What is longer is read in pieces; hyper's own limit would keep 400 KB for each connection that once
/// asked with a long prompt.
const LARGEST_BUFFER: usize = 32 << 10;
const MOST_CONNECTIONS: usize = 1024;
/// What requests under way get to finish at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// What a request that is cut off gets to let go of what it holds, which takes no waiting.
const LETTING_GO: Duration = Duration::from_secs(2);
/// How long to leave `accept` alone after it failed, as it does without file descriptors.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then lets requests under way finish. What is not finished by the end of the grace is cut off,
/// and has let go of all when this returns: what a call of a model has cost by then is known.
pub async fn run(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    run_with_grace(listener, router, shutdown, GRACE).await
}

async fn run_with_grace(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()> {
    let connections = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                while tasks.try_join_next().is_some() {}
                tasks.spawn(serve(stream, router.clone(), connections.watcher(), place));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
    drop(listener);
    if timeout(grace, connections.shutdown()).await.is_err() {
        while tasks.try_join_next().is_some() {}
        tracing::warn!(connections = tasks.len(), "requests were cut off at shutdown");
    }
    drop(timeout(LETTING_GO, tasks.shutdown()).await);
    Ok(())
}

/// Further connections wait in the kernel's line until there is a place.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn serve(stream: TcpStream, router: Router, watcher: Watcher, place: OwnedSemaphorePermit) {
    // `axum::serve` sets no deadline for a request's head, so a caller could hold a connection forever.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(LARGEST_BUFFER)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = unbroken(watcher.watch(connection)).await {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};

    use super::*;

    #[tokio::test]
    async fn a_request_under_way_at_shutdown_is_still_answered() {
        let (started, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (Arc::clone(&started), Arc::clone(&finish));
        let slow = move || async move {
            tell.notify_one();
            wait.notified().await;
            "done"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(run(listener, Router::new().route("/", get(slow)), async {
            drop(stopped.await);
        }));

        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        started.notified().await;
        drop(stop);
        tokio::task::yield_now().await;
        finish.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("done"), "{answer}");
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    /// What a call of a model holds, as far as it has to be given back.
    struct Held(Arc<AtomicBool>);

    impl Drop for Held {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[tokio::test]
    async fn a_request_that_outlasts_the_grace_has_let_go_of_what_it_holds_when_the_server_has_ended()
     {
        let (let_go, started) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (held, tell) = (Arc::clone(&let_go), Arc::clone(&started));
        let endless = move || async move {
            let _held = Held(held);
            tell.notify_one();
            std::future::pending::<()>().await;
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(endless));
        let stopped = async { drop(stopped.await) };
        let server = run_with_grace(listener, router, stopped, Duration::from_millis(20));
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            started.notified().await;
            drop(stop);
            stream
        };
        let (ended, _stream) = tokio::join!(server, client);
        ended.unwrap();
        assert!(let_go.load(Ordering::SeqCst));
    }
}
