//! The models that a key may ask for: <https://docs.claude.com/en/api/models-list>.

use serde::Deserialize;
use tokio::time::Instant;

use super::refusal;
use crate::service::{self, Service};
use crate::{Listed, ModelError};

/// The most that the service gives at once.
const PAGE: usize = 1000;
/// A list that goes on is broken.
const MOST_PAGES: usize = 10;

#[derive(Deserialize)]
struct Page {
    data: Vec<Model>,
    #[serde(default)]
    has_more: bool,
    last_id: Option<String>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
    display_name: Option<String>,
}

pub(super) async fn list(service: &Service, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
    let mut models = Vec::new();
    let mut path = format!("/v1/models?limit={PAGE}");
    for _ in 0..MOST_PAGES {
        let answer = service.get(&path, deadline).await?;
        let answer = answer.map_err(|refused| refusal::error(&refused, service))?;
        let (page, _) = service::json::<Page>(answer, deadline).await?;
        models.extend(page.data.into_iter().map(listed));
        let Some(last) = page.last_id.filter(|last| page.has_more && is_plain(last)) else { break };
        path = format!("/v1/models?limit={PAGE}&after_id={last}");
    }
    Ok(models)
}

fn listed(model: Model) -> Listed {
    let vendor = Some("anthropic".to_owned());
    Listed { id: model.id, name: model.display_name, vendor, form: "model" }
}

/// Whether it can stand in an address as it is.
fn is_plain(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
