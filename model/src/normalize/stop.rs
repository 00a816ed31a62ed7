//! Stop sequences: as many, as long and of such characters as the model takes.

use serde_json::{Value, json};

use super::change;
use super::table::{Limits, Stop};
use crate::Change;

/// No service says how long one may be; ours is far above every use.
const LONGEST: usize = 1024;
/// Of what was sent, so much is shown.
const SHOWN: usize = 8;
const SHOWN_BYTES: usize = 64;

pub(super) fn fit(sequences: &mut Vec<String>, limits: &Limits, changes: &mut Vec<Change>) {
    let Some(stop) = limits.stop.value else { return };
    let mut taken: Vec<String> =
        sequences.iter().filter(|sequence| fits(sequence, stop)).cloned().collect();
    let malformed = |sequence: &String| sequence.is_empty() || sequence.len() > LONGEST;
    let malformed = sequences.iter().any(malformed);
    taken.truncate(stop.at_most);
    if taken.len() == sequences.len() {
        return;
    }
    let mut reason = limits.stop.reason();
    if malformed && stop.at_most > 0 {
        reason = format!("one that is empty or above {LONGEST} bytes stops nothing; {reason}");
    }
    let to = if taken.is_empty() { Value::Null } else { shown(&taken) };
    changes.push(change("stop_sequences", shown(sequences), to, reason));
    *sequences = taken;
}

fn fits(sequence: &str, stop: &Stop) -> bool {
    let blank = stop.not_blank && sequence.trim().is_empty();
    let named = stop.only.as_ref().is_none_or(|only| only.iter().any(|one| one == sequence));
    !sequence.is_empty() && sequence.len() <= LONGEST && !blank && named
}

/// A list to read: of many the first, of long ones the beginning.
fn shown(sequences: &[String]) -> Value {
    let mut list: Vec<Value> = sequences
        .iter()
        .take(SHOWN)
        .map(|sequence| json!(sequence[..sequence.floor_char_boundary(SHOWN_BYTES)]))
        .collect();
    if sequences.len() > SHOWN {
        list.push(json!(format!("and {} more", sequences.len() - SHOWN)));
    }
    Value::Array(list)
}
