//! Makes a call one that its model takes, and says what was changed for it.
//!
//! Nothing here asks a service: what a model takes is data (`data/limits.json`, the catalog), each row with its source.

mod form;
mod history;
mod ids;
mod opening;
mod others;
mod sampling;
mod schema;
mod stop;
mod system;
mod table;
mod tokens;
mod tools;

use std::sync::Arc;

use serde_json::Value;

use self::table::Limits;
use crate::catalog::Model;
use crate::formed::Asked;
use crate::{Block, Call, Cause, Change, Conversation, ModelError, estimate};

/// Changes a call as little as its model needs, asked through the driver of this name. What is in range stays as it is,
/// and a second time changes nothing.
pub fn fit(call: &mut Call, model: &Model, driver: &str) -> Result<Vec<Change>, ModelError> {
    let limits = table::limits(driver, &model.id);
    fit_within(&limits, call, model, driver).map(|fitted| fitted.changes)
}

/// The same for many calls of one model: its limits are looked up once.
pub fn fitting(model: &Model, driver: &str) -> Fit {
    let (limits, driver) = (table::limits(driver, &model.id), driver.to_owned());
    Arc::new(move |call, model| fit_within(&limits, call, model, &driver))
}

/// Makes a call one that the model takes.
pub type Fit = Arc<dyn Fn(&mut Call, &Model) -> Result<Fitted, ModelError> + Send + Sync>;

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub changes: Vec<Change>,
    /// Tokens that the model is told, estimated rather too high than too low.
    pub input_tokens: u64,
    /// How the form of the answer is asked for, where the call says one.
    pub form: Option<Asked>,
}

fn fit_within(
    limits: &Limits,
    call: &mut Call,
    model: &Model,
    driver: &str,
) -> Result<Fitted, ModelError> {
    let mut changes = Vec::new();
    sampling::check(&call.parameters)?;
    let form = form::fit(call, limits, &mut changes);
    history::fit(call, limits, &mut changes);
    tools::fit(call, model, driver, limits, &mut changes)?;
    let told = &mut call.conversation;
    let retold = schema::fit(told, &mut changes)
        | ids::fit(told, limits, &mut changes)
        | system::fit(told, limits, &mut changes)
        // Where the system prompt is said by the user, the user speaks first.
        | opening::fit(told, limits, &mut changes);
    if retold {
        call.estimated = None;
    }
    sampling::fit(&mut call.parameters, model, driver, limits, &mut changes);
    stop::fit(&mut call.parameters.stop_sequences, limits, &mut changes);
    others::fit(call, limits, &mut changes);
    let estimated = call.estimated.unwrap_or_else(|| estimate::conversation(&call.conversation));
    let input_tokens = times(estimated + form::tokens(call.form.as_ref()), limits);
    tokens::fit(&mut call.parameters.max_tokens, input_tokens, model, limits, &mut changes)?;
    Ok(Fitted { changes, input_tokens, form })
}

/// Whether a model takes tools, asked through the driver of this name.
pub fn takes_tools(model_id: &str, driver: &str) -> bool {
    table::limits(driver, model_id).tools.value
}

/// Tokens that a model is told by this conversation, estimated rather too high than too low.
pub fn input_tokens(conversation: &Conversation, model_id: &str, driver: &str) -> u64 {
    input_tokens_of(estimate::conversation(conversation), model_id, driver)
}

/// The same for a conversation that was estimated before.
pub fn input_tokens_of(estimated: u64, model_id: &str, driver: &str) -> u64 {
    times(estimated, &table::limits(driver, model_id))
}

/// What tokens of this model are to those that are estimated.
pub(crate) fn token_factor(model_id: &str, driver: &str) -> f64 {
    table::limits(driver, model_id).token_factor.value
}

/// Tokens that a model said, estimated the same way.
pub fn output_tokens(content: &[Block], model_id: &str, driver: &str) -> u64 {
    times(estimate::content(content), &table::limits(driver, model_id))
}

fn times(tokens: u64, limits: &Limits) -> u64 {
    (tokens as f64 * limits.token_factor.value).ceil() as u64
}

fn change(parameter: &str, from: Value, to: Value, reason: String) -> Change {
    Change { parameter: parameter.to_owned(), from, to, reason }
}

fn refuse(message: String) -> ModelError {
    ModelError::new(Cause::BadRequest, message)
}

#[cfg(test)]
mod tests;
