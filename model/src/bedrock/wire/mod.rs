//! Amazon Bedrock over HTTP: one attempt at one model, by Converse, `ConverseStream` or `InvokeModel`.

mod access;
mod endpoint;
mod events;
mod frame;
mod invoke;
mod listing;
mod parameters;
mod reply;
mod request;
mod settings;
mod signature;
mod sorted;
mod streaming;

use std::sync::Arc;

use async_trait::async_trait;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

pub use self::access::Access;
use self::access::Keeper;
pub use self::endpoint::Hosts;
use self::events::Heard;
use self::invoke::Family;
pub use self::settings::Settings;
use crate::catalog::Model;
use crate::classify::classify;
use crate::event;
use crate::http::{Answer, Client, retry_after, traceparent};
use crate::pieces::Pieces;
use crate::{Call, Cause, Events, Listed, ModelDriver, ModelError, Reply};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// As much as the longest reply of a stream.
const LONGEST_ANSWER: usize = 16 << 20;
const LONGEST_REFUSAL: usize = 64 << 10;

/// Models on Amazon Bedrock, one attempt for each call.
pub struct BedrockDriver {
    client: Client,
    keeper: Keeper,
    settings: Settings,
    runtime: String,
}

impl BedrockDriver {
    pub fn new(settings: Settings, client: Client) -> Self {
        let keeper = Keeper::new(settings.access.clone(), &settings.region);
        Self { client, keeper, runtime: settings.runtime(), settings }
    }

    fn model(&self, call: &Call) -> Arc<Model> {
        let mut model = call.known(call.model.as_deref().unwrap_or(&self.settings.model));
        if !self.settings.caches && (model.caches || model.caches_tools) {
            let model = Arc::make_mut(&mut model);
            (model.caches, model.caches_tools) = (false, false);
        }
        model
    }

    async fn invoke(
        &self,
        call: &Call,
        model: &Model,
        family: &Family,
    ) -> Result<Reply, ModelError> {
        let written = family.write(call, model)?;
        let answer = self.post(model, "invoke", written.body, call).await?;
        let headers = answer.headers.clone();
        let body = answer.bytes(LONGEST_ANSWER, call.deadline).await?;
        let mut reply = family.read(&headers, &body, model)?;
        reply.normalized = written.changes;
        Ok(reply)
    }

    async fn post(
        &self,
        model: &Model,
        action: &str,
        body: Pieces,
        call: &Call,
    ) -> Result<Answer, ModelError> {
        let id = settings::segment(&model.id)?;
        let uri = [self.runtime.as_str(), "/model/", &id, "/", action].concat();
        let trace = traceparent(&call.metadata);
        self.ask(Method::POST, uri, body, trace, call.deadline).await
    }

    /// The answer to a request, if the service did not refuse it.
    async fn ask(
        &self,
        method: Method,
        uri: String,
        body: Pieces,
        trace: Option<HeaderValue>,
        deadline: Instant,
    ) -> Result<Answer, ModelError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().map_err(|_| {
            ModelError::new(
                Cause::BadRequest,
                "the endpoint of Bedrock is no URL: check its setting",
            )
        })?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("eco-coder/", env!("CARGO_PKG_VERSION"))),
        );
        let now = (self.settings.clock)();
        if let Some(trace) = trace {
            headers.insert("traceparent", trace);
        }
        self.keeper.authorize(&mut request, now, deadline).await?;
        let answer = self.client.send(request, deadline).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let (status, headers) = (answer.status, answer.headers.clone());
        // Without its words a refusal still has its status.
        let body = answer.bytes(LONGEST_REFUSAL, deadline).await.unwrap_or_default();
        let error = refused(status, &headers, &body);
        if error.provider_code.as_deref().is_some_and(|code| code.contains("Token")) {
            self.keeper.forget();
        }
        Err(error)
    }
}

#[async_trait]
impl ModelDriver for BedrockDriver {
    fn attempts(&self) -> u8 {
        self.settings.attempts
    }

    fn name(&self) -> &'static str {
        "bedrock"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let model = self.model(call);
        if let Some(family) = invoke::family(&model, &call.conversation) {
            return self.invoke(call, &model, family).await;
        }
        let written = request::write(call, &model)?;
        let answer = self.post(&model, "converse", written.body, call).await?;
        let body = answer.bytes(LONGEST_ANSWER, call.deadline).await?;
        let mut reply = reply::read(&body, &model)?;
        reply.normalized = written.changes;
        Ok(reply)
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let model = self.model(call);
        if let Some(family) = invoke::family(&model, &call.conversation) {
            return self.invoke(call, &model, family).await.map(event::of_reply);
        }
        let written = request::write(call, &model)?;
        let answer = self.post(&model, "converse-stream", written.body, call).await?;
        let heard = Heard::new(model, written.changes);
        streaming::events(answer, heard, call.deadline, self.settings.silence).await
    }

    async fn list(&self, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
        listing::list(self, deadline).await
    }
}

/// The code stands in a header, or as `__type` in the body; proxies and gateways send neither.
fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ModelError {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let field = |names: &[&str]| names.iter().find_map(|name| told.get(name)?.as_str());
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let code = header.or_else(|| field(&["__type", "code"])).unwrap_or_default();
    let plain = String::from_utf8_lossy(&body[..body.len().min(2048)]);
    let text = field(&["message", "Message", "errorMessage"]);
    let text = text.unwrap_or(if told.is_object() { "" } else { &plain });
    let error = classify(status.as_u16(), code, text);
    match retry_after(headers) {
        Some(wait) => error.retry_after(wait),
        None => error,
    }
}

#[cfg(test)]
mod streaming_tests;
#[cfg(test)]
mod tests;
