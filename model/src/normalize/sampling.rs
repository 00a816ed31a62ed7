//! Temperature and `top_p`: into the model's range, and out where it takes none.

use serde_json::{Value, json};

use super::table::{Limits, Said};
use super::{change, refuse};
use crate::catalog::{Model, Takes};
use crate::{Change, ModelError, Parameters};

/// No range holds what is no number.
pub(super) fn check(parameters: &Parameters) -> Result<(), ModelError> {
    for (name, value) in [("temperature", parameters.temperature), ("top_p", parameters.top_p)] {
        if value.is_some_and(|value| !value.is_finite()) {
            return Err(refuse(format!("{name} is not a finite number; leave it out or send one")));
        }
    }
    Ok(())
}

pub(super) fn fit(
    parameters: &mut Parameters,
    model: &Model,
    driver: &str,
    limits: &Limits,
    changes: &mut Vec<Change>,
) {
    let takes = takes(model, driver, limits);
    let refuses = if limits.samples.value {
        format!("{} refuses it, or nobody knows that it takes it", model.id)
    } else {
        limits.samples.reason()
    };
    if !takes.temperature {
        leave_out("temperature", &mut parameters.temperature, &refuses, changes);
    }
    if !takes.top_p {
        leave_out("top_p", &mut parameters.top_p, &refuses, changes);
    }
    if !takes.both && parameters.temperature.is_some() {
        let reason = format!("{} refuses top_p together with temperature", model.id);
        leave_out("top_p", &mut parameters.top_p, &reason, changes);
    }
    clip("temperature", &mut parameters.temperature, &limits.temperature, changes);
    clip("top_p", &mut parameters.top_p, &limits.top_p, changes);
}

fn takes(model: &Model, driver: &str, limits: &Limits) -> Takes {
    if !limits.samples.value {
        return Takes { temperature: false, top_p: false, both: false };
    }
    // A server of one's own serves models of which no table knows; the protocol has both parameters.
    let unknown = model.vendor.is_empty() && model.context.is_none();
    if unknown && matches!(driver, "openai" | "embedded") {
        return Takes { temperature: true, top_p: true, both: true };
    }
    model.takes
}

fn leave_out(name: &str, value: &mut Option<f32>, reason: &str, changes: &mut Vec<Change>) {
    if let Some(sent) = value.take() {
        changes.push(change(name, plain(sent), Value::Null, reason.to_owned()));
    }
}

fn clip(name: &str, value: &mut Option<f32>, range: &Said<(f32, f32)>, changes: &mut Vec<Change>) {
    let Some(sent) = *value else { return };
    let (low, high) = range.value;
    let taken = sent.clamp(low, high);
    if !(low..=high).contains(&sent) {
        *value = Some(taken);
        changes.push(change(name, plain(sent), plain(taken), range.reason()));
    }
}

/// 1.7 is 1.7000000476837158 to a wider float, which nobody sent.
fn plain(value: f32) -> Value {
    json!(value.to_string().parse::<f64>().unwrap_or(f64::from(value)))
}
