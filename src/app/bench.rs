//! The wiring of a benchmark: each model alone behind a gateway of its own, and one budget over all of them.

use std::sync::Arc;
use std::time::Duration;

use carbon::llm;
use model::bench::{
    Asked, Contender, Estimate, Grams, Own, Progress, Report, Settings, Suite, run,
};
use model::budget::{Caps, Unpriced};
use model::catalog::{Catalog, Model};
use model::gateway::{self, Gateway, Parts, Route};
use model::limit::Limits;
use model::{Metadata, ModelDriver, normalize};

use super::model_drivers::Drivers;
use super::models::limits;
use super::named::{self, catalog, check_named};
use super::observed::Observed;
use super::spending::{Spending, while_kept};
use super::{CLOCK, kept};
use crate::config::{Config, DriverName};
use crate::review::cost::{self, Meter};

const AGENT: &str = "bench";
/// For one answer, retries included.
const WITHIN: Duration = Duration::from_mins(3);

/// A driver, or why there is none.
type Made = Result<Arc<dyn ModelDriver>, String>;

/// Models, before they are asked.
pub struct Bench {
    config: Config,
    named: Vec<(DriverName, Model)>,
    catalog: Arc<Catalog>,
}

/// How they are to be asked.
pub struct Request {
    pub suite: Suite,
    pub repeat: u32,
    pub concurrency: usize,
    pub seed: u64,
    /// Above it nothing is asked.
    pub max_usd: f64,
    /// Whether a model may be asked whose price is not known.
    pub unpriced: bool,
}

impl Bench {
    /// The models of these ids, or those of the settings.
    pub fn of(mut config: Config, ids: Vec<String>) -> anyhow::Result<Self> {
        if !ids.is_empty() {
            config.model.models = ids;
        }
        check_named(&config)?;
        let catalog = Arc::new(catalog(&config)?);
        let mut named: Vec<(DriverName, Model)> = Vec::new();
        for (driver, id) in named::named(&config) {
            if !named.iter().any(|(known, model)| *known == driver && model.id == id) {
                let model = catalog.lookup_through(driver.as_str(), &id);
                named.push((driver, model.through(driver.as_str())));
            }
        }
        Ok(Self { config, named, catalog })
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(_, model)| model.id.as_str())
    }

    pub fn estimate(&self, suite: &Suite, repeat: u32) -> Estimate {
        let models = self.named.iter().map(|(driver, model)| (model, driver.as_str()));
        Estimate::of(suite, models, repeat)
    }

    /// Asks, until all is asked or `interrupt` comes.
    pub async fn run(
        self,
        request: Request,
        interrupt: impl Future<Output = ()>,
        progress: impl FnMut(Progress<'_>),
    ) -> anyhow::Result<Report> {
        let (began, meter) = (CLOCK().rfc3339(), Meter::start(CLOCK()));
        // What a server keeps is shared with it: its caps hold for both, and the costs of models show both.
        let costs = self.named.iter().any(|(driver, _)| *driver != DriverName::Embedded);
        let file = kept::file_for_calls(&self.config, costs)?;
        let money = Spending::open(&self.config, self.caps(&request), file).await?;
        let contenders = self.contenders(&money).await;
        let settings = Settings {
            seed: request.seed,
            repeat: request.repeat,
            concurrency: request.concurrency,
            within: WITHIN,
            metadata: Metadata {
                agent_id: Some(AGENT.to_owned()),
                task_id: Some(format!("{AGENT} {began}")),
                ..Metadata::default()
            },
        };
        let asking = run(&request.suite, &contenders, &settings, interrupt, progress);
        let mut ran = while_kept(asking, |told| money.keep(told)).await;
        for stopped in ran.models.iter_mut().filter_map(|model| model.stopped.as_mut()) {
            *stopped = stopped.replace("`task_usd`", "--max-usd");
        }
        let asked = Asked {
            tasks: request.suite.tasks.len() as u64,
            groups: request.suite.groups.iter().map(|group| group.id.clone()).collect(),
            repeat: request.repeat,
            seed: request.seed,
            concurrency: request.concurrency,
            began,
        };
        let mut report = Report::of(&request.suite, &contenders, ran, asked, &footprint);
        let own = cost::of_scan(meter, CLOCK(), self.config.aws.region.as_deref());
        report.own = Some(Own {
            cpu_seconds: own.cpu_seconds,
            co2e_grams: own.co2e_grams.map(|span| Grams { low: span.low, high: span.high }),
        });
        Ok(report)
    }

    /// Those of the settings, and the benchmark's own in place of a task's.
    fn caps(&self, request: &Request) -> Caps {
        let configured = self.config.gateway.caps.clone();
        let unpriced = if request.unpriced { Unpriced::Allow } else { configured.unpriced };
        Caps { task_usd: Some(request.max_usd), unpriced, ..configured }
    }

    /// One for each model. A driver that cannot be made takes the place of its models, so that the report names them.
    async fn contenders(&self, money: &Spending) -> Vec<Contender> {
        let limits = Arc::new(Limits::new(limits(&self.config)));
        let mut made: Vec<(DriverName, Made)> = Vec::new();
        let mut contenders = Vec::new();
        for (name, model) in &self.named {
            if !made.iter().any(|(known, _)| known == name) {
                made.push((*name, self.driver(*name).await));
            }
            let Some((_, driver)) = made.iter().find(|(known, _)| known == name) else { continue };
            let asks = driver.clone().map(|driver| {
                let route = Route::of(driver, model.clone());
                let parts = self.parts(money, limits.clone());
                Arc::new(Gateway::new(vec![route], parts)) as Arc<dyn ModelDriver>
            });
            let driver = name.as_str().to_owned();
            contenders.push(Contender { model: model.id.clone(), driver, asks });
        }
        contenders
    }

    async fn driver(&self, name: DriverName) -> Made {
        let made = Drivers::new(&self.config, &[name]).await.map(|made| made.get(name));
        made.map_err(|error| format!("{error:#}"))?.ok_or_else(|| "it was not made".to_owned())
    }

    fn parts(&self, money: &Spending, limits: Arc<Limits>) -> Parts {
        Parts {
            limits,
            budget: Some(money.budget.clone()),
            fitting: normalize::fitting,
            catalog: self.catalog.clone(),
            observe: Arc::new(Observed::new(Arc::default(), money.recorder.clone(), None)),
            settings: gateway::Settings {
                attempt: Duration::from_secs(self.config.model.attempt_seconds),
                ..gateway::Settings::default()
            },
            ..Parts::default()
        }
    }
}

fn footprint(model: &str, output_tokens: u64) -> Option<Grams> {
    let used = llm::model_use(model, output_tokens)?;
    Some(Grams { low: used.low.0, high: used.high.0 })
}
