//! How good an answer was, as far as its form, its tools and its evidence tell. Nothing here guesses: what cannot be
//! judged is `None`.
//!
//! ```text
//! usable = 0    nothing was said, the filter or a guardrail stopped it, it does not fit the context,
//!               a tool was called in an unreadable form, or JSON was asked for and not given
//!        = 1/2  it was cut off at its longest: some of it may be of use, or nobody wanted more
//!        = 1    everything else
//!
//! quality of a review = valid · calls · claims
//!   valid  = 1    the model's own report was posted at once
//!          = 1/2  it was, after an answer of the run had to be asked for once more
//!          = 0    the planner had to take over, because of what the model answered
//!   calls  = share of its tool calls that fit their tool
//!   claims = share of its sentences with figures or places that the tool results bear out
//! ```
//!
//! A review that makes no claim is judged only where its model failed: words without a figure or a place can be neither
//! right nor wrong here. What maintainers dismiss are findings of rules, so dismissals say nothing about a model.

use serde::{Deserialize, Serialize};

use crate::conversation::Block;
use crate::formed::is_json;
use crate::{Reply, StopReason};

/// What of a reply can be used: between 0 and 1.
pub fn usable(reply: &Reply, wants_json: bool) -> f64 {
    let text = reply.message.text();
    let uses_tools = reply.message.content.iter().any(|block| matches!(block, Block::ToolUse(_)));
    match reply.stop {
        StopReason::MalformedToolUse
        | StopReason::MalformedModelOutput
        | StopReason::GuardrailIntervened
        | StopReason::ContentFiltered
        | StopReason::ContextWindowExceeded => 0.0,
        _ if text.trim().is_empty() && !uses_tools => 0.0,
        StopReason::MaxTokens => 0.5,
        StopReason::EndTurn | StopReason::StopSequence if wants_json && !is_json(&text) => 0.0,
        StopReason::EndTurn
        | StopReason::ToolUse
        | StopReason::StopSequence
        | StopReason::Unknown => 1.0,
    }
}

/// What is known of a review that a model led, at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conduct {
    /// The planner had to take over, because of what the model answered.
    pub replaced: bool,
    /// An answer had to be asked for once more.
    pub repaired: bool,
    pub calls: u32,
    /// That did not fit their tool.
    pub misfits: u32,
    /// Sentences with figures or places that the tool results bear out, and others.
    pub supported: u32,
    pub unsupported: u32,
}

impl Conduct {
    /// `None` where there is nothing to judge by.
    pub fn quality(&self) -> Option<f64> {
        if self.replaced {
            return Some(0.0);
        }
        let claims = share(self.supported, self.unsupported)?;
        let calls = share(self.calls.saturating_sub(self.misfits), self.misfits.min(self.calls));
        let valid = if self.repaired { 0.5 } else { 1.0 };
        Some(valid * calls.unwrap_or(1.0) * claims)
    }
}

fn share(good: u32, bad: u32) -> Option<f64> {
    let all = f64::from(good) + f64::from(bad);
    (all > 0.0).then(|| f64::from(good) / all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ToolUse;

    fn says(text: &str, stop: StopReason) -> Reply {
        Reply::new("m", vec![Block::Text(text.into())], stop)
    }

    #[test]
    fn what_can_be_used_shows_by_the_form() {
        let call = ToolUse { id: "1".into(), name: "look".into(), input: json!({}) };
        let calls = Reply::new("m", vec![Block::ToolUse(call)], StopReason::ToolUse);
        for (reply, wants_json, expected) in [
            (says("Hello.", StopReason::EndTurn), false, 1.0),
            (says("Hello.", StopReason::Unknown), false, 1.0),
            (says(" \n", StopReason::EndTurn), false, 0.0),
            (calls, false, 1.0),
            (says("Hel", StopReason::MaxTokens), false, 0.5),
            (says("", StopReason::MaxTokens), false, 0.0),
            (says("Hel", StopReason::ContentFiltered), false, 0.0),
            (says("Hel", StopReason::GuardrailIntervened), false, 0.0),
            (says("Hel", StopReason::ContextWindowExceeded), false, 0.0),
            (says("<tool>", StopReason::MalformedToolUse), false, 0.0),
            (says("Hello.", StopReason::EndTurn), true, 0.0),
            (says("{\"a\": 1}", StopReason::EndTurn), true, 1.0),
            (says("{\"a\": ", StopReason::MaxTokens), true, 0.5),
        ] {
            let found = usable(&reply, wants_json);
            assert!((found - expected).abs() < 1e-9, "{found}: {reply:?}");
        }
    }

    #[test]
    fn a_review_is_as_good_as_its_evidence_and_its_calls() {
        let good = Conduct { calls: 4, supported: 3, ..Conduct::default() };
        for (conduct, expected) in [
            (good, Some(1.0)),
            (Conduct { unsupported: 1, ..good }, Some(0.75)),
            (Conduct { repaired: true, ..good }, Some(0.5)),
            (Conduct { misfits: 1, unsupported: 3, ..good }, Some(0.375)),
            (Conduct { misfits: 9, ..good }, Some(0.0)),
            (Conduct { calls: 0, ..good }, Some(1.0)),
            (Conduct { replaced: true, ..good }, Some(0.0)),
            (Conduct { supported: 0, ..good }, None),
            (Conduct { supported: 0, replaced: true, ..good }, Some(0.0)),
        ] {
            assert_eq!(conduct.quality(), expected, "{conduct:?}");
        }
    }
}
