//! How long an answer may get that nothing else bounds, where a cap counts its tokens.

use serde_json::{Value, json};

use super::parts::Parts;
use crate::catalog::Model;
use crate::{Call, Change};

/// Without a bound a call could pass `request_tokens`.
pub(super) fn bound(
    call: &mut Call,
    model: &Model,
    input_tokens: u64,
    parts: &Parts,
) -> Option<Change> {
    let budget = parts.budget.as_ref()?;
    let cap = budget.caps().request_tokens?;
    if call.parameters.max_tokens.or(model.max_output_tokens).is_some() {
        return None;
    }
    let left = u32::try_from(cap.saturating_sub(input_tokens)).unwrap_or(u32::MAX);
    let taken = left.min(parts.settings.usual_output).max(1);
    call.parameters.max_tokens = Some(taken);
    Some(Change {
        parameter: "max_tokens".to_owned(),
        from: Value::Null,
        to: json!(taken),
        reason: format!("a call may take {cap} tokens (`request_tokens`)"),
    })
}
