//! One connection to a service. Whoever waits for its answer moves it on: a task of its own would be woken, often on
//! another thread, for each thing that comes and goes.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::pieces::Pieces;

pub(super) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
pub(super) type Unanswered = TrySendError<Request<Pieces>>;

#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Pieces>,
    /// `None` once it has ended.
    mover: Option<http1::Connection<Stream, Pieces>>,
}

impl Connection {
    pub(super) async fn over(stream: Stream) -> hyper::Result<Self> {
        let (sender, mover) = http1::handshake(stream).await?;
        Ok(Self { sender, mover: Some(mover) })
    }

    /// The head of the answer. What was not sent comes back with the error.
    pub(super) async fn ask(
        &mut self,
        request: Request<Pieces>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let mut answer = pin!(self.sender.try_send_request(request));
        poll_fn(|context| {
            self.move_on(context);
            answer.as_mut().poll(&mut unheard())
        })
        .await
    }

    /// The next frame of the answer.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<hyper::Result<Frame<Bytes>>> {
        // What asks for a frame would wake this task, which is about to look for it anyway.
        self.move_on(&mut unheard());
        poll_fn(|context| {
            if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(&mut unheard()) {
                return Poll::Ready(frame);
            }
            self.move_on(context);
            Pin::new(&mut *body).poll_frame(&mut unheard())
        })
        .await
    }

    /// Whether another request can be sent: the service has not hung up, and nothing is under way.
    pub(super) fn is_free(&mut self) -> bool {
        self.move_on(&mut unheard());
        self.mover.is_some() && self.sender.is_ready()
    }

    /// What goes wrong is told by the answer that does not come.
    fn move_on(&mut self, context: &mut Context<'_>) {
        if let Some(mover) = &mut self.mover
            && Pin::new(mover).poll(context).is_ready()
        {
            self.mover = None;
        }
    }
}

/// Answer and frames come only out of the connection, whose own context is the one that wakes.
fn unheard() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
