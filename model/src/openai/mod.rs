//! Chat completions as OpenAI defined them and many servers speak them: vLLM, Ollama, llama.cpp, and hosted ones.

mod identity;
mod models;
mod refusal;
mod reply;
mod request;
mod stream;

use std::time::Duration;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use secrecy::SecretString;
use tokio::time::Instant;

use self::identity::Identity;
use self::stream::Reader;
use crate::http::{Answer, Client};
use crate::pieces::Pieces;
use crate::service::{self, Service};
use crate::{
    Call, Cause, Conversation, Events, Listed, ModelDriver, ModelError, Reply, Usage, estimate,
    streamed,
};

/// What the driver is set up with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// With its version, as `http://localhost:11434/v1`.
    pub base_url: String,
    /// Servers on one's own machine ask for none.
    pub key: Option<SecretString>,
    /// For calls that name no model.
    pub model: Option<String>,
    /// How long a stream may say nothing. A server on one's own machine may load a model first.
    pub silence: Duration,
    /// Whether streams are asked to end with a count of tokens.
    pub asks_usage: bool,
}

/// It counts without being asked, and refuses a request that asks.
/// <https://github.com/openai/openai-agents-python/issues/442>
const COUNTS_UNASKED: &str = "api.mistral.ai";

impl Settings {
    pub fn new(base_url: impl Into<String>) -> Self {
        let base_url = base_url.into();
        let host = base_url.parse::<Uri>().ok().and_then(|url| url.host().map(ToOwned::to_owned));
        Self {
            asks_usage: host.as_deref() != Some(COUNTS_UNASKED),
            base_url,
            key: None,
            model: None,
            silence: Duration::from_mins(2),
        }
    }
}

/// Models behind one server.
pub struct OpenAi {
    service: Service,
    settings: Settings,
}

impl OpenAi {
    pub fn new(client: Client, settings: Settings) -> Result<Self, ModelError> {
        let key = settings.key.clone().map(|key| (AUTHORIZATION, "Bearer ", key));
        let service = Service::new(client, &settings.base_url, HeaderMap::new(), key)?;
        Ok(Self { service, settings })
    }

    fn model<'a>(&'a self, call: &'a Call) -> Result<&'a str, ModelError> {
        call.model.as_deref().or(self.settings.model.as_deref()).ok_or_else(|| {
            let message = "the call names no model, and none is configured for `openai`";
            ModelError::new(Cause::UnknownModel, message)
        })
    }

    async fn ask(&self, call: &Call, body: Pieces) -> Result<Answer, ModelError> {
        let answer = self.service.post("/chat/completions", body, call).await?;
        answer.map_err(|refused| refusal::error(&refused, &self.service))
    }
}

#[async_trait]
impl ModelDriver for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let model = self.model(call)?;
        let known = call.known(model);
        let body = request::body(call, &known, &self.settings, false)?;
        let answer = self.ask(call, body).await?;
        let (completion, raw) = service::json::<reply::Completion>(answer, call.deadline).await?;
        let mut reply = completion.reply(model, &Identity::random())?;
        if reply.usage_is_estimated {
            reply.usage = estimated(&call.conversation, &reply);
        }
        reply.cost_usd = known.cost(reply.usage);
        reply.raw = Some(raw);
        Ok(reply)
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let model = self.model(call)?;
        let known = call.known(model);
        let body = request::body(call, &known, &self.settings, true)?;
        let reader = Reader::new(known, Identity::random(), call.conversation.clone());
        let answer = self.ask(call, body).await?;
        streamed::events(answer, reader, call.deadline, self.settings.silence).await
    }

    async fn list(&self, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
        models::list(&self.service, deadline).await
    }
}

/// What a reply came to, where the server does not count.
fn estimated(conversation: &Conversation, reply: &Reply) -> Usage {
    Usage {
        input_tokens: estimate::conversation(conversation),
        output_tokens: estimate::content(&reply.message.content),
        ..Usage::default()
    }
}
