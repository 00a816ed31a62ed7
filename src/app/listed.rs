//! What is told of the models: what the settings name, what the services have, and how it stands with them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use model::catalog::Catalog;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::models::Models;
use super::named::{catalog, named};
use crate::config::Config;

/// For each service that is asked what it serves.
const DISCOVERY: Duration = Duration::from_secs(20);

/// A model that can be asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedModel {
    pub id: String,
    pub driver: &'static str,
    /// `configured` or `discovered`.
    pub source: &'static str,
    /// US dollars per million tokens.
    pub input_usd: Option<f64>,
    pub output_usd: Option<f64>,
}

/// What services say that they serve.
#[derive(Debug, Default)]
pub struct Discovered {
    pub models: Vec<ListedModel>,
    /// One of each driver that could not be asked, its name first.
    pub problems: Vec<String>,
}

impl ListedModel {
    fn new(catalog: &Catalog, id: String, driver: &'static str, source: &'static str) -> Self {
        let price = catalog.lookup_through(driver, &id).price;
        let (input_usd, output_usd) = price.map(|price| (price.input, price.output)).unzip();
        Self { id, driver, source, input_usd, output_usd }
    }
}

/// What the settings name; nobody is asked, and no key is needed.
pub fn configured(config: &Config) -> anyhow::Result<Vec<ListedModel>> {
    let catalog = catalog(config)?;
    let listed = named(config)
        .into_iter()
        .map(|(driver, id)| ListedModel::new(&catalog, id, driver.as_str(), "configured"));
    Ok(listed.collect())
}

impl Models {
    /// What the services of the drivers say that they serve, and which of them did not say it, and why.
    pub async fn discover(&self) -> Discovered {
        let deadline = Instant::now() + DISCOVERY;
        let asked = self.drivers.iter().map(|driver| async move {
            let listed = timeout_at(deadline, driver.list(deadline)).await;
            let listed = listed.map_err(|_| "it does not answer".to_owned());
            (driver.name(), listed.and_then(|listed| listed.map_err(|error| error.to_string())))
        });
        let mut discovered = Discovered::default();
        for (driver, listed) in join_all(asked).await {
            match listed {
                Ok(listed) => {
                    let model = |model: model::Listed| {
                        ListedModel::new(&self.catalog, model.id, driver, "discovered")
                    };
                    discovered.models.extend(listed.into_iter().map(model));
                }
                Err(problem) => discovered.problems.push(format!("{driver}: {problem}")),
            }
        }
        discovered
    }

    /// For `/health`.
    pub fn snapshot(&self) -> Arc<dyn Fn() -> Value + Send + Sync> {
        let (gateway, budget) = (self.gateway.clone(), self.spending.budget.clone());
        let registry: Vec<Value> = self
            .configured
            .iter()
            .map(|model| json!({"id": model.id, "driver": model.driver}))
            .collect();
        Arc::new(move || {
            let budgets: Vec<Value> = budget.standings().into_iter().map(|standing| {
                json!({"scope": standing.scope.said(), "cap_usd": standing.cap.usd(), "spent_usd": standing.spent.usd(), "reserved_usd": standing.reserved.usd()})
            }).collect();
            json!({"registry": registry, "routes": gateway.snapshot(), "budgets": budgets})
        })
    }
}
