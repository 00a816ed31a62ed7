//! The wiring of the models: drivers, routes, limits, budget, and what is told of calls.

use contract::hexadecimal;
use model::budget::{Budget, Scope};
use model::catalog::Catalog;
use model::definitions::Agents;
use model::gateway::{self, Gateway, Parts, Route};
use model::limit::{self, Limits};
use model::{ModelDriver, normalize};
use std::sync::Arc;
use std::time::Duration;

use super::CLOCK;
use super::agents;
use super::any_model;
use super::kept;
use super::leader;
use super::model_drivers::Drivers;
use super::named::{catalog, check_drivers, check_named, named};
use super::observed::Observed;
use super::routing::Routing;
use super::spending::{Spending, while_kept};
use super::unpriced;
use crate::agent::{Task, packing};
use crate::config::{Config, DriverName};
use crate::model_api::{self, Bodies, Configured, Key, Keys, ModelApi};
use crate::review::{Judge, Lead};
use crate::store::{Database, SqliteExperience};
use crate::telemetry::model_calls::ModelMetrics;

/// What was learned of models is written down so often.
const LEARNED_EVERY: Duration = Duration::from_secs(30);

/// The models of a deployment.
pub struct Models {
    pub gateway: Arc<Gateway>,
    pub(super) catalog: Arc<Catalog>,
    agents: Arc<Agents>,
    pub(super) drivers: Vec<Arc<dyn ModelDriver>>,
    pub(super) configured: Vec<Configured>,
    pub(super) spending: Spending,
    routing: Arc<Routing>,
    metrics: Arc<ModelMetrics>,
}

impl Models {
    /// As the settings say. Processes that share a table or a file stay below one cap together.
    pub async fn open(config: &Config, file: Option<Database>) -> anyhow::Result<Self> {
        let catalog = catalog(config)?;
        let agents = agents::configured(config, &catalog)?;
        Self::with_agents(config, file, catalog, agents).await
    }

    /// The same with these agents.
    async fn with_agents(
        config: &Config,
        file: Option<Database>,
        catalog: Catalog,
        agents: Agents,
    ) -> anyhow::Result<Self> {
        check_drivers(config)?;
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
            let model = catalog.lookup_through(driver.name(), &id);
            routes.push(Route::of(driver, model));
        }
        let learned = file.clone().map(SqliteExperience::new);
        let spending = Spending::open(config, config.gateway.caps.clone(), file).await?;
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
        unpriced::warn(&config.gateway.caps, gateway.routes());
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
    pub fn leader(&self, config: &Config) -> Option<Lead> {
        let gateway = super::words::unless_redacted(self.gateway.clone(), config);
        let lead = leader::of(gateway, &config.model, self.agents.get(agents::REVIEWER).cloned())?;
        let judge: Option<Judge> = config.gateway.route.then(|| {
            let routing = self.routing.clone();
            Arc::new(move |task: &Task, model: &str, conduct| routing.judge(task, model, conduct))
                as _
        });
        Some(Lead { judge, ..lead })
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
            bodies: Bodies::default(),
        })
    }

    /// For a command that asks and ends: with the file in which a server with these settings counts, where there is one or
    /// caps want one. What it learns of models is not kept, for a server may be learning, too.
    pub async fn of_command(
        config: &Config,
        catalog: Catalog,
        agents: Agents,
    ) -> anyhow::Result<Self> {
        let named = named(config).into_iter().map(|(driver, _)| driver);
        let mut drivers = named.chain(agents.definitions().iter().filter_map(agents::driver_of));
        let file = kept::file_for_calls(config, drivers.any(|name| name != DriverName::Embedded))?;
        Self::with_agents(config, file, catalog, agents).await
    }

    /// Writes down what was spent until the work has ended, and then all that is left; not what was learned.
    pub async fn pay_while<T>(&self, work: impl Future<Output = T>) -> T {
        while_kept(work, |told| self.spending.keep(told)).await
    }

    /// Writes down what was spent until the work has ended, and then all that is left.
    pub async fn keep_while<T>(&self, work: impl Future<Output = T>) -> T {
        while_kept(work, |told| self.keep(told)).await
    }

    /// The same until `stopped`.
    pub async fn keep(&self, stopped: impl Future<Output = ()>) {
        let beside = async {
            loop {
                self.spending.budget.look().await;
                tokio::time::sleep(LEARNED_EVERY).await;
                self.routing.keep().await;
            }
        };
        tokio::select! {
            () = self.spending.keep(stopped) => {}
            () = beside => {}
        }
        self.routing.keep().await;
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
            let model = catalog.lookup_through(driver.name(), id);
            routes.push(Route::of(driver, model));
        }
    }
    routes
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

fn after_driver(route: &str) -> Option<&str> {
    route.split_once('/').map(|(_, id)| id)
}

fn gauges(gateway: &Gateway, budget: &Budget, metrics: &ModelMetrics) {
    for route in gateway.snapshot() {
        let state = match route.breaker {
            "closed" => 0,
            "half_open" => 1,
            _ => 2,
        };
        let known = gateway.routes().find(|known| known.key() == route.key);
        // Of a model that was asked by its name alone the route is its driver and its id.
        let id = known.map(|known| known.model.id.as_str()).or(after_driver(&route.key));
        metrics.set_breaker(id.unwrap_or(&route.key), &route.key, state);
    }
    let left = budget.standings().into_iter().filter_map(|standing| {
        // There is no end of tasks.
        let scope = match standing.scope {
            Scope::Task(_) => return None,
            Scope::Agent(agent, _) => format!("agent:{agent}"),
            Scope::Day(_) => "day".to_owned(),
            Scope::Month(_) => "month".to_owned(),
        };
        let taken = standing.spent.usd() + standing.reserved.usd();
        Some((scope, (standing.cap.usd() - taken).max(0.0)))
    });
    metrics.set_budgets_left(left);
}
