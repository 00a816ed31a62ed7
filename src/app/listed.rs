//! What is told of the models: what the settings name, what the services have, and how it stands with them.

use std::sync::Arc;
use std::time::Duration;

use model::catalog::Catalog;
use serde::Serialize;
use serde_json::{Value, json};

use super::models::Models;

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

impl ListedModel {
    fn new(catalog: &Catalog, id: String, driver: &'static str, source: &'static str) -> Self {
        let price = catalog.lookup(&id).price;
        let (input_usd, output_usd) = price.map(|price| (price.input, price.output)).unzip();
        Self { id, driver, source, input_usd, output_usd }
    }
}

impl Models {
    /// What the settings name.
    pub fn configured(&self) -> Vec<ListedModel> {
        let models = self.configured.iter();
        let listed = models.map(|model| {
            ListedModel::new(&self.catalog, model.id.clone(), model.driver, "configured")
        });
        listed.collect()
    }

    /// What the services of the drivers say that they serve.
    pub async fn discover(&self) -> Result<Vec<ListedModel>, model::ModelError> {
        let deadline = tokio::time::Instant::now() + DISCOVERY;
        let mut found = Vec::new();
        for driver in &self.drivers {
            let listed = driver.list(deadline).await?.into_iter();
            found.extend(listed.map(|model| {
                ListedModel::new(&self.catalog, model.id, driver.name(), "discovered")
            }));
        }
        Ok(found)
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
