//! Which format a profile is in, decided by its content first, and the one way to read any of them.

use std::fmt::{self, Display};

use contract::Samples;

use crate::inflate::inflate;
use crate::{collapsed, cprofile, cpuprofile, perf_script, pprof, speedscope};

const FORMATS: &str =
    "pprof, collapsed stacks, speedscope, perf script, Python cProfile, V8 cpuprofile";
/// Bytes of JSON: an empty array takes two bytes there and two dozen in memory.
pub(crate) const MAX_JSON: usize = 64 << 20;
/// How recordings of Java Flight Recorder begin.
const JFR_MAGIC: &[u8] = b"FLR\0";

/// A profile format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Pprof,
    Collapsed,
    Speedscope,
    PerfScript,
    CProfile,
    CpuProfile,
}

/// Tells a format by its content.
type LooksLike = fn(&[u8]) -> bool;

/// A profile could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {what} (formats that are read: {FORMATS})")]
pub struct ReadError {
    name: String,
    what: String,
}

/// What is wrong with the bytes of a profile, and where.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{place}: {what}")]
    Malformed { place: String, what: String },
    #[error("{0}")]
    TooLarge(String),
}

impl Fault {
    pub(crate) fn at(place: impl Into<String>, what: impl Display) -> Self {
        Self::Malformed { place: place.into(), what: what.to_string() }
    }

    pub(crate) fn too_large(what: impl Into<String>) -> Self {
        Self::TooLarge(what.into())
    }
}

impl Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pprof => "pprof",
            Self::Collapsed => "collapsed stacks",
            Self::Speedscope => "speedscope",
            Self::PerfScript => "perf script",
            Self::CProfile => "Python cProfile",
            Self::CpuProfile => "V8 cpuprofile",
        })
    }
}

/// Reads a profile of any of the formats, gzipped or not. The name tells the reader of the result where it came from.
pub fn read(name: &str, bytes: &[u8]) -> Result<Samples, ReadError> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(300).collect();
    let fail = |what: String| ReadError { name: name.clone(), what };
    let bytes = inflate(bytes).map_err(|fault| fail(describe("the file", &fault)))?;
    let Some(format) = detect_inflated(&bytes, &name) else {
        return Err(fail(unknown(&bytes).to_owned()));
    };
    let parse = match format {
        Format::Pprof => pprof::parse,
        Format::Collapsed => collapsed::parse,
        Format::Speedscope => speedscope::parse,
        Format::PerfScript => perf_script::parse,
        Format::CProfile => cprofile::parse,
        Format::CpuProfile => cpuprofile::parse,
    };
    let mut samples =
        parse(&bytes).map_err(|fault| fail(describe(&format!("the {format} profile"), &fault)))?;
    samples.source = format!("{name} ({format})");
    Ok(samples)
}

/// The format of a profile, gzipped or not; the name decides only where the content leaves it open.
pub fn detect(bytes: &[u8], name: &str) -> Option<Format> {
    detect_inflated(&inflate(bytes).ok()?, name)
}

fn detect_inflated(bytes: &[u8], name: &str) -> Option<Format> {
    const TESTS: [(Format, LooksLike); 6] = [
        (Format::CProfile, cprofile::looks_like),
        (Format::Speedscope, speedscope::looks_like),
        (Format::CpuProfile, cpuprofile::looks_like),
        (Format::PerfScript, perf_script::looks_like),
        (Format::Pprof, pprof::looks_like),
        (Format::Collapsed, collapsed::looks_like),
    ];
    if bytes.starts_with(JFR_MAGIC) {
        return None;
    }
    let by_content =
        TESTS.into_iter().find(|(_, looks_like)| looks_like(bytes)).map(|(format, _)| format);
    by_content.or_else(|| by_name(name))
}

fn by_name(name: &str) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".pprof", ".pb", ".prof"]) {
        Some(Format::Pprof)
    } else if ends(&[".folded", ".collapsed"]) {
        Some(Format::Collapsed)
    } else if ends(&[".speedscope.json", ".speedscope"]) {
        Some(Format::Speedscope)
    } else if ends(&[".perf", ".perf.txt"]) {
        Some(Format::PerfScript)
    } else if ends(&[".pstats", ".cprofile"]) {
        Some(Format::CProfile)
    } else if ends(&[".cpuprofile"]) {
        Some(Format::CpuProfile)
    } else {
        None
    }
}

/// A format that is known and not read gets its way out told.
fn unknown(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(JFR_MAGIC) {
        "recordings of Java Flight Recorder are not read; `jfrconv --cpu recording.jfr cpu.pb.gz` of async-profiler makes a pprof profile of one"
    } else {
        "the content is in no known profile format"
    }
}

fn describe(subject: &str, fault: &Fault) -> String {
    match fault {
        Fault::Malformed { .. } => format!("{subject} is malformed at {fault}"),
        Fault::TooLarge(_) => format!("{subject} is too large: {fault}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn content_decides_before_the_name() {
        assert_eq!(detect(b"main;load 12\n", "cpu.pprof"), Some(Format::Collapsed));
        assert_eq!(
            detect(b"{\"shared\":{\"frames\":[]},\"profiles\":[]}", "x.txt"),
            Some(Format::Speedscope)
        );
        assert_eq!(
            detect(b"python 12/12 1.5: 1 cycles:\n\t ab main (x)\n", "x"),
            Some(Format::PerfScript)
        );
        assert_eq!(detect(b"", "a.folded"), Some(Format::Collapsed));
        assert_eq!(detect(b"hello world", "a.txt"), None);
        assert_eq!(detect(b"{\"traceEvents\":[]}", "a.json"), None);
    }

    #[test]
    fn an_unknown_file_says_what_is_read() {
        insta::assert_snapshot!(read("notes.txt", b"hello\0world").unwrap_err(), @"notes.txt: the content is in no known profile format (formats that are read: pprof, collapsed stacks, speedscope, perf script, Python cProfile, V8 cpuprofile)");
    }

    #[test]
    fn a_name_for_the_reader_carries_no_control_characters() {
        assert_eq!(
            read("a\u{1b}[31m.folded", b"a 1").unwrap().source,
            "a[31m.folded (collapsed stacks)"
        );
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            for name in ["a.pb", "a.folded", "a.speedscope.json", "a.perf"] {
                let _ = read(name, &bytes);
            }
            for parse in [pprof::parse, collapsed::parse, speedscope::parse, perf_script::parse] {
                let _ = parse(&bytes);
            }
        }

        #[test]
        fn random_lines_never_panic(text in "([a-z(/:\\[\\];.<>_ ]{0,20}[ \t]?[0-9./:-]{0,6}[:; \n\t]){0,30}") {
            for parse in [collapsed::parse, perf_script::parse] {
                let _ = parse(text.as_bytes());
            }
        }
    }
}
