//! speedscope's JSON file format: sampled profiles (stacks with weights) and evented ones (open and close).

use contract::Samples;
use serde::Deserialize;

use crate::format::{Fault, MAX_JSON};
use crate::stack_table::{FrameId, StackTable};

#[derive(Debug, Deserialize)]
struct File {
    shared: Shared,
    profiles: Vec<Profile>,
}

#[derive(Debug, Deserialize)]
struct Shared {
    frames: Vec<FrameRow>,
}

#[derive(Debug, Deserialize)]
struct FrameRow {
    name: String,
    file: Option<String>,
    line: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Profile {
    Sampled(Sampled),
    Evented(Evented),
}

#[derive(Debug, Deserialize)]
struct Sampled {
    unit: String,
    samples: Vec<Vec<u32>>,
    weights: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Evented {
    unit: String,
    start_value: f64,
    end_value: f64,
    events: Vec<Event>,
}

#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: EventKind,
    at: f64,
    frame: u32,
}

#[derive(Debug, Deserialize)]
enum EventKind {
    #[serde(rename = "O")]
    Open,
    #[serde(rename = "C")]
    Close,
}

/// What the weights of a profile are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Time(f64),
    Count,
}

/// True for a JSON object that speaks of shared frames and profiles.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let contains = |word: &[u8]| start.windows(word.len()).any(|window| window == word);
    start.starts_with(b"{") && contains(b"\"profiles\"") && contains(b"\"shared\"")
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Samples, Fault> {
    if bytes.len() > MAX_JSON {
        return Err(Fault::too_large(format!("more than {} MiB of JSON", MAX_JSON >> 20)));
    }
    let file: File = serde_json::from_slice(bytes)
        .map_err(|error| Fault::at(format!("line {}", error.line()), error))?;
    let mut table = StackTable::default();
    let frames: Vec<_> = file
        .shared
        .frames
        .iter()
        .map(|frame| {
            table.frame(&frame.name, frame.file.as_deref(), frame.line.map(|line| line as u32))
        })
        .collect();
    let mut unit = None;
    for (index, profile) in file.profiles.iter().enumerate() {
        let Some(scale) = agree(&mut unit, profile.unit()) else {
            table.note(format!(
                "profile {index} left out: its unit is {}",
                profile.unit().chars().take(30).collect::<String>()
            ));
            continue;
        };
        profile.add(&mut table, &frames, scale).map_err(|fault| in_profile(index, fault))?;
    }
    match unit {
        Some(Unit::Time(ms)) => Ok(finish_timed(table, ms)),
        Some(Unit::Count) => Ok(table.finish(None)),
        None => Err(Fault::at("profiles", "none is in a unit of time or of counts")),
    }
}

fn finish_timed(mut table: StackTable, ms: f64) -> Samples {
    table.note("speedscope does not say whether its times are CPU time or wall-clock time");
    table.finish(Some(ms))
}

/// The first usable unit holds for the whole file; the answer is what other weights are multiplied by to fit.
fn agree(agreed: &mut Option<Unit>, unit: &str) -> Option<f64> {
    let unit = match unit {
        "nanoseconds" => Unit::Time(1e-6),
        "microseconds" => Unit::Time(1e-3),
        "milliseconds" => Unit::Time(1.0),
        "seconds" => Unit::Time(1e3),
        "none" => Unit::Count,
        _ => return None,
    };
    match (*agreed.get_or_insert(unit), unit) {
        (Unit::Time(first), Unit::Time(this)) => Some(this / first),
        (Unit::Count, Unit::Count) => Some(1.0),
        _ => None,
    }
}

fn in_profile(index: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Malformed { place, what } => Fault::at(format!("profile {index}, {place}"), what),
        too_large @ Fault::TooLarge(_) => too_large,
    }
}

fn frame(frames: &[FrameId], index: u32) -> Result<FrameId, String> {
    frames
        .get(index as usize)
        .copied()
        .ok_or_else(|| format!("names frame {index}, but there are {}", frames.len()))
}

impl Profile {
    fn unit(&self) -> &str {
        match self {
            Self::Sampled(sampled) => &sampled.unit,
            Self::Evented(evented) => &evented.unit,
        }
    }

    fn add(&self, table: &mut StackTable, frames: &[FrameId], scale: f64) -> Result<(), Fault> {
        match self {
            Self::Sampled(sampled) => sampled.add(table, frames, scale),
            Self::Evented(evented) => evented.add(table, frames, scale),
        }
    }
}

impl Sampled {
    fn add(&self, table: &mut StackTable, frames: &[FrameId], scale: f64) -> Result<(), Fault> {
        if self.samples.len() != self.weights.len() {
            return Err(Fault::at(
                "weights",
                format!("{} weights for {} samples", self.weights.len(), self.samples.len()),
            ));
        }
        for (index, (stack, weight)) in self.samples.iter().zip(&self.weights).enumerate() {
            let stack: Vec<_> = stack
                .iter()
                .map(|id| frame(frames, *id))
                .collect::<Result<_, _>>()
                .map_err(|what| Fault::at(format!("sample {index}"), what))?;
            table.add(&stack, weight * scale, 1)?;
        }
        Ok(())
    }
}

impl Evented {
    fn add(&self, table: &mut StackTable, frames: &[FrameId], scale: f64) -> Result<(), Fault> {
        let mut open = Vec::new();
        let mut now = self.start_value;
        for (index, event) in self.events.iter().enumerate() {
            let fault = |what: String| Fault::at(format!("event {index}"), what);
            if event.at < now {
                return Err(fault("lies before the one it follows".to_owned()));
            }
            table.add(&open, (event.at - now) * scale, 1)?;
            now = event.at;
            let frame = frame(frames, event.frame).map_err(fault)?;
            match event.kind {
                EventKind::Open => open.push(frame),
                EventKind::Close if open.pop() == Some(frame) => {}
                EventKind::Close => {
                    return Err(fault(
                        "closes a frame that is not the innermost open one".to_owned(),
                    ));
                }
            }
        }
        table.add(&open, (self.end_value - now) * scale, 1)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "a `json!` reads better unborrowed")]
    fn file(profiles: Value) -> Vec<u8> {
        let frames = json!([{"name": "main"}, {"name": "load", "file": "a.py", "line": 12}, {"name": "query", "file": "a.py"}]);
        json!({"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": frames}, "profiles": profiles}).to_string().into_bytes()
    }

    #[expect(clippy::needless_pass_by_value, reason = "a `json!` reads better unborrowed")]
    fn sampled(unit: &str, samples: Value, weights: Value) -> Value {
        json!({"type": "sampled", "name": "t", "unit": unit, "startValue": 0, "endValue": 9, "samples": samples, "weights": weights})
    }

    #[expect(clippy::needless_pass_by_value, reason = "a `json!` reads better unborrowed")]
    fn evented(events: Value) -> Value {
        json!({"type": "evented", "name": "t", "unit": "milliseconds", "startValue": 0, "endValue": 10, "events": events})
    }

    fn told(samples: &Samples) -> Vec<String> {
        let path = |stack: &contract::Stack| {
            stack.frames.iter().map(|frame| frame.function.as_str()).collect::<Vec<_>>().join(";")
        };
        samples
            .stacks
            .iter()
            .map(|stack| format!("{} {} ({})", path(stack), stack.weight, stack.samples))
            .collect()
    }

    #[test]
    fn sampled_profiles_are_added_up_in_one_unit() {
        let bytes = file(json!([
            sampled("milliseconds", json!([[0, 1], [0, 1], [0]]), json!([1, 2, 3])),
            sampled("seconds", json!([[0, 2]]), json!([0.5])),
            sampled("bytes", json!([[0]]), json!([1])),
        ]));
        let samples = parse(&bytes).unwrap();
        assert_eq!(told(&samples), ["main;load 3 (2)", "main 3 (1)", "main;query 500 (1)"]);
        assert_eq!(samples.ms_per_weight, Some(1.0));
        assert_eq!(samples.notes[0], "profile 2 left out: its unit is bytes");
        assert_eq!(
            (samples.stacks[0].frames[1].file.as_deref(), samples.stacks[0].frames[1].line),
            (Some("a.py"), Some(12))
        );
    }

    #[test]
    fn events_become_the_time_that_each_stack_was_open() {
        let bytes = file(json!([evented(json!([
            {"type": "O", "at": 0, "frame": 0}, {"type": "O", "at": 2, "frame": 1}, {"type": "C", "at": 5, "frame": 1},
        ]))]));
        assert_eq!(told(&parse(&bytes).unwrap()), ["main 7 (2)", "main;load 3 (1)"]);
    }

    #[test]
    fn counts_have_no_time() {
        let samples = parse(&file(json!([sampled("none", json!([[0]]), json!([4]))]))).unwrap();
        assert_eq!((samples.ms_per_weight, samples.notes.len()), (None, 0));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            (
                sampled("none", json!([[7]]), json!([1])),
                "profile 0, sample 0: names frame 7, but there are 3",
            ),
            (
                sampled("none", json!([[0]]), json!([])),
                "profile 0, weights: 0 weights for 1 samples",
            ),
            (
                sampled("bytes", json!([[0]]), json!([1])),
                "profiles: none is in a unit of time or of counts",
            ),
            (
                evented(json!([{"type": "C", "at": 0, "frame": 0}])),
                "profile 0, event 0: closes a frame that is not the innermost open one",
            ),
            (
                evented(json!([{"type": "O", "at": -1, "frame": 0}])),
                "profile 0, event 0: lies before the one it follows",
            ),
            (
                evented(json!([{"type": "O", "at": 1, "frame": 3}])),
                "profile 0, event 0: names frame 3, but there are 3",
            ),
        ];
        for (profile, expected) in cases {
            assert_eq!(parse(&file(json!([profile]))).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn negative_weights_are_left_out() {
        let samples =
            parse(&file(json!([sampled("none", json!([[0], [1]]), json!([-4, 2]))]))).unwrap();
        assert_eq!(told(&samples), ["load 2 (1)"]);
        assert_eq!(samples.notes.len(), 1);
    }

    #[test]
    fn what_is_no_json_is_refused_with_its_line() {
        assert!(
            parse(b"{\"shared\":{},\n\"profiles\":").unwrap_err().to_string().starts_with("line ")
        );
        assert!(parse(b"{\"profiles\":[\xff\xfe]}").is_err());
    }
}
