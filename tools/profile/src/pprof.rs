//! pprof: the protocol buffer `perftools.profiles.Profile`, as Go, py-spy, pprof-rs and many others write it.
//!
//! The top level is walked field by field rather than decoded at once: two bytes of a hostile file can stand for a
//! message of a hundred bytes in memory, and so each kind of message is counted before it is kept.

use std::collections::HashMap;

use contract::Samples;
use prost::Message;
use prost::encoding::{decode_key, decode_varint};

use crate::format::Fault;
use crate::stack_table::{FrameId, MAX_DEPTH, StackTable};

/// Messages of one kind that a profile may hold.
const MAX_ENTRIES: usize = 4_000_000;
/// Bytes of one sample or location.
const MAX_MESSAGE: usize = 1 << 20;

#[derive(Clone, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "3")]
    address: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
    #[prost(int64, tag = "5")]
    start_line: i64,
}

/// A field of the top level, still encoded.
#[derive(Clone, Copy)]
enum Field<'a> {
    Bytes(u32, &'a [u8]),
    Number(u32, u64),
}

/// The top level of a profile, as far as it is used.
#[derive(Default)]
struct Profile<'a> {
    sample_types: Vec<ValueType>,
    samples: Vec<&'a [u8]>,
    locations: Vec<&'a [u8]>,
    functions: HashMap<u64, Function>,
    strings: Vec<&'a [u8]>,
    period_type: ValueType,
    period: u64,
}

/// Which of a sample's values are read, and what the weight means.
struct Columns {
    weight: usize,
    count: Option<usize>,
    ms_per_weight: Option<f64>,
    note: Option<String>,
}

/// True where the whole file is one well-formed protocol buffer with sample types, as no text is.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let mut has_sample_type = false;
    let well_formed = walk(bytes, |_, field| {
        has_sample_type |= matches!(field, Field::Bytes(1, _));
        Ok(())
    });
    well_formed.is_ok() && has_sample_type
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Samples, Fault> {
    let profile = Profile::gather(bytes)?;
    let columns = profile.columns()?;
    let mut table = StackTable::default();
    let locations = profile.frames(&mut table)?;
    for (index, sample) in profile.samples.iter().enumerate() {
        add_sample(&mut table, sample, &columns, &locations)
            .map_err(|fault| in_entry("sample", index, fault))?;
    }
    if let Some(note) = &columns.note {
        table.note(note.as_str());
    }
    Ok(table.finish(columns.ms_per_weight))
}

fn add_sample(
    table: &mut StackTable,
    bytes: &[u8],
    columns: &Columns,
    locations: &HashMap<u64, Vec<FrameId>>,
) -> Result<(), Fault> {
    let sample: Sample = decode(bytes)?;
    let value = |column: usize| {
        sample
            .value
            .get(column)
            .copied()
            .ok_or_else(|| Fault::at("", format!("has no value {column}")))
    };
    let weight = value(columns.weight)?;
    let count = columns.count.map_or(Ok(1), value)?;
    // Innermost first, as in the file; what is deeper than the limit is not even looked up.
    let mut stack = Vec::new();
    for id in &sample.location_id {
        let frames = locations.get(id).ok_or_else(|| {
            Fault::at("", format!("names location {id}, which is not in the profile"))
        })?;
        stack.extend(frames.iter().take(MAX_DEPTH + 1));
        if stack.len() > MAX_DEPTH {
            break;
        }
    }
    stack.reverse();
    table.add(&stack, weight as f64, u64::try_from(count).unwrap_or(0))
}

impl<'a> Profile<'a> {
    fn gather(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut profile = Self::default();
        walk(bytes, |offset, field| {
            profile.keep(field).map_err(|fault| match fault {
                Fault::Malformed { what, .. } => Fault::at(format!("byte {offset}"), what),
                too_large @ Fault::TooLarge(_) => too_large,
            })
        })?;
        Ok(profile)
    }

    fn keep(&mut self, field: Field<'a>) -> Result<(), Fault> {
        match field {
            Field::Bytes(1, bytes) => push(&mut self.sample_types, decode(bytes)?, "sample types"),
            Field::Bytes(2, bytes) => push(&mut self.samples, bytes, "samples"),
            Field::Bytes(4, bytes) => push(&mut self.locations, bytes, "locations"),
            Field::Bytes(5, bytes) => {
                let function: Function = decode(bytes)?;
                self.functions.insert(function.id, function);
                within(self.functions.len(), "functions")
            }
            Field::Bytes(6, bytes) => push(&mut self.strings, bytes, "strings"),
            Field::Bytes(11, bytes) => {
                self.period_type = decode(bytes)?;
                Ok(())
            }
            Field::Number(12, period) => {
                self.period = period;
                Ok(())
            }
            Field::Bytes(..) | Field::Number(..) => Ok(()),
        }
    }

    fn text(&self, index: i64) -> Result<String, Fault> {
        let text = usize::try_from(index).ok().and_then(|index| self.strings.get(index));
        let text = text.ok_or_else(|| {
            Fault::at("", format!("names string {index}, but there are {}", self.strings.len()))
        })?;
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn kind_and_unit(&self, value: &ValueType) -> Result<(String, String), Fault> {
        Ok((self.text(value.kind)?, self.text(value.unit)?))
    }

    /// CPU time where the profile has it, then sample counts, then wall-clock time.
    fn columns(&self) -> Result<Columns, Fault> {
        let named = |(index, value)| {
            self.kind_and_unit(value).map_err(|fault| in_entry("sample type", index, fault))
        };
        let types: Vec<_> =
            self.sample_types.iter().enumerate().map(named).collect::<Result<_, _>>()?;
        let count = types.iter().position(|(_, unit)| unit == "count");
        let timed = |kinds: &[&str]| {
            types.iter().enumerate().find_map(|(index, (kind, unit))| {
                Some((index, ms_of(unit)?)).filter(|_| kinds.contains(&kind.as_str()))
            })
        };
        let samples = types.iter().position(|(kind, unit)| {
            unit == "count" && matches!(kind.as_str(), "samples" | "sample" | "cpu-samples" | "cpu")
        });
        if let Some((weight, ms)) = timed(&["cpu", "cpu-time", "cpu_time"]) {
            return Ok(Columns {
                weight,
                count: samples.or(count),
                ms_per_weight: Some(ms),
                note: None,
            });
        }
        if let Some(weight) = samples {
            return Ok(Columns {
                weight,
                count: samples,
                ms_per_weight: self.period_ms()?,
                note: None,
            });
        }
        if let Some((weight, ms)) = timed(&["wall", "wall-time", "wall_time", "time"]) {
            let note = Some(
                "the profile holds wall-clock time, not CPU time: waiting counts too".to_owned(),
            );
            return Ok(Columns { weight, count, ms_per_weight: Some(ms), note });
        }
        let found: Vec<_> =
            types.iter().take(10).map(|(kind, unit)| format!("{kind}/{unit}")).collect();
        Err(Fault::at(
            "sample_type",
            format!("expected cpu time, samples or wall time, found [{}]", found.join(", ")),
        ))
    }

    /// Milliseconds between samples, where the profile was taken by CPU time.
    fn period_ms(&self) -> Result<Option<f64>, Fault> {
        if self.period == 0 || self.period > i64::MAX as u64 {
            return Ok(None);
        }
        let (kind, unit) = self
            .kind_and_unit(&self.period_type)
            .map_err(|fault| in_entry("period type", 0, fault))?;
        Ok(ms_of(&unit).filter(|_| kind == "cpu").map(|ms| ms * self.period as f64))
    }

    /// The frames of each location, innermost first: a location has several where functions were inlined into it.
    fn frames(&self, table: &mut StackTable) -> Result<HashMap<u64, Vec<FrameId>>, Fault> {
        let mut locations = HashMap::new();
        let mut lines = 0;
        for (index, bytes) in self.locations.iter().enumerate() {
            let location: Location =
                decode(bytes).map_err(|fault| in_entry("location", index, fault))?;
            lines += location.line.len();
            within(lines, "lines")?;
            let frames = self
                .location_frames(&location, table)
                .map_err(|fault| in_entry("location", index, fault))?;
            locations.insert(location.id, frames);
        }
        Ok(locations)
    }

    fn location_frames(
        &self,
        location: &Location,
        table: &mut StackTable,
    ) -> Result<Vec<FrameId>, Fault> {
        if location.line.is_empty() {
            return Ok(vec![table.frame(&format!("{:#x}", location.address), None, None)]);
        }
        location.line.iter().map(|line| self.line_frame(*line, table)).collect()
    }

    fn line_frame(&self, line: Line, table: &mut StackTable) -> Result<FrameId, Fault> {
        let id = line.function_id;
        if id == 0 {
            return Ok(table.frame("", None, None));
        }
        let function = self.functions.get(&id).ok_or_else(|| {
            Fault::at("", format!("names function {id}, which is not in the profile"))
        })?;
        Ok(table.frame_defined(
            &self.text(function.name)?,
            Some(&self.text(function.filename)?),
            u32::try_from(line.line).ok(),
            u32::try_from(function.start_line).ok(),
        ))
    }
}

/// Milliseconds in a unit of time.
fn ms_of(unit: &str) -> Option<f64> {
    match unit {
        "nanoseconds" | "nanosecond" | "ns" => Some(1e-6),
        "microseconds" | "microsecond" | "us" => Some(1e-3),
        "milliseconds" | "millisecond" | "ms" => Some(1.0),
        "seconds" | "second" | "s" => Some(1e3),
        _ => None,
    }
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, Fault> {
    if bytes.len() > MAX_MESSAGE {
        return Err(Fault::too_large(format!("a message of more than {MAX_MESSAGE} bytes")));
    }
    M::decode(bytes).map_err(|error| Fault::at("", error))
}

fn push<T>(list: &mut Vec<T>, item: T, what: &str) -> Result<(), Fault> {
    list.push(item);
    within(list.len(), what)
}

fn within(count: usize, what: &str) -> Result<(), Fault> {
    if count > MAX_ENTRIES {
        Err(Fault::too_large(format!("more than {MAX_ENTRIES} {what}")))
    } else {
        Ok(())
    }
}

fn in_entry(kind: &str, index: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Malformed { what, .. } => Fault::at(format!("{kind} {index}"), what),
        too_large @ Fault::TooLarge(_) => too_large,
    }
}

/// Hands each field of the top level, and the byte it starts at, to `visit`.
fn walk<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(usize, Field<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        let field = next_field(&mut rest)
            .ok_or_else(|| Fault::at(format!("byte {offset}"), "not a protocol buffer field"))?;
        visit(offset, field)?;
    }
    Ok(())
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Option<Field<'a>> {
    use prost::encoding::WireType::{LengthDelimited, SixtyFourBit, ThirtyTwoBit, Varint};
    let (tag, wire_type) = decode_key(rest).ok()?;
    let length = match wire_type {
        Varint => return decode_varint(rest).ok().map(|number| Field::Number(tag, number)),
        LengthDelimited => usize::try_from(decode_varint(rest).ok()?).ok()?,
        SixtyFourBit => 8,
        ThirtyTwoBit => 4,
        _ => return None,
    };
    let (field, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Field::Bytes(tag, field))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::format::read;

    #[derive(Clone, PartialEq, Message)]
    struct Whole {
        #[prost(message, repeated, tag = "1")]
        sample_type: Vec<ValueType>,
        #[prost(message, repeated, tag = "2")]
        sample: Vec<Sample>,
        #[prost(message, repeated, tag = "4")]
        location: Vec<Location>,
        #[prost(message, repeated, tag = "5")]
        function: Vec<Function>,
        #[prost(string, repeated, tag = "6")]
        string_table: Vec<String>,
        #[prost(message, optional, tag = "11")]
        period_type: Option<ValueType>,
        #[prost(int64, tag = "12")]
        period: i64,
    }

    const STRINGS: [&str; 10] = [
        "",
        "samples",
        "count",
        "cpu",
        "nanoseconds",
        "main",
        "load",
        "query",
        "app/users.py",
        "wall",
    ];

    /// `main` calls `load`, into which `query` is inlined.
    fn profile() -> Whole {
        let function = |id, name| Function { id, name, filename: 8, start_line: 1 };
        let line = |function_id, line| Line { function_id, line };
        Whole {
            sample_type: vec![ValueType { kind: 1, unit: 2 }, ValueType { kind: 3, unit: 4 }],
            sample: vec![
                Sample { location_id: vec![2, 1], value: vec![3, 30_000_000] },
                Sample { location_id: vec![1], value: vec![1, 10_000_000] },
            ],
            location: vec![
                Location { id: 1, address: 1, line: vec![line(1, 40)] },
                Location { id: 2, address: 2, line: vec![line(3, 14), line(2, 12)] },
            ],
            function: vec![function(1, 5), function(2, 6), function(3, 7)],
            string_table: STRINGS.map(String::from).to_vec(),
            period_type: Some(ValueType { kind: 3, unit: 4 }),
            period: 10_000_000,
        }
    }

    /// The profile of these tests as a tool would store it.
    pub(crate) fn gzipped() -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&profile().encode_to_vec()).unwrap();
        encoder.finish().unwrap()
    }

    fn parse_whole(whole: &Whole) -> Result<Samples, Fault> {
        parse(&whole.encode_to_vec())
    }

    #[test]
    fn cpu_time_is_read_with_inlined_frames() {
        let samples = read("cpu.pb.gz", &gzipped()).unwrap();
        assert_eq!(samples.source, "cpu.pb.gz (pprof)");
        assert_eq!(samples.ms_per_weight, Some(1e-6));
        let stack = &samples.stacks[0];
        let frames: Vec<_> = stack
            .frames
            .iter()
            .map(|frame| (frame.function.as_str(), frame.file.as_deref(), frame.line))
            .collect();
        let file = Some("app/users.py");
        assert_eq!(
            frames,
            [("main", file, Some(40)), ("load", file, Some(12)), ("query", file, Some(14))]
        );
        assert_eq!((stack.weight, stack.samples), (3e7, 3));
    }

    #[test]
    fn counts_become_time_only_where_the_period_says_how() {
        let mut whole = profile();
        whole.sample_type.truncate(1);
        let samples = parse_whole(&whole).unwrap();
        assert_eq!((samples.stacks[0].weight, samples.ms_per_weight), (3.0, Some(10.0)));
        whole.period = 0;
        assert_eq!(parse_whole(&whole).unwrap().ms_per_weight, None);
    }

    #[test]
    fn wall_clock_time_is_said_to_be_that() {
        let mut whole = profile();
        whole.sample_type = vec![ValueType { kind: 0, unit: 0 }, ValueType { kind: 9, unit: 4 }];
        let samples = parse_whole(&whole).unwrap();
        assert_eq!(
            samples.notes,
            ["the profile holds wall-clock time, not CPU time: waiting counts too"]
        );
    }

    #[test]
    fn a_location_without_lines_is_named_by_its_address() {
        let mut whole = profile();
        whole.location[0].line.clear();
        assert_eq!(parse_whole(&whole).unwrap().stacks[1].frames[0].function, "0x1");
    }

    #[test]
    fn what_points_outside_is_refused_with_its_place() {
        type Spoil = fn(&mut Whole);
        let cases: [(Spoil, &str); 7] = [
            (
                |whole| whole.sample[1].location_id = vec![9],
                "sample 1: names location 9, which is not in the profile",
            ),
            (|whole| whole.sample[0].value = vec![1], "sample 0: has no value 1"),
            (
                |whole| whole.location[1].line[0].function_id = 77,
                "location 1: names function 77, which is not in the profile",
            ),
            (
                |whole| whole.function[0].name = 500,
                "location 0: names string 500, but there are 10",
            ),
            (
                |whole| whole.function[0].filename = -1,
                "location 0: names string -1, but there are 10",
            ),
            (
                |whole| whole.sample_type[1].unit = 99,
                "sample type 1: names string 99, but there are 10",
            ),
            (
                |whole| whole.sample_type = vec![ValueType { kind: 5, unit: 6 }],
                "sample_type: expected cpu time, samples or wall time, found [main/load]",
            ),
        ];
        for (spoil, expected) in cases {
            let mut whole = profile();
            spoil(&mut whole);
            assert_eq!(parse_whole(&whole).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn negative_values_are_left_out_and_noted() {
        let mut whole = profile();
        whole.sample[0].value = vec![-1, -5];
        let samples = parse_whole(&whole).unwrap();
        assert_eq!(samples.stacks.len(), 1);
        assert_eq!(samples.notes, ["1 samples left out: their weight is negative or not a number"]);
    }

    #[test]
    fn a_sample_of_endless_depth_is_cut() {
        let mut whole = profile();
        whole.sample[0].location_id = vec![1; 50_000];
        let samples = parse_whole(&whole).unwrap();
        assert_eq!(samples.stacks[0].frames.len(), MAX_DEPTH);
        assert_eq!(samples.notes.len(), 1);
    }

    #[test]
    fn a_profile_that_ends_early_is_refused() {
        let bytes = profile().encode_to_vec();
        let error = read("cpu.pprof", &bytes[..bytes.len() - 1]).unwrap_err();
        insta::assert_snapshot!(error, @"cpu.pprof: the pprof profile is malformed at byte 178: not a protocol buffer field (formats that are read: pprof, collapsed stacks, speedscope, perf script, Python cProfile, V8 cpuprofile)");
    }

    #[test]
    fn a_flipped_bit_never_panics() {
        let bytes = profile().encode_to_vec();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut spoiled = bytes.clone();
                spoiled[index] ^= 1 << bit;
                let _ = parse(&spoiled);
            }
        }
    }
}
