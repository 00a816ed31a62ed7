//! The text that `perf script` prints: for each sample a header line, the frames innermost first, and a blank line.

use contract::Samples;

use crate::format::Fault;
use crate::function_name::from_runtime_symbol;
use crate::stack_table::{FrameId, StackTable};

/// The header of one sample: `python 71/72 [000] 12.5: 250000 cpu-clock:u:`.
#[derive(Debug, PartialEq)]
struct Header<'a> {
    period: Option<u64>,
    event: &'a str,
    /// The one frame of a sample taken without call stacks stands on the same line.
    rest: &'a str,
}

/// A sample while its frames are read.
struct Open {
    counted: bool,
    weight: f64,
    frames: Vec<FrameId>,
}

/// Whether weights are periods, and of which event.
struct Weights {
    event: String,
    by_period: bool,
}

/// True where the first line with content is the header of a sample.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 << 10)];
    head.split(|byte| *byte == b'\n')
        .map(String::from_utf8_lossy)
        .find(|line| has_content(line))
        .is_some_and(|line| header(&line).is_some())
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Samples, Fault> {
    let mut table = StackTable::default();
    let Some(weights) = weights(bytes) else {
        return Err(Fault::at(
            "line 1",
            "expected a sample header, as `python 71 12.5: 250000 cpu-clock:`",
        ));
    };
    let mut open: Option<Open> = None;
    let mut other_events = 0_u64;
    for (index, line) in lines(bytes).enumerate() {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            close(&mut table, open.take())?;
        } else if let Some(header) = header(&line) {
            close(&mut table, open.take())?;
            let sample = begin(&mut table, &header, &weights);
            other_events += u64::from(!sample.counted);
            open = Some(sample);
        } else if let (Some(sample), Some(symbol)) = (&mut open, symbol(&line)) {
            sample.frames.push(add_symbol(&mut table, &symbol));
        } else if open.is_none() || !line.starts_with([' ', '\t']) {
            return Err(Fault::at(
                format!("line {}", index + 1),
                "neither a sample header nor a frame",
            ));
        }
    }
    close(&mut table, open)?;
    Ok(weights.finish(table, other_events))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = std::borrow::Cow<'_, str>> {
    bytes.split(|byte| *byte == b'\n').map(String::from_utf8_lossy)
}

fn has_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

/// The first event decides; its periods are weights only if every sample of it states one.
fn weights(bytes: &[u8]) -> Option<Weights> {
    let mut weights: Option<Weights> = None;
    for line in lines(bytes) {
        let Some(header) = header(&line) else { continue };
        let weights = weights
            .get_or_insert_with(|| Weights { event: header.event.to_owned(), by_period: true });
        if header.event == weights.event {
            weights.by_period &= header.period.is_some_and(|period| period > 0);
        }
    }
    weights
}

impl Weights {
    /// The periods of the two clock events are nanoseconds of CPU time.
    fn is_time(&self) -> bool {
        self.by_period && matches!(self.event.split(':').next(), Some("cpu-clock" | "task-clock"))
    }

    fn finish(&self, mut table: StackTable, other_events: u64) -> Samples {
        if other_events > 0 {
            let event: String = self.event.chars().take(60).collect();
            table.note(format!("{other_events} samples of other events than {event} left out"));
        }
        table.finish(self.is_time().then_some(1e-6))
    }
}

fn begin(table: &mut StackTable, header: &Header<'_>, weights: &Weights) -> Open {
    let counted = header.event == weights.event;
    let weight = header.period.filter(|_| weights.by_period).map_or(1.0, |period| period as f64);
    let frames = symbol(header.rest).map(|symbol| add_symbol(table, &symbol)).into_iter().collect();
    Open { counted, weight, frames }
}

fn close(table: &mut StackTable, open: Option<Open>) -> Result<(), Fault> {
    let Some(mut sample) = open.filter(|sample| sample.counted) else { return Ok(()) };
    sample.frames.reverse();
    if sample.frames.is_empty() {
        sample.frames.push(table.frame("", None, None));
    }
    table.add(&sample.frames, sample.weight, 1)
}

/// Finds `pid[/tid]`, perhaps `[cpu]`, `seconds:`, perhaps a period, `event:`; a command before it may hold spaces.
fn header(line: &str) -> Option<Header<'_>> {
    let (mut before, mut from) = (["", ""], 0);
    while let Some((word, after)) = next_word(line, from) {
        let pid = if before[1].starts_with('[') { before[0] } else { before[1] };
        if is_time(word) && is_pid(pid) {
            return event(&line[after..]);
        }
        before = [before[1], word];
        from = after;
    }
    None
}

fn next_word(line: &str, from: usize) -> Option<(&str, usize)> {
    let rest = &line[from..];
    let start = from + rest.find(|c: char| !c.is_ascii_whitespace())?;
    let length =
        line[start..].find(|c: char| c.is_ascii_whitespace()).unwrap_or(line.len() - start);
    Some((&line[start..start + length], start + length))
}

fn is_time(word: &str) -> bool {
    let Some((seconds, fraction)) = word.strip_suffix(':').and_then(|time| time.split_once('.'))
    else {
        return false;
    };
    is_number(seconds) && is_number(fraction)
}

fn is_pid(word: &str) -> bool {
    word.split('/').all(is_number)
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn event(text: &str) -> Option<Header<'_>> {
    let (first, after) = next_word(text, 0)?;
    let (period, word, after) = match first.parse() {
        Ok(period) => {
            let (word, after) = next_word(text, after)?;
            (Some(period), word, after)
        }
        Err(_) => (None, first, after),
    };
    Some(Header { period, event: word.strip_suffix(':')?, rest: &text[after..] })
}

/// The symbol of `  55d0 load_users+0x1f (/usr/bin/app)`; an unknown one is named for its module.
fn symbol(line: &str) -> Option<String> {
    let (address, after) = next_word(line, 0)?;
    if !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let rest = line[after..].trim();
    let (symbol, module) = match rest.rsplit_once(" (") {
        Some((symbol, module)) => (symbol, module.trim_end_matches(')')),
        None => (rest, ""),
    };
    if symbol.is_empty() || symbol == "[unknown]" {
        return Some(format!(
            "[{}]",
            module.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("unknown")
        ));
    }
    Some(without_offset(symbol).to_owned())
}

fn without_offset(symbol: &str) -> &str {
    match symbol.rsplit_once("+0x") {
        Some((name, offset)) if offset.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => symbol,
    }
}

fn add_symbol(table: &mut StackTable, symbol: &str) -> FrameId {
    match from_runtime_symbol(symbol) {
        Some((function, file, line)) => table.frame(function, Some(file), line),
        None => table.frame(symbol, None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# ========
python 71/72 [000] 12.500000:     250000 cpu-clock:u: 
\t    7f01 query+0x1f (/usr/lib/libsqlite3.so)
\t    7f02 py::load:/srv/app/users.py+0xb (/tmp/perf-71.map)
\t    7f03 [unknown] (/usr/bin/python3)

my app 71/72 [000] 12.600000:     750000 cpu-clock:u: 
\t    7f02 py::load:/srv/app/users.py+0xb (/tmp/perf-71.map)

python 71/72 [000] 12.600000:     9 faults: 
\t    7f02 other (/x)
";

    #[test]
    fn samples_are_read_with_their_periods() {
        let samples = parse(TEXT.as_bytes()).unwrap();
        let names: Vec<_> = samples.stacks[0]
            .frames
            .iter()
            .map(|frame| (frame.function.as_str(), frame.file.as_deref()))
            .collect();
        assert_eq!(
            names,
            [("[python3]", None), ("load", Some("/srv/app/users.py")), ("query", None)]
        );
        let weights: Vec<_> =
            samples.stacks.iter().map(|stack| (stack.weight, stack.samples)).collect();
        assert_eq!(weights, [(250_000.0, 1), (750_000.0, 1)]);
        assert_eq!(samples.ms_per_weight, Some(1e-6));
        assert_eq!(samples.notes, ["1 samples of other events than cpu-clock:u left out"]);
    }

    #[test]
    fn without_periods_each_sample_weighs_one() {
        let samples = parse(
            b"app 1 [001] 1.5: cycles: \n\t ab main (x)\n\napp 1 1.6: cycles: \n\t ab main (x)\n",
        )
        .unwrap();
        assert_eq!((samples.stacks[0].weight, samples.ms_per_weight), (2.0, None));
    }

    #[test]
    fn a_sample_without_a_call_stack_is_one_frame() {
        let samples = parse(
            b"            perf  2351  4564.10: 7 cycles:  ffff81 do_work ([kernel.kallsyms])\n",
        )
        .unwrap();
        assert_eq!(
            (samples.stacks[0].frames[0].function.as_str(), samples.stacks[0].weight),
            ("do_work", 7.0)
        );
    }

    #[test]
    fn a_header_is_told_from_a_frame() {
        assert_eq!(
            header("a b 12/13 [001] 1.5: 4 task-clock:"),
            Some(Header { period: Some(4), event: "task-clock", rest: "" })
        );
        assert_eq!(header("\t ab main (1.5: x)"), None);
        assert_eq!(header("app x 1.5: 4 cycles:"), None);
    }

    #[test]
    fn what_is_neither_header_nor_frame_is_refused_with_its_line() {
        let error = parse(b"app 1 1.5: cycles: \n\t ab main (x)\n\nhello there\n").unwrap_err();
        assert_eq!(error.to_string(), "line 4: neither a sample header nor a frame");
        assert!(parse(b"").is_err());
    }
}
