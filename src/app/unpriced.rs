//! Says at the start which models no call will reach, because nobody knows what they cost.

use model::budget::{Caps, Unpriced};
use model::gateway::Route;

/// A line of the log for each.
pub(super) fn warn<'a>(caps: &Caps, routes: impl Iterator<Item = &'a Route>) {
    if !caps.in_dollars() || caps.unpriced == Unpriced::Allow {
        return;
    }
    for route in routes.filter(|route| route.model.price.is_none()) {
        tracing::warn!(
            model_id = route.model.id,
            driver = route.driver.name(),
            "the price of this model is not known, and dollars are capped, so it is not asked: give its price in the file that `catalog` under [gateway] names, or set `unpriced = \"allow\"` under [gateway.caps]"
        );
    }
}
