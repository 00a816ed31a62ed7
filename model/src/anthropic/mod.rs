//! The Messages API of Anthropic, and of proxies that speak it.

mod models;
pub(crate) mod refusal;
pub(crate) mod reply;
mod request;
pub(crate) mod stream;

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use tokio::time::Instant;

use self::stream::Reader;
use crate::http::{Answer, Client};
use crate::service::{self, Service};
use crate::{Call, Cause, Events, Listed, ModelDriver, ModelError, Reply, streamed};

/// The version of the API that this driver speaks; <https://docs.claude.com/en/api/versioning>.
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// What the driver is set up with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Without `/v1`.
    pub base_url: String,
    pub key: SecretString,
    /// For calls that name no model.
    pub model: Option<String>,
    /// For calls that do not say; the API asks for a number.
    pub max_tokens: u32,
    /// Whether what is told again and again may be kept at the service for five minutes.
    pub caches: bool,
    /// How long a stream may say nothing. The service sends a `ping` now and then.
    pub silence: Duration,
}

impl Settings {
    pub fn new(key: SecretString) -> Self {
        Self {
            base_url: "https://api.anthropic.com".to_owned(),
            key,
            model: None,
            max_tokens: 4096,
            caches: true,
            silence: Duration::from_mins(1),
        }
    }
}

/// Models behind the Messages API.
pub struct Anthropic {
    service: Service,
    settings: Settings,
}

impl Anthropic {
    pub fn new(client: Client, settings: Settings) -> Result<Self, ModelError> {
        let mut headers = HeaderMap::new();
        headers.insert("anthropic-version", VERSION);
        let key = (HeaderName::from_static("x-api-key"), "", settings.key.clone());
        let service = Service::new(client, &settings.base_url, headers, Some(key))?;
        Ok(Self { service, settings })
    }

    fn model<'a>(&'a self, call: &'a Call) -> Result<&'a str, ModelError> {
        call.model.as_deref().or(self.settings.model.as_deref()).ok_or_else(|| {
            let message = "the call names no model, and none is configured for `anthropic`";
            ModelError::new(Cause::UnknownModel, message)
        })
    }

    async fn ask(&self, call: &Call, model: &str, stream: bool) -> Result<Answer, ModelError> {
        let body = request::body(call, model, &self.settings, stream)?;
        let answer = self.service.post("/v1/messages", body, call).await?;
        answer.map_err(|refused| refusal::error(&refused, &self.service))
    }
}

#[async_trait]
impl ModelDriver for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let model = self.model(call)?;
        let answer = self.ask(call, model, false).await?;
        let (message, raw) = service::json::<reply::Message>(answer, call.deadline).await?;
        let mut reply = message.reply(model)?;
        if !reply.usage_is_estimated {
            reply.cost_usd = call.known(model).cost(reply.usage);
        }
        reply.raw = Some(raw);
        Ok(reply)
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let model = self.model(call)?;
        let answer = self.ask(call, model, true).await?;
        streamed::events(
            answer,
            Reader::new(call.known(model)),
            call.deadline,
            self.settings.silence,
        )
        .await
    }

    async fn list(&self, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
        models::list(&self.service, deadline).await
    }
}
