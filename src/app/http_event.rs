//! An HTTP request that came as an event, answered by the same router as one that came by TCP.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, Uri};
use futures::FutureExt;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::tower::ServiceExt;
use lambda_http::{Adapter, Context, LambdaEvent, RequestExt, service_fn};
use serde_json::{Value, json};

/// Lambda takes no longer ones.
const MOST_OF_AN_ANSWER: usize = 6 * 1024 * 1024;

/// The answer in the form that the sender of the event expects.
pub(super) async fn answer(router: Router, request: LambdaRequest, context: Context) -> Value {
    let service = service_fn(move |request: lambda_http::Request| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(route(router, request).await) }
    });
    let answer = Adapter::from(service).oneshot(LambdaEvent::new(request, context));
    // lambda_http panics where a body is not the base64 that it is said to be.
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(Ok(answer)) => serde_json::to_value(answer).unwrap_or_else(|_| unreadable()),
        Ok(Err(never)) => match never {},
        Err(_) => unreadable(),
    }
}

async fn route(router: Router, request: lambda_http::Request) -> Response<lambda_http::Body> {
    let Ok(uri) = path(&request).parse::<Uri>() else { return bad_request() };
    let (mut parts, body) = request.into_parts();
    parts.uri = uri;
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    let answer = router.oneshot(Request::from_parts(parts, body)).await;
    let (parts, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
    let body = to_bytes(body, MOST_OF_AN_ANSWER).await.unwrap_or_default();
    Response::from_parts(parts, text(&body))
}

/// All that the router says is text.
fn text(body: &[u8]) -> lambda_http::Body {
    if body.is_empty() {
        return lambda_http::Body::Empty;
    }
    String::from_utf8_lossy(body).into_owned().into()
}

/// The path below the API's stage.
fn path(request: &lambda_http::Request) -> &str {
    let path = request.raw_http_path();
    let stage = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.as_deref(),
        // A REST API takes the stage off itself.
        _ => None,
    };
    stage
        .and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage))
        .filter(|below| below.starts_with('/'))
        .unwrap_or(path)
}

fn bad_request() -> Response<lambda_http::Body> {
    let mut response = Response::new(BAD.into());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

const BAD: &str = r#"{"error":"the request cannot be read"}"#;

/// All senders understand this form.
fn unreadable() -> Value {
    json!({"statusCode": 400, "headers": {"content-type": "application/json"}, "body": BAD, "isBase64Encoded": false})
}
