//! The models that a server offers for chats.

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::refusal;
use crate::service::{self, Service};
use crate::{Listed, ModelError};

/// A list, or as some hosts answer, its items alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Models {
    List { data: Vec<Model> },
    Items(Vec<Model>),
}

#[derive(Deserialize)]
struct Model {
    id: String,
    owned_by: Option<String>,
    /// Mistral's; others say other things under this name.
    #[serde(default)]
    capabilities: Value,
}

/// Models of OpenAI's that are listed beside those that chat, and answer elsewhere or not at all.
/// <https://platform.openai.com/docs/models>
const NO_CHAT: [&str; 14] = [
    "babbage-",
    "chatgpt-image-",
    "codex-",
    "computer-use-",
    "dall-e-",
    "davinci-",
    "gpt-3.5-turbo-instruct",
    "gpt-image-",
    "omni-moderation-",
    "sora-",
    "text-embedding-",
    "text-moderation-",
    "tts-",
    "whisper-",
];
/// Of its families that chat, those with one of these words in their name do not.
const CHAT_FAMILIES: [&str; 4] = ["gpt-", "o1", "o3", "o4"];
const NO_CHAT_WORDS: [&str; 6] = ["codex", "pro", "realtime", "research", "transcribe", "tts"];

impl Model {
    fn chats(&self) -> bool {
        let starts = |prefix: &&str| self.id.starts_with(prefix);
        let elsewhere = NO_CHAT.iter().any(starts)
            || CHAT_FAMILIES.iter().any(starts)
                && self.id.split('-').any(|word| NO_CHAT_WORDS.contains(&word));
        !elsewhere && self.capabilities["completion_chat"] != false
    }
}

pub(super) async fn list(service: &Service, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
    let answer = service.get("/models", deadline).await?;
    let answer = answer.map_err(|refused| refusal::error(&refused, service))?;
    let (Models::List { data } | Models::Items(data), _) = service::json(answer, deadline).await?;
    let listed = data.into_iter().filter(Model::chats).map(|model| Listed {
        id: model.id,
        name: None,
        vendor: model.owned_by.filter(|owner| !owner.is_empty()),
        form: "model",
    });
    Ok(listed.collect())
}
