//! What clients of OpenAI's form say besides: passed on where the service is one of that form, else left out.

use std::sync::Arc;

use serde_json::Value;

use super::change;
use super::table::Limits;
use crate::call::Others;
use crate::{Call, Change};

/// What these ask for is no part of an answer here, so that nobody would see it.
const UNTOLD: [&str; 4] = ["logprobs", "top_logprobs", "modalities", "audio"];

pub(super) fn fit(call: &mut Call, limits: &Limits, changes: &mut Vec<Change>) {
    let Some(others) = &mut call.others else { return };
    let drops = |name: &str| !limits.others.value || UNTOLD.contains(&name);
    if !others.keys().any(|name| drops(name)) {
        return;
    }
    let (dropped, kept): (Others, Others) =
        std::mem::take(Arc::make_mut(others)).into_iter().partition(|(name, _)| drops(name));
    call.others = (!kept.is_empty()).then(|| kept.into());
    changes.extend(dropped.into_iter().map(|(name, value)| {
        let reason = if limits.others.value {
            "what it asks for is not told here".to_owned()
        } else {
            limits.others.reason()
        };
        change(&name, value, Value::Null, reason)
    }));
}
