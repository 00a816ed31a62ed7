//! The ways to the models.

use std::sync::Arc;

use super::parts::Parts;
use crate::catalog::{self, Model, without_geography};
use crate::limit::{Gate, burn};
use crate::normalize::{self, Fit};
use crate::{Cause, ModelDriver, ModelError};

/// A model, and through whom it is asked.
#[derive(Clone)]
pub struct Route {
    pub driver: Arc<dyn ModelDriver>,
    pub model: Arc<Model>,
    /// Region, account or endpoint, where the same model is asked through several.
    pub profile: Option<String>,
}

impl Route {
    /// A model by its id, as far as the catalog knows it.
    pub fn new(driver: Arc<dyn ModelDriver>, model_id: &str) -> Self {
        Self::of(driver, catalog::lookup(model_id))
    }

    /// A model, with what an operator's own catalog knows of it.
    pub fn of(driver: Arc<dyn ModelDriver>, model: Model) -> Self {
        let model = model.through(driver.name());
        Self { driver, model: model.into(), profile: None }
    }

    #[must_use]
    pub fn through(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Names its limits: `bedrock/us-east-1/us.amazon.nova-2-lite-v1:0`.
    pub fn key(&self) -> String {
        let profile = self.profile.as_ref().map_or(String::new(), |profile| format!("{profile}/"));
        format!("{}/{profile}{}", self.driver.name(), self.model.id)
    }
}

/// Whether this id names the model behind that driver: by its own, or with the driver before it.
pub fn is_named(driver: &str, own: &str, id: &str) -> bool {
    let after_driver = || id.strip_prefix(driver)?.strip_prefix('/');
    id == own || after_driver() == Some(own)
}

/// A route with what is looked up once.
pub(super) struct Way {
    pub(super) route: Route,
    pub(super) gate: Arc<Gate>,
    pub(super) fit: Fit,
    /// Attempts after the first.
    pub(super) retries: u8,
    /// Quota tokens for one of output.
    pub(super) output_rate: u64,
    /// Tokens for one that is estimated.
    pub(super) token_factor: f64,
}

impl Way {
    pub(super) fn new(route: Route, parts: &Parts) -> Self {
        let gate = parts.limits.gate(&route.key());
        let fit = (parts.fitting)(&route.model, route.driver.name());
        // Only Bedrock counts output for more than it is.
        let output_rate =
            if route.driver.name() == "bedrock" { burn::output_rate(&route.model.id) } else { 1 };
        let retries = route.driver.attempts().saturating_sub(1);
        let token_factor = normalize::token_factor(&route.model.id, route.driver.name());
        Self { route, gate, fit, retries, output_rate, token_factor }
    }

    /// Whether a call that names this id means it.
    pub(super) fn answers_to(&self, id: &str) -> bool {
        is_named(self.route.driver.name(), &self.route.model.id, id)
    }

    /// For the reader.
    pub(super) fn said(&self) -> String {
        let id = &self.route.model.id;
        self.route
            .profile
            .as_ref()
            .map_or_else(|| id.clone(), |profile| format!("{id} ({profile})"))
    }

    /// Whether the other asks the same model by another way.
    pub(super) fn is_same_model(&self, other: &Self) -> bool {
        without_geography(&self.route.model.id) == without_geography(&other.route.model.id)
    }

    pub(super) fn is_same_driver(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.route.driver, &other.route.driver)
    }

    /// Whether it takes longer conversations; unknown where either is.
    pub(super) fn is_larger_than(&self, other: &Self) -> bool {
        let context = |way: &Self| way.route.model.context;
        context(self).zip(context(other)).is_some_and(|(own, other)| own > other)
    }
}

/// The places of the ways to try, with those to the model that the call names first, whether or not they stand in for
/// others.
pub(super) fn ordered(
    ways: &[Arc<Way>],
    mut order: Vec<usize>,
    model_id: Option<&str>,
) -> Result<Vec<usize>, ModelError> {
    order.retain(|&at| at < ways.len());
    if let Some(id) = model_id {
        let named: Vec<usize> = (0..ways.len()).filter(|&at| ways[at].answers_to(id)).collect();
        order.retain(|at| !named.contains(at));
        order.splice(0..0, named);
    }
    order.truncate(usize::from(u8::MAX));
    if order.is_empty() {
        return Err(ModelError::new(Cause::NotServed, "no model is configured"));
    }
    Ok(order)
}
