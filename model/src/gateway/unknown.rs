//! What is said to whoever names a model that cannot be asked here.

use std::sync::Arc;

use super::route::Way;
use crate::catalog::{Catalog, nearest_of};
use crate::{Cause, ModelError};

/// Ids come from outside; of longer ones only the beginning is repeated.
const LONGEST_SHOWN: usize = 200;
const MOST_LISTED: usize = 20;

/// The ids that are likeliest meant: first those that can be asked, then those that only the catalog knows. `opens`:
/// whether what the catalog knows can be asked, too.
pub(super) fn unknown(ways: &[Arc<Way>], catalog: &Catalog, opens: bool, id: &str) -> ModelError {
    let shown: String = id.chars().take(LONGEST_SHOWN).collect();
    let is_not = if opens { "neither configured nor known" } else { "not configured" };
    let configured: Vec<&str> = ways.iter().map(|way| way.route.model.id.as_str()).collect();
    let near = of_these(&configured, ways, id);
    let known = known(ways, catalog, id, &configured).join(", ");
    let beside = match (known.is_empty(), opens) {
        (true, _) => String::new(),
        (false, true) => format!("; known: {known}"),
        (false, false) => format!(
            "; known, but not configured: {known} (name it in `models` under [model], or set `any_model = true` under [gateway])"
        ),
    };
    let message = format!("{shown:?} is {is_not}; {near}{beside}");
    ModelError::new(Cause::UnknownModel, message)
}

fn of_these(configured: &[&str], ways: &[Arc<Way>], id: &str) -> String {
    let near = nearest_of(id, configured.iter().copied());
    if !near.is_empty() {
        return format!("nearest: {}", near.join(", "));
    }
    let all: Vec<String> = ways.iter().take(MOST_LISTED).map(|way| way.said()).collect();
    format!("there are {}", all.join(", "))
}

/// Of the drivers that are at hand; of one alone where the id names it.
fn known(ways: &[Arc<Way>], catalog: &Catalog, id: &str, configured: &[&str]) -> Vec<String> {
    let mut drivers: Vec<&str> = Vec::new();
    for way in ways {
        let name = way.route.driver.name();
        if !drivers.contains(&name) {
            drivers.push(name);
        }
    }
    let named = id.split_once('/').map(|(driver, _)| driver).filter(|name| drivers.contains(name));
    drivers.retain(|driver| named.is_none_or(|named| named == *driver));
    let ids = drivers.iter().flat_map(|driver| catalog.ids(driver));
    let near = nearest_of(id, ids.filter(|id| !configured.contains(id)));
    near.into_iter().map(ToOwned::to_owned).collect()
}
