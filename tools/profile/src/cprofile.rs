//! Python's `cProfile`: the file that `python3 -m cProfile -o FILE` and `pstats.Stats.dump_stats` write.
//!
//! It holds no stacks but functions, each with its calls and its times, under `(file, line, name)`.

use contract::{Frame, FunctionCost, Samples};

use crate::format::Fault;
use crate::marshal::{Object, Reader};
use crate::stack_table::StackTable;

/// `pstats` keeps seconds.
const MS_PER_SECOND: f64 = 1e3;

/// True for a marshaled dictionary whose first key is a tuple of three, as no JSON is.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let Some(([open, first], rest)) = bytes.split_first_chunk::<2>() else { return false };
    let items = match first & 0x7f {
        b')' => rest.starts_with(&[3]),
        b'(' => rest.starts_with(&[3, 0, 0, 0]),
        // A program that called nothing.
        b'0' => rest.is_empty(),
        _ => false,
    };
    open & 0x7f == b'{' && items
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Samples, Fault> {
    let mut reader = Reader::new(bytes);
    let mut table = StackTable::default();
    reader.open_dictionary()?;
    loop {
        let place = reader.place();
        let Some((key, value)) = reader.entry()? else { break };
        let Some(function) = function(&key, &value) else {
            return Err(Fault::at(
                place,
                "expected (file, line, name) and (calls, calls, own time, total time, callers)",
            ));
        };
        table.add_function(&function)?;
    }
    if !reader.is_at_end() {
        return Err(Fault::at(reader.place(), "something follows the dictionary"));
    }
    table.note("cProfile measures elapsed time unless it was given another timer: waiting counts too, and functions that are called often look slower than they are");
    table.note("cProfile keeps no stacks, so there is no flame graph");
    Ok(table.finish(Some(MS_PER_SECOND)))
}

fn function(key: &Object, value: &Object) -> Option<FunctionCost> {
    let Object::Tuple(key) = key else { return None };
    let Object::Tuple(value) = value else { return None };
    let [Object::Text(file), Object::Number(line), Object::Text(name)] = &**key else {
        return None;
    };
    let [
        Object::Number(_primitive),
        Object::Number(calls),
        Object::Number(own),
        Object::Number(total),
        Object::Dictionary,
    ] = &**value
    else {
        return None;
    };
    // `~` and line 0 stand for what is written in C.
    let file = (&**file != "~").then(|| file.to_string());
    let frame = Frame {
        function: name.to_string(),
        file,
        line: None,
        defined_at: Some(*line as u32).filter(|line| *line > 0),
    };
    Some(FunctionCost { frame, own: *own, total: *total, calls: *calls as u64 })
}
