//! A server of OpenAI's protocol on one's own machine, as vLLM is: with some models, and a context that it holds to.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

/// Tokens, in and out.
const CONTEXT: u64 = 4096;
/// Of every prompt.
const TOLD: u64 = 11;

#[derive(Clone)]
pub struct Vllm {
    pub url: String,
    models: Vec<String>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Vllm {
    pub async fn serving(models: &[&str]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let vllm = Self {
            url: format!("http://{}/v1", listener.local_addr().expect("an address")),
            models: models.iter().map(ToString::to_string).collect(),
            asked: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/models", get(list))
            .route("/v1/chat/completions", post(complete))
            .with_state(vllm.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        vllm
    }

    /// The bodies of all requests.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().expect("requests").clone()
    }
}

async fn list(State(vllm): State<Vllm>) -> Json<Value> {
    let models: Vec<Value> =
        vllm.models.iter().map(|id| json!({"id": id, "object": "model"})).collect();
    Json(json!({"object": "list", "data": models}))
}

async fn complete(State(vllm): State<Vllm>, Json(body): Json<Value>) -> Response {
    vllm.asked.lock().expect("requests").push(body.clone());
    let id = body["model"].as_str().unwrap_or_default();
    if !vllm.models.iter().any(|known| known == id) {
        let message = format!("The model `{id}` does not exist.");
        return refused(StatusCode::NOT_FOUND, "NotFoundError", &message);
    }
    let wanted = body["max_tokens"].as_u64().unwrap_or_default();
    if wanted + TOLD > CONTEXT {
        let message = format!(
            "'max_tokens' or 'max_completion_tokens' is too large: {wanted}. This model's maximum context length is {CONTEXT} tokens and your request has {TOLD} input tokens ({wanted} > {CONTEXT} - {TOLD}). None"
        );
        return refused(StatusCode::BAD_REQUEST, "BadRequestError", &message);
    }
    let usage = json!({"prompt_tokens": TOLD, "completion_tokens": 2, "total_tokens": TOLD + 2});
    let words = format!("I am {id}.");
    if body["stream"] == true {
        let pieces = [
            json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": words}}]}),
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": usage}),
        ];
        let [said, end, count] = pieces.map(|piece| format!("data: {piece}\n\n"));
        let events = [("content-type", "text/event-stream")];
        return (events, said + &end + &count + "data: [DONE]\n\n").into_response();
    }
    Json(json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": id,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}],
        "usage": usage,
    }))
    .into_response()
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response {
    let error = json!({"message": message, "type": kind, "param": null, "code": status.as_u16()});
    (status, Json(json!({"error": error}))).into_response()
}
