//! Models of services other than Bedrock: whether the service answers and has them, and on demand whether they answer.

use std::sync::Arc;
use std::time::Duration;

use model::{Call, Conversation, Message, ModelDriver};
use tokio::time::Instant;

use super::{Check, Look, Subject, Way};

/// For one token, or for a list.
const ASKED: Duration = Duration::from_secs(9);

/// Each model that is asked by another driver than Bedrock's; the embedded planner is in this program.
pub(super) fn looks(subject: &Subject) -> Vec<Look<'_>> {
    let ways = subject.models.iter().flatten();
    let elsewhere = ways.filter(|way| !matches!(way.driver.name(), "bedrock" | "embedded"));
    elsewhere
        .map(|way| -> Look<'_> {
            let asked = async move {
                vec![if subject.probe_model { probe(way).await } else { listed(way).await }]
            };
            ("model", Box::pin(asked))
        })
        .collect()
}

async fn listed(way: &Way) -> Check {
    const NAME: &str = "model";
    let (said, Way { driver, id }) = (way.said(), way);
    match driver.list(Instant::now() + ASKED).await {
        Ok(models) if models.iter().any(|model| model.id == *id) => {
            Check::ok(NAME, format!("{said}, which the service lists"))
        }
        Ok(models) if models.is_empty() => {
            let seen = format!("{said}: the service lists no models");
            Check::skipped(NAME, seen)
        }
        Ok(_) => Check::warning(
            NAME,
            format!("{said}: the service lists other models"),
            format!("`eco-coder models list --driver {}` shows which", driver.name()),
        ),
        Err(error) => Check::failed(NAME, format!("{said}: {error}"), REACH),
    }
}

const REACH: &str = "see that the service runs, and that its address and its key under [gateway] and in the environment are right";

async fn probe(way: &Way) -> Check {
    const NAME: &str = "probe";
    let said = way.said();
    match one_token(&way.driver, &way.id).await {
        Ok(()) => Check::ok(NAME, format!("{said} answers")),
        Err(error) => Check::failed(NAME, format!("{said}: {error}"), REACH),
    }
}

/// Only a call tells whether calls are allowed.
pub(super) async fn one_token(
    driver: &Arc<dyn ModelDriver>,
    id: &str,
) -> Result<(), model::ModelError> {
    let conversation = Conversation {
        messages: vec![Message::user("Hi")],
        system: String::new(),
        tools: Vec::new(),
    };
    let mut call = Call { model: Some(id.to_owned()), ..Call::new(conversation, ASKED) };
    call.parameters.max_tokens = Some(1);
    driver.converse(&call).await.map(drop)
}

impl Way {
    fn said(&self) -> String {
        format!("{}/{}", self.driver.name(), self.id)
    }
}
