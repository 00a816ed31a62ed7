//! Every exchange with the fake is held to the public models of the services: our requests, and the fake's own answers.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use emulators::{Answer, Emulators, Exchange};

use super::{Shared, error};

/// Marks an answer that no model has: a service newer than it, or an operation that is not faked.
#[derive(Clone)]
pub(super) struct OutsideTheModels;

/// What breaks a model is refused, and told when the fake is dropped.
pub(super) async fn held_to_the_models(
    State(world): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let body = whole(body).await;
    let asked = (head.clone(), body.clone());
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    if response.extensions().get::<OutsideTheModels>().is_some() {
        return response;
    }
    let (head, body) = response.into_parts();
    let body = whole(body).await;
    let answered = (head.clone(), body.clone());
    let faults = tokio::task::spawn_blocking(move || {
        let ((request, request_body), (answer, answer_body)) = (&asked, &answered);
        Emulators::shared().faults(&Exchange {
            method: request.method.as_str(),
            target: request.uri.path_and_query().map_or("/", |target| target.as_str()),
            headers: texts(&request.headers),
            body: request_body,
            answer: Some(Answer {
                status: answer.status.as_u16(),
                headers: texts(&answer.headers),
                body: answer_body,
            }),
        })
    });
    let faults = faults.await.unwrap();
    if let Some(first) = faults.first() {
        let refusal = error(400, "ValidationException", first);
        world.lock().unwrap().faults.extend(faults);
        return refusal;
    }
    Response::from_parts(head, Body::from(body))
}

async fn whole(body: Body) -> Bytes {
    to_bytes(body, usize::MAX).await.unwrap_or_default()
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}
