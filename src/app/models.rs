//! The wiring of the models: drivers, routes, limits, budget, and what is told of calls.

use anyhow::Context;
use contract::hexadecimal;
use model::budget::Budget;
use model::catalog::Catalog;
use model::definitions::Agents;
use model::gateway::{self, Gateway, Parts, Route};
use model::limit::{self, Limits};
use model::{ModelDriver, normalize};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

use super::CLOCK;
use super::agents;
use super::any_model;
use super::leader;
use super::model_drivers::Drivers;
use super::observed::Observed;
use super::routing::Routing;
use super::spending::{Spending, while_kept};
use crate::agent::packing;
use crate::config::{Config, DriverName};
use crate::model_api::{self, Configured, Key, Keys, ModelApi};
use crate::store::{Database, SqliteExperience};
use crate::telemetry::model_calls::ModelMetrics;

/// For each service that is asked what it serves.
const DISCOVERY: Duration = Duration::from_secs(20);
/// What was learned of models is written down so often.
const LEARNED_EVERY: Duration = Duration::from_secs(30);

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

/// The models of a deployment.
pub struct Models {
    pub gateway: Arc<Gateway>,
    catalog: Arc<Catalog>,
    agents: Arc<Agents>,
    drivers: Vec<Arc<dyn ModelDriver>>,
    configured: Vec<Configured>,
    spending: Spending,
    routing: Arc<Routing>,
    metrics: Arc<ModelMetrics>,
}

impl Models {
    /// As the settings say. Processes that share a file stay below one cap together, and what calls cost is kept there.
    pub async fn open(config: &Config, file: Option<Database>) -> anyhow::Result<Self> {
        let catalog = catalog(config)?;
        let agents = agents::configured(config, &catalog)?;
        Self::with_agents(config, file, catalog, agents).await
    }

    /// The same with these agents.
    pub async fn with_agents(
        config: &Config,
        file: Option<Database>,
        catalog: Catalog,
        agents: Agents,
    ) -> anyhow::Result<Self> {
        let (catalog, agents) = (Arc::new(catalog), Arc::new(agents));
        let named = named(config);
        let mut wanted: Vec<DriverName> = named.iter().map(|(name, _)| *name).collect();
        wanted.extend(agents.definitions().iter().filter_map(agents::driver_of));
        wanted.push(config.model.driver);
        let drivers = Drivers::new(config, &wanted).await?;
        let mut routes = Vec::new();
        let mut configured = Vec::new();
        for (name, id) in named {
            let Some(driver) = drivers.get(name) else { continue };
            configured.push(Configured { id: id.clone(), driver: name.as_str() });
            routes.push(Route::of(driver, catalog.lookup(&id)));
        }
        let learned = file.clone().map(SqliteExperience::new);
        let spending = Spending::open(config.gateway.caps.clone(), file);
        let metrics = Arc::new(ModelMetrics::default());
        let limits = Arc::new(Limits::new(limits(config)));
        let explore = config.gateway.explore;
        let routing =
            Routing::open(limits.clone(), spending.budget.clone(), explore, learned).await;
        let routing = Arc::new(routing);
        let parts = Parts {
            limits,
            budget: Some(spending.budget.clone()),
            fitting: normalize::fitting,
            open: config
                .gateway
                .any_model
                .then(|| any_model::open(drivers.clone(), config.model.driver, catalog.clone())),
            catalog: catalog.clone(),
            repack: Some(Arc::new(packing::smaller)),
            observe: Arc::new(Observed::new(
                metrics.clone(),
                spending.recorder.clone(),
                Some(routing.clone()),
            )),
            order: Some(Arc::new({
                let routing = routing.clone();
                move |call, routes| routing.decide(call, routes)
            })),
            settings: gateway::Settings {
                attempt: Duration::from_secs(config.model.attempt_seconds),
                repacks: packing::PACKINGS,
                orders_unnamed: config.gateway.route,
                ..gateway::Settings::default()
            },
            ..Parts::default()
        };
        let by_agents = routes_of(&agents, &drivers, &catalog, &configured);
        let gateway = Arc::new(Gateway::new(routes, parts).with_named(by_agents));
        let drivers = drivers.all();
        Ok(Self { gateway, catalog, agents, drivers, configured, spending, routing, metrics })
    }

    /// The same where a model leads reviews, and nothing where none does.
    pub async fn of_reviews(
        config: &Config,
        file: Option<Database>,
    ) -> anyhow::Result<Option<Self>> {
        if config.model.driver == DriverName::Embedded {
            return Ok(None);
        }
        check_named(config)?;
        Self::open(config, file).await.map(Some)
    }

    /// What leads reviews, if the settings say that a model does.
    pub fn leader(&self, config: &Config) -> Option<Arc<dyn ModelDriver>> {
        let gateway = super::words::unless_redacted(self.gateway.clone(), config);
        leader::of(gateway, &config.model, self.agents.get(agents::REVIEWER).cloned())
    }

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

    /// The routes under `/v1`.
    pub fn router(&self, config: &Config) -> axum::Router {
        let (gateway, budget, metrics) =
            (self.gateway.clone(), self.spending.budget.clone(), self.metrics.clone());
        model_api::router(ModelApi {
            gateway: super::words::unless_redacted(self.gateway.clone(), config),
            keys: keys(config),
            configured: self.configured.clone(),
            agents: self.agents.clone(),
            catalog: self.catalog.clone(),
            drivers: self.drivers.clone(),
            metrics: Arc::new(move || {
                gauges(&gateway, &budget, &metrics);
                metrics.text()
            }),
            clock: CLOCK,
        })
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

    /// Writes down what was spent until the work has ended, and then all that is left.
    pub async fn keep_while<T>(&self, work: impl Future<Output = T>) -> T {
        while_kept(work, |told| self.keep(told)).await
    }

    /// The same until `stopped`.
    pub async fn keep(&self, stopped: impl Future<Output = ()>) {
        let kept = self.spending.keep(stopped);
        tokio::pin!(kept);
        while timeout(LEARNED_EVERY, &mut kept).await.is_err() {
            self.routing.keep().await;
        }
        self.routing.keep().await;
    }
}

/// Whoever serves or reviews with models needs one; whoever lists them does not.
pub(super) fn check_named(config: &Config) -> anyhow::Result<()> {
    anyhow::ensure!(
        !named(config).is_empty(),
        "no model is named: set `models` under [model], as models = [\"qwen3\"]; `eco-coder models list` shows what the service has"
    );
    Ok(())
}

/// What is known of models: what comes with the program, and the operator's own file over it.
pub fn catalog(config: &Config) -> anyhow::Result<Catalog> {
    let bundled = Catalog::bundled();
    match &config.gateway.catalog {
        Some(path) => bundled.open(path).context("`catalog` under [gateway]"),
        None => Ok(bundled),
    }
}

/// Models that agents name and the settings do not. They are asked by those agents alone.
fn routes_of(
    agents: &Agents,
    drivers: &Drivers,
    catalog: &Catalog,
    configured: &[Configured],
) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    for definition in agents.definitions() {
        let driver = agents::driver_of(definition).and_then(|name| drivers.get(name));
        let (Some(driver), Some(id)) = (driver, &definition.model) else { continue };
        let known = configured.iter().any(|model| model.driver == driver.name() && model.id == *id)
            || routes
                .iter()
                .any(|other| Arc::ptr_eq(&other.driver, &driver) && other.model.id == *id);
        if !known {
            routes.push(Route::of(driver, catalog.lookup(id)));
        }
    }
    routes
}

/// The models in their order, each with its driver: `openai/qwen3` names its own, `qwen3` means the usual one.
pub(super) fn named(config: &Config) -> Vec<(DriverName, String)> {
    let usual = config.model.driver;
    let mut ids: Vec<String> = config.model.models.clone();
    if ids.is_empty() {
        ids = match usual {
            DriverName::Embedded => vec!["embedded".to_owned()],
            DriverName::Bedrock => {
                model::catalog::default_models().iter().map(|&id| id.to_owned()).collect()
            }
            DriverName::Anthropic | DriverName::OpenAi | DriverName::ClaudeCli => Vec::new(),
        };
    }
    ids.into_iter().map(|id| of_driver(&id).unwrap_or((usual, id))).collect()
}

/// The models that this driver is asked for.
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only Bedrock's are looked at"))]
pub(super) fn ids_of(config: &Config, driver: DriverName) -> Vec<String> {
    named(config).into_iter().filter(|(name, _)| *name == driver).map(|(_, id)| id).collect()
}

/// `openai/qwen3`: a driver and its model.
pub(super) fn of_driver(id: &str) -> Option<(DriverName, String)> {
    let (name, rest) = id.split_once('/')?;
    let driver = DriverName::ALL.into_iter().find(|driver| driver.as_str() == name)?;
    Some((driver, rest.to_owned()))
}

pub(super) fn limits(config: &Config) -> limit::Settings {
    limit::Settings {
        requests_per_second: config.gateway.qps,
        concurrency: u32::try_from(config.gateway.concurrency).unwrap_or(u32::MAX),
        ..limit::Settings::default()
    }
}

/// Without keys only whoever is on this machine may ask.
fn keys(config: &Config) -> Keys {
    if config.gateway.keys.is_empty() && config.listen.ip().is_loopback() {
        return Keys::Off;
    }
    // The settings were checked: what is no digest does not come so far.
    let keys = config.gateway.keys.iter().filter_map(|key| {
        let sha256 = hexadecimal::decode(key.sha256.as_bytes())?;
        Some(Key { name: key.name.clone(), sha256 })
    });
    Keys::Required(keys.collect())
}

fn gauges(gateway: &Gateway, budget: &Budget, metrics: &ModelMetrics) {
    for route in gateway.snapshot() {
        let state = match route.breaker {
            "closed" => 0,
            "half_open" => 1,
            _ => 2,
        };
        metrics.set_breaker(&route.key, state);
    }
    for standing in budget.standings() {
        let taken = standing.spent.usd() + standing.reserved.usd();
        metrics.set_budget_left(&standing.scope.said(), (standing.cap.usd() - taken).max(0.0));
    }
}
