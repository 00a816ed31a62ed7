//! Models that the settings do not name, where `any_model` lets them be asked: those that the catalog knows, and those
//! that their service says it serves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use model::ModelDriver;
use model::catalog::Catalog;
use model::gateway::{Open, Route};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::model_drivers::Drivers;
use super::named::of_driver;
use crate::config::DriverName;

/// A service lists its models within this time, or is taken to list none.
const PATIENCE: Duration = Duration::from_secs(20);
/// What it listed is believed for so long, and that it did not answer for less.
const LISTED_FOR: Duration = Duration::from_mins(5);
const SILENT_FOR: Duration = Duration::from_secs(30);

struct Others {
    drivers: Drivers,
    usual: DriverName,
    catalog: Arc<Catalog>,
    /// By driver; asked by one call at a time.
    listed: Mutex<HashMap<&'static str, Listing>>,
}

struct Listing {
    until: Instant,
    ids: HashSet<String>,
}

/// Opens ways to models of the drivers that the settings name.
pub(super) fn open(drivers: Drivers, usual: DriverName, catalog: Arc<Catalog>) -> Open {
    let others = Arc::new(Others { drivers, usual, catalog, listed: Mutex::default() });
    Arc::new(move |id, deadline| {
        let others = Arc::clone(&others);
        Box::pin(async move { others.route(&id, deadline).await })
    })
}

impl Others {
    async fn route(&self, id: &str, deadline: Instant) -> Option<Route> {
        let (name, id) = of_driver(id).unwrap_or_else(|| (self.usual, id.to_owned()));
        let driver = self.drivers.get(name)?;
        // Before a slash anything may stand, so of such ids only the service's own list tells which there are.
        let known = !id.contains('/') && self.catalog.knows(name.as_str(), &id);
        let served = known || self.lists(&driver, &id, deadline).await;
        let model = self.catalog.lookup_through(name.as_str(), &id);
        served.then(|| Route::of(driver, model))
    }

    async fn lists(&self, driver: &Arc<dyn ModelDriver>, id: &str, deadline: Instant) -> bool {
        let deadline = deadline.min(Instant::now() + PATIENCE);
        let Ok(mut listed) = timeout_at(deadline, self.listed.lock()).await else { return false };
        let known = listed.get(driver.name()).filter(|listing| listing.until > Instant::now());
        if let Some(listing) = known {
            return listing.ids.contains(id);
        }
        let answer = timeout_at(deadline, driver.list(deadline)).await;
        let listing = match answer {
            Ok(Ok(models)) => Listing {
                until: Instant::now() + LISTED_FOR,
                ids: models.into_iter().map(|model| model.id).collect(),
            },
            Ok(Err(error)) => {
                tracing::warn!(driver = driver.name(), %error, "the driver listed no models");
                Listing { until: Instant::now() + SILENT_FOR, ids: HashSet::new() }
            }
            Err(_) => Listing { until: Instant::now() + SILENT_FOR, ids: HashSet::new() },
        };
        let has = listing.ids.contains(id);
        listed.insert(driver.name(), listing);
        has
    }
}
