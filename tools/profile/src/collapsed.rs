//! Collapsed stacks: one line a stack, `outer;inner 12`, as `stackcollapse-*`, py-spy and async-profiler write them.

use contract::Samples;

use crate::format::Fault;
use crate::stack_table::StackTable;

/// True where the first line with content is a stack and a count.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64 << 10)];
    !head.contains(&0)
        && head
            .split(|byte| *byte == b'\n')
            .map(String::from_utf8_lossy)
            .find(|line| has_content(line))
            .is_some_and(|line| split_count(&line).is_some())
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Samples, Fault> {
    let mut table = StackTable::default();
    let mut not_utf8 = 0_u64;
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        not_utf8 += u64::from(std::str::from_utf8(line).is_err());
        let line = String::from_utf8_lossy(line);
        if has_content(&line) {
            add_line(&mut table, &line).map_err(|fault| at_line(index, fault))?;
        }
    }
    if not_utf8 > 0 {
        table.note(format!(
            "{not_utf8} lines are not UTF-8; the characters that could not be read are replaced"
        ));
    }
    Ok(table.finish(None))
}

fn has_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with("# ")
}

fn at_line(index: usize, fault: Fault) -> Fault {
    match fault {
        Fault::Malformed { what, .. } => Fault::at(format!("line {}", index + 1), what),
        too_large @ Fault::TooLarge(_) => too_large,
    }
}

fn add_line(table: &mut StackTable, line: &str) -> Result<(), Fault> {
    let Some((stack, weight)) = split_count(line) else {
        return Err(Fault::at("", "expected frames separated by `;`, a space and a count"));
    };
    let ids: Vec<_> =
        split_frames(stack).into_iter().map(|frame| add_frame(table, frame)).collect();
    table.add(&ids, weight, weight.round() as u64)
}

fn split_count(line: &str) -> Option<(&str, f64)> {
    let (stack, count) = line.trim().rsplit_once([' ', '\t'])?;
    let weight = count.parse().ok()?;
    (!stack.trim().is_empty()).then_some((stack, weight))
}

/// Splits at each `;` except within an array type, as in Rust's `fill<[u8; 8]>`.
fn split_frames(stack: &str) -> Vec<&str> {
    let mut frames = Vec::new();
    let mut start = 0;
    for (at, _) in stack.match_indices(';') {
        let in_array = stack[at + 1..].starts_with(' ')
            && stack[start..at].rfind('[') > stack[start..at].rfind(']');
        if !in_array {
            frames.push(&stack[start..at]);
            start = at + 1;
        }
    }
    frames.push(&stack[start..]);
    frames
}

fn add_frame(table: &mut StackTable, frame: &str) -> u32 {
    match split_location(frame) {
        Some((function, file, line)) => table.frame(function, Some(file), line),
        None => table.frame(frame, None, None),
    }
}

/// Takes `load (app/users.py:12)`, `load (app/users.py)` and rbspy's `load - app/users.rb:12` apart.
/// `List.get (java.lang)` names no file.
fn split_location(frame: &str) -> Option<(&str, &str, Option<u32>)> {
    if let Some((function, location)) = frame.trim().rsplit_once(" - ")
        && let Some((file, line)) = location.rsplit_once(':')
        && file.rsplit_once('.').is_some_and(|(_, ending)| ending == "rb")
        && let Ok(line) = line.parse()
    {
        return Some((function, file, Some(line)));
    }
    let (function, location) = frame.trim().strip_suffix(')')?.rsplit_once(" (")?;
    if let Some((file, line)) = location.rsplit_once(':')
        && let Ok(line) = line.parse()
    {
        return (!file.is_empty()).then_some((function, file, Some(line)));
    }
    location
        .rsplit_once('.')
        .filter(|(_, ending)| *ending == "py")
        .map(|_| (function, location, None))
}

#[cfg(test)]
mod tests {
    use contract::Frame;

    use super::*;

    fn frames(line: &str) -> Vec<Frame> {
        parse(line.as_bytes()).unwrap().stacks.remove(0).frames
    }

    fn frame(function: &str, file: Option<&str>, line: Option<u32>) -> Frame {
        Frame { function: function.into(), file: file.map(Into::into), line, defined_at: None }
    }

    #[test]
    fn a_frame_may_hold_spaces_and_a_location() {
        assert_eq!(
            frames(
                "process 7:\"python app.py\";<module> (app.py:40);load users (lib/a b.py:12);sum (x.py);operator() (int) 3"
            ),
            [
                frame("process 7:\"python app.py\"", None, None),
                frame("<module>", Some("app.py"), Some(40)),
                frame("load users", Some("lib/a b.py"), Some(12)),
                frame("sum", Some("x.py"), None),
                frame("operator() (int)", None, None),
            ]
        );
    }

    #[test]
    fn frames_of_rbspy_name_their_file() {
        assert_eq!(
            frames(
                "<main> - run.rb:9;block in load - /srv/my app/users.rb:12;each [c function] - (unknown):0 3"
            ),
            [
                frame("<main>", Some("run.rb"), Some(9)),
                frame("block in load", Some("/srv/my app/users.rb"), Some(12)),
                frame("each [c function] - (unknown):0", None, None),
            ]
        );
    }

    #[test]
    fn an_array_type_does_not_split_a_frame() {
        assert_eq!(frames("main;fill<[u8; 8]>;memset 1").len(), 3);
    }

    #[test]
    fn weights_are_counts_and_comments_are_passed_over() {
        let samples = parse(b"# a note\n\na;b 2\r\na;b 3\na 1.5\n").unwrap();
        let weights: Vec<_> =
            samples.stacks.iter().map(|stack| (stack.weight, stack.samples)).collect();
        assert_eq!(weights, [(5.0, 5), (1.5, 2)]);
        assert_eq!(samples.ms_per_weight, None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let error = parse(b"a;b 2\na;b\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2: expected frames separated by `;`, a space and a count"
        );
    }

    #[test]
    fn hostile_counts_and_bytes_are_noted() {
        let samples = parse(b"a -5\nb nan\nc inf\nd\xff 1\n").unwrap();
        assert_eq!(samples.stacks.len(), 1);
        assert_eq!(
            samples.notes,
            [
                "1 lines are not UTF-8; the characters that could not be read are replaced",
                "3 samples left out: their weight is negative or not a number"
            ]
        );
    }
}
