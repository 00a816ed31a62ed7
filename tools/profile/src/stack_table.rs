//! Where every reader puts its stacks: the same limits for all formats, and equal stacks counted together.

use std::collections::HashMap;

use contract::{Frame, FunctionCost, Samples, Stack};

use crate::format::Fault;

/// Distinct stacks that one profile may hold.
pub(crate) const MAX_STACKS: usize = 1_000_000;
/// Frames that are kept of a stack, counted from the innermost.
pub(crate) const MAX_DEPTH: usize = 1_024;
/// Bytes of a name that are kept.
const MAX_NAME: usize = 1_024;
/// Bytes that the stacks may take once every frame is written out. A stack of a few bytes in a file can stand for
/// thousands of frames, so the size of the file bounds nothing.
const MAX_EXPANDED: usize = 256 << 20;
/// Above this a weight is no measurement, and sums would lose their precision.
const MAX_WEIGHT: f64 = 1e18;

/// A frame of a [`StackTable`].
pub(crate) type FrameId = u32;

/// Stacks under construction.
#[derive(Debug, Default)]
pub(crate) struct StackTable {
    frames: Vec<Frame>,
    frame_ids: HashMap<Frame, FrameId>,
    stacks: Vec<Row>,
    stack_ids: HashMap<Box<[FrameId]>, usize>,
    functions: Vec<FunctionCost>,
    function_ids: HashMap<Frame, usize>,
    expanded: usize,
    bad_weights: u64,
    truncated: u64,
    notes: Vec<String>,
}

#[derive(Debug, Default)]
struct Row {
    weight: f64,
    samples: u64,
}

impl StackTable {
    /// The id of a frame.
    pub(crate) fn frame(
        &mut self,
        function: &str,
        file: Option<&str>,
        line: Option<u32>,
    ) -> FrameId {
        self.frame_defined(function, file, line, None)
    }

    /// The same where the profile says on which line the function begins.
    pub(crate) fn frame_defined(
        &mut self,
        function: &str,
        file: Option<&str>,
        line: Option<u32>,
        defined_at: Option<u32>,
    ) -> FrameId {
        let frame = cleaned(function, file, line, defined_at);
        if let Some(id) = self.frame_ids.get(&frame) {
            return *id;
        }
        let id = self.frames.len() as FrameId;
        self.frames.push(frame.clone());
        self.frame_ids.insert(frame, id);
        id
    }

    /// Adds a stack, outermost frame first. A weight that measures nothing (negative, not a number) is left out and noted.
    pub(crate) fn add(
        &mut self,
        stack: &[FrameId],
        weight: f64,
        samples: u64,
    ) -> Result<(), Fault> {
        if !(0.0..=MAX_WEIGHT).contains(&weight) {
            self.bad_weights += 1;
            return Ok(());
        }
        if weight == 0.0 || stack.is_empty() {
            return Ok(());
        }
        if stack.len() > MAX_DEPTH {
            self.truncated += 1;
        }
        let kept = &stack[stack.len().saturating_sub(MAX_DEPTH)..];
        let index = match self.stack_ids.get(kept) {
            Some(index) => *index,
            None => self.insert(kept)?,
        };
        let row = &mut self.stacks[index];
        row.weight += weight;
        row.samples = row.samples.saturating_add(samples);
        Ok(())
    }

    /// Adds what was measured of a function as a whole.
    pub(crate) fn add_function(&mut self, measured: &FunctionCost) -> Result<(), Fault> {
        let valid = 0.0..=MAX_WEIGHT;
        if !valid.contains(&measured.own) || !valid.contains(&measured.total) {
            self.bad_weights += 1;
            return Ok(());
        }
        let given = &measured.frame;
        let frame = cleaned(&given.function, given.file.as_deref(), None, given.defined_at);
        if let Some(index) = self.function_ids.get(&frame) {
            let known = &mut self.functions[*index];
            known.own += measured.own;
            known.total += measured.total;
            known.calls = known.calls.saturating_add(measured.calls);
            return Ok(());
        }
        self.expanded += 2 * size(&frame);
        if self.expanded > MAX_EXPANDED {
            return Err(Fault::too_large(format!("names of more than {} MiB", MAX_EXPANDED >> 20)));
        }
        self.function_ids.insert(frame.clone(), self.functions.len());
        self.functions.push(FunctionCost { frame, ..*measured });
        Ok(())
    }

    /// Adds what another profile holds, its weights multiplied by `scale`.
    pub(crate) fn merge(&mut self, samples: &Samples, scale: f64) -> Result<(), Fault> {
        for stack in &samples.stacks {
            let ids: Vec<_> = stack
                .frames
                .iter()
                .map(|frame| {
                    let file = frame.file.as_deref();
                    self.frame_defined(&frame.function, file, frame.line, frame.defined_at)
                })
                .collect();
            self.add(&ids, stack.weight * scale, stack.samples)?;
        }
        for measured in &samples.functions {
            let (own, total) = (measured.own * scale, measured.total * scale);
            self.add_function(&FunctionCost { own, total, ..measured.clone() })?;
        }
        Ok(())
    }

    /// Something the reader of the result should know.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The stacks in the order they came, and the notes.
    pub(crate) fn finish(mut self, ms_per_weight: Option<f64>) -> Samples {
        self.note_what_was_left_out();
        let mut stacks: Vec<_> = self
            .stacks
            .iter()
            .map(|row| Stack { frames: Vec::new(), weight: row.weight, samples: row.samples })
            .collect();
        for (ids, index) in self.stack_ids {
            stacks[index].frames = ids.iter().map(|id| self.frames[*id as usize].clone()).collect();
        }
        let (functions, notes) = (self.functions, self.notes);
        Samples { stacks, functions, ms_per_weight, notes, ..Samples::default() }
    }

    fn insert(&mut self, stack: &[FrameId]) -> Result<usize, Fault> {
        self.expanded += stack.iter().map(|id| size(&self.frames[*id as usize])).sum::<usize>();
        if self.stacks.len() == MAX_STACKS {
            return Err(Fault::too_large(format!("more than {MAX_STACKS} different stacks")));
        }
        if self.expanded > MAX_EXPANDED {
            return Err(Fault::too_large(format!(
                "stacks of more than {} MiB",
                MAX_EXPANDED >> 20
            )));
        }
        self.stacks.push(Row::default());
        let index = self.stacks.len() - 1;
        self.stack_ids.insert(stack.into(), index);
        Ok(index)
    }

    fn note_what_was_left_out(&mut self) {
        if self.bad_weights > 0 {
            self.notes.push(format!(
                "{} samples left out: their weight is negative or not a number",
                self.bad_weights
            ));
        }
        if self.truncated > 0 {
            self.notes.push(format!(
                "{} stacks are deeper than {MAX_DEPTH} frames; their outermost frames are left out",
                self.truncated
            ));
        }
    }
}

fn size(frame: &Frame) -> usize {
    size_of::<Frame>() + frame.function.len() + frame.file.as_ref().map_or(0, String::len)
}

/// A frame as it is kept; a name without any text becomes `(unknown)`.
fn cleaned(
    function: &str,
    file: Option<&str>,
    line: Option<u32>,
    defined_at: Option<u32>,
) -> Frame {
    let function = Some(clean(function))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "(unknown)".to_owned());
    let file = file.map(clean).filter(|file| !file.is_empty());
    let real = |line: Option<u32>| line.filter(|line| *line > 0);
    Frame { function, file, line: real(line), defined_at: real(defined_at) }
}

/// A name without control characters, trimmed, and of a length that a person would still read.
fn clean(name: &str) -> String {
    let name: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    name[..name.floor_char_boundary(MAX_NAME)].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_stacks_are_counted_together() {
        let mut table = StackTable::default();
        let a = table.frame("a", None, None);
        let again = table.frame(" a\u{0}", None, Some(0));
        table.add(&[a], 1.0, 1).unwrap();
        table.add(&[again], 2.0, 1).unwrap();
        let samples = table.finish(None);
        assert_eq!(samples.stacks.len(), 1);
        assert_eq!((samples.stacks[0].weight, samples.stacks[0].samples), (3.0, 2));
    }

    #[test]
    fn a_bad_weight_is_left_out_and_said_so() {
        let mut table = StackTable::default();
        let a = table.frame("a", None, None);
        for weight in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            table.add(&[a], weight, 1).unwrap();
        }
        let samples = table.finish(None);
        assert!(samples.stacks.is_empty());
        assert_eq!(samples.notes, ["4 samples left out: their weight is negative or not a number"]);
    }

    #[test]
    fn a_deep_stack_keeps_its_innermost_frames() {
        let mut table = StackTable::default();
        let outer = table.frame("outer", None, None);
        let inner = table.frame("inner", None, None);
        let mut stack = vec![outer; 3_000];
        stack.push(inner);
        table.add(&stack, 1.0, 1).unwrap();
        let samples = table.finish(None);
        assert_eq!(samples.stacks[0].frames.len(), MAX_DEPTH);
        assert_eq!(samples.stacks[0].frames.last().unwrap().function, "inner");
        assert_eq!(
            samples.notes,
            ["1 stacks are deeper than 1024 frames; their outermost frames are left out"]
        );
    }

    #[test]
    fn stacks_that_expand_without_end_are_refused() {
        let mut table = StackTable::default();
        let frames: Vec<_> = (0..MAX_DEPTH)
            .map(|i| table.frame(&format!("{i}{}", "x".repeat(900)), None, None))
            .collect();
        let fault = (0..MAX_DEPTH).find_map(|i| table.add(&frames[i..], 1.0, 1).err()).unwrap();
        assert_eq!(fault.to_string(), "stacks of more than 256 MiB");
    }
}
