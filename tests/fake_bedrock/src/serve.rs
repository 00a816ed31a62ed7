//! Connections: requests come in, answers go out step by step.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::answer::Step;
use crate::dispatch;
use crate::fake::World;
use crate::request;

/// A connection on which nothing happens is of no use to any test.
const IDLE: Duration = Duration::from_mins(15);

/// Takes connections until it is dropped, and them with it.
pub(crate) async fn accept(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // Out of file descriptors: those that end make room.
                let Ok((stream, _)) = accepted else {
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                number += 1;
                let _ = stream.set_nodelay(true);
                connections.spawn(connection(stream, Arc::clone(&world), number));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(mut stream: TcpStream, world: Arc<World>, number: u64) {
    let mut buffer = BytesMut::with_capacity(16 << 10);
    loop {
        let request = match timeout(IDLE, request::next(&mut stream, &mut buffer)).await {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) | Err(_) => return,
            // Who has heard enough leaves with the rest of the answer unread.
            Ok(Err(error))
                if error.kind() == io::ErrorKind::ConnectionReset && buffer.is_empty() =>
            {
                return;
            }
            // As TLS that comes to a port without it.
            Ok(Err(error)) => return world.complain(&[format!("connection {number}: {error}")]),
        };
        let steps = dispatch::answer(&world, &request, number);
        world.count();
        match write(&mut stream, steps).await {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// Whether the connection may be used again.
async fn write(stream: &mut TcpStream, steps: Vec<Step>) -> io::Result<bool> {
    for step in steps {
        match step {
            Step::Bytes(bytes) => timeout(IDLE, stream.write_all(&bytes)).await??,
            Step::Wait(wait) => sleep(wait).await,
            Step::Silence => {
                let mut ignored = [0; 1024];
                while timeout(IDLE, stream.read(&mut ignored)).await?? > 0 {}
                return Ok(false);
            }
            Step::Close => {
                stream.shutdown().await?;
                return Ok(false);
            }
            Step::Reset => {
                stream.set_zero_linger()?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}
