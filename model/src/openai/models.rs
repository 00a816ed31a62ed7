//! The models that a server offers.

use serde::Deserialize;
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
}

pub(super) async fn list(service: &Service, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
    let answer = service.get("/models", deadline).await?;
    let answer = answer.map_err(|refused| refusal::error(&refused, service))?;
    let (Models::List { data } | Models::Items(data), _) = service::json(answer, deadline).await?;
    let listed = data.into_iter().map(|model| Listed {
        id: model.id,
        name: None,
        vendor: model.owned_by.filter(|owner| !owner.is_empty()),
        form: "model",
    });
    Ok(listed.collect())
}
