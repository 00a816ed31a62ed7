//! `GET /v1/models` and `GET /metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use model::catalog::Catalog;
use model::gateway::is_named;
use model::{Cause, ModelError};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::ModelApi;
use super::answer::{json, refused};

/// The text ends with `# EOF`, which is no line of Prometheus' older format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// For all services that are asked what they serve.
const PATIENCE: Duration = Duration::from_secs(20);

/// A model that the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    pub id: String,
    pub driver: &'static str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// Whether to ask the services, too: `true`, `1`, or nothing after the name.
    discover: Option<String>,
}

impl Wanted {
    fn discovers(&self) -> bool {
        matches!(self.discover.as_deref(), Some("" | "1" | "true" | "yes"))
    }
}

/// In OpenAI's form, with what else is known.
#[derive(Serialize)]
struct List {
    object: &'static str,
    data: Vec<Entry>,
    /// Services that could not be asked, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    object: &'static str,
    /// OpenAI's clients expect a time; nobody tells one.
    created: u64,
    owned_by: String,
    driver: &'static str,
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million_tokens: Option<PerMillion>,
}

#[derive(Serialize)]
struct PerMillion {
    input: f64,
    output: f64,
}

pub(super) async fn list(
    State(api): State<Arc<ModelApi>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let catalog = &api.catalog;
    let configured = api.configured.iter();
    let mut data: Vec<Entry> = configured
        .map(|model| entry(catalog, model.id.clone(), model.driver, "configured", None))
        .collect();
    let mut problems = Vec::new();
    if wanted.discovers() {
        let deadline = Instant::now() + PATIENCE;
        let asked = api
            .drivers
            .iter()
            .map(|driver| async move { (driver.name(), driver.list(deadline).await) });
        for (driver, listed) in join_all(asked).await {
            match listed {
                Ok(listed) => data.extend(
                    listed
                        .into_iter()
                        .map(|model| entry(catalog, model.id, driver, "discovered", model.name)),
                ),
                Err(error) => problems.push(format!("{driver}: {error}")),
            }
        }
        let mut seen = std::collections::HashSet::new();
        data.retain(|entry| seen.insert((entry.driver, entry.id.clone())));
    }
    json(StatusCode::OK, &List { object: "list", data, problems })
}

fn entry(
    catalog: &Catalog,
    id: String,
    driver: &'static str,
    source: &'static str,
    name: Option<String>,
) -> Entry {
    let known = catalog.lookup_through(driver, &id);
    Entry {
        object: "model",
        created: 0,
        owned_by: if known.vendor.is_empty() { driver.to_owned() } else { known.vendor },
        driver,
        source,
        name,
        context_tokens: known.context,
        max_output_tokens: known.max_output_tokens,
        usd_per_million_tokens: known
            .price
            .map(|price| PerMillion { input: price.input, output: price.output }),
        id,
    }
}

/// One that is configured, by its id or with its driver before it.
pub(super) async fn one(State(api): State<Arc<ModelApi>>, Path(id): Path<String>) -> Response {
    let found = api.configured.iter().find(|model| is_named(model.driver, &model.id, &id));
    if let Some(Configured { id, driver }) = found {
        return json(StatusCode::OK, &entry(&api.catalog, id.clone(), driver, "configured", None));
    }
    let ids: Vec<&str> = api.configured.iter().map(|model| model.id.as_str()).collect();
    let message = format!("{id:?} is not configured; there are {}", ids.join(", "));
    refused(&ModelError::new(Cause::UnknownModel, message))
}

pub(super) async fn metrics(State(api): State<Arc<ModelApi>>) -> Response {
    let kind = [(header::CONTENT_TYPE, OPENMETRICS)];
    (kind, (api.metrics)()).into_response()
}
