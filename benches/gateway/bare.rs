//! The least that a gateway of this kind can be: axum takes a body, our client passes it on, and the answer goes back.
//! Nothing is read, counted, limited, signed or written down. It can be told to keep the processor busy for a while with each
//! call, which shows what work costs a call besides its own time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Request, header};
use axum::response::IntoResponse;
use axum::routing::post;
use model::http::Client;
use tokio::time::Instant;

use crate::Failure;

/// Asks this program to be it.
pub(crate) const ARGUMENT: &str = "--bare-proxy";
const LARGEST: usize = 16 << 20;

struct Proxy {
    client: Client,
    target: String,
    busy: Duration,
}

pub(crate) async fn serve(port: u16, service: SocketAddr, busy: Duration) -> Result<(), Failure> {
    let target = format!("http://{service}/v1/chat/completions");
    let proxy = Arc::new(Proxy { client: Client::new()?, target, busy });
    let router = Router::new()
        .route("/v1/chat/completions", post(pass_on))
        .layer(axum::extract::DefaultBodyLimit::max(LARGEST))
        .with_state(proxy);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    eco_coder::server::run(listener, router, std::future::pending()).await?;
    Ok(())
}

async fn pass_on(State(proxy): State<Arc<Proxy>>, body: Bytes) -> impl IntoResponse {
    let begun = Instant::now();
    while begun.elapsed() < proxy.busy {
        std::hint::spin_loop();
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let answered = async {
        let request = Request::post(&proxy.target)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .ok()?;
        let answer = proxy.client.send(request, deadline).await.ok()?;
        let kind = answer.headers.get(header::CONTENT_TYPE)?.clone();
        Some(([(header::CONTENT_TYPE, kind)], answer.bytes(LARGEST, deadline).await.ok()?))
    };
    answered.await.ok_or(axum::http::StatusCode::BAD_GATEWAY)
}
