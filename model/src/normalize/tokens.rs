//! How long an answer may be: within the model's largest, and within what the question leaves of its context.

use serde_json::{Value, json};

use super::table::{Limits, table};
use super::{change, refuse};
use crate::catalog::{Model, Price};
use crate::{Cause, Change, ModelError, estimate};

pub(super) fn fit(
    max_tokens: &mut Option<u32>,
    input: u64,
    model: &Model,
    limits: &Limits,
    changes: &mut Vec<Change>,
) -> Result<(), ModelError> {
    if *max_tokens == Some(0) {
        return Err(refuse("max_tokens is 0; an answer has at least one token".to_owned()));
    }
    if max_tokens.is_none() && is_open(model, limits) {
        return Ok(());
    }
    let wanted = max_tokens.unwrap_or(limits.default_max_tokens.value);
    let (taken, why) = longest(wanted, input, model, limits)?;
    if *max_tokens != Some(taken) {
        let reason = why.unwrap_or_else(|| limits.default_max_tokens.reason());
        let from = max_tokens.map_or(Value::Null, |sent| json!(sent));
        changes.push(change("max_tokens", from, json!(taken), reason));
        *max_tokens = Some(taken);
    }
    Ok(())
}

/// Whether the service may decide how long an answer gets: nothing is known that it has to fit into, and there is no
/// price, for which a budget would have to know how much it can come to.
fn is_open(model: &Model, limits: &Limits) -> bool {
    limits.leaves_open.value
        && model.context.is_none()
        && cap(model, limits).is_none()
        && model.price.is_none_or(Price::is_nothing)
}

/// What is taken of an answer of so many tokens, and why it is less.
fn longest(
    wanted: u32,
    input: u64,
    model: &Model,
    limits: &Limits,
) -> Result<(u32, Option<String>), ModelError> {
    let mut taken = wanted;
    let mut why = None;
    if let Some(cap) = cap(model, limits)
        && taken > cap.most()
    {
        taken = cap.most();
        why = Some(cap.reason(model, limits));
    }
    if let Some(context) = model.context {
        let left = left(input, context, model)?;
        // The estimate is on the high side; the service counts, and refuses what does not fit.
        let left = left.max(taken.min(table().shortest_answer));
        if taken > left {
            taken = left;
            why = Some(format!(
                "about {input} tokens of the {context} that {} takes are the question",
                model.id
            ));
        }
    }
    Ok((taken, why))
}

/// The most that is taken of a model's longest answer.
struct Cap {
    longest: u32,
    margin: u32,
    /// Whether the row of the table says so, rather than the catalog.
    by_row: bool,
}

fn cap(model: &Model, limits: &Limits) -> Option<Cap> {
    let (longest, by_row) = match (limits.max_output.value, model.max_output_tokens) {
        (Some(row), Some(known)) if row < known => (row, true),
        (Some(row), None) => (row, true),
        (_, Some(known)) => (known, false),
        (None, None) => return None,
    };
    Some(Cap { longest, margin: margin(longest), by_row })
}

/// Of a short answer or a small context, no more than a sixteenth stays free.
fn margin(of: u32) -> u32 {
    table().margin_tokens.min(of / 16)
}

impl Cap {
    fn most(&self) -> u32 {
        (self.longest - self.margin).max(1)
    }

    /// Written only where it is told: most calls are left as they are.
    fn reason(&self, model: &Model, limits: &Limits) -> String {
        let Self { longest, margin, by_row } = self;
        let by = if *by_row {
            limits.max_output.reason()
        } else {
            format!("{} writes {longest} tokens at the most", model.id)
        };
        format!("{by}, and {margin} stay free: {}", table().margin_reason)
    }
}

fn left(input: u64, context: u32, model: &Model) -> Result<u32, ModelError> {
    if input > u64::from(context) * estimate::AT_MOST_OVER {
        return Err(ModelError::new(
            Cause::ContextTooLong,
            format!(
                "the conversation has about {input} tokens, and {} takes {context}; leave out what is not needed, or ask a model with a larger context",
                model.id
            ),
        ));
    }
    // Of a short question the marks around it are more than the estimate is too high.
    let taken = input + u64::from(margin(context));
    Ok(u32::try_from(u64::from(context).saturating_sub(taken)).unwrap_or(u32::MAX))
}
