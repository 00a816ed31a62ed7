//! What a rule's pattern cannot say: named conditions on a match, as `matcher: in-loop`.

mod accumulators;
mod asynchronous;
mod blocks;
mod buffers;
mod calls;
mod capacity;
mod copies;
mod counted;
mod declared;
mod defaults;
mod deferred;
pub(crate) mod few;
mod hashes;
mod invariants;
mod iterations;
mod lists;
pub(crate) mod loops;
mod membership;
mod names;
mod nested;
mod page;
mod parameters;
mod reads;
mod relations;
mod resources;
mod rows;
mod searches;
mod selects;
pub(crate) mod short_loops;
mod streams;

use crate::language::SourceMatch;
use crate::reading::{Loops, Reach};

/// A further condition on what a rule's pattern matched.
pub(crate) type Matcher = fn(&SourceMatch) -> bool;

const MATCHERS: &[(&str, Matcher)] = &[
    ("in-loop", loops::in_loop),
    ("many-items", few::many_items),
    ("grows-with-input", few::grows_with_input),
    ("long-text", few::long_text),
    ("unknown-size", few::unknown_size),
    ("grown-from-outside-loop", accumulators::grown_from_outside_loop),
    ("only-grown-in-loop", accumulators::only_grown_in_loop),
    ("count-stays", counted::length_stays),
    ("searched-in-loop", membership::searched_in_loop),
    ("searched-among-many", membership::searched_among_many),
    ("searched-parameter", parameters::searched_parameter),
    ("named-many", few::named_many),
    ("text-of-data", few::text_of_data),
    ("below-the-fold", page::below_the_fold),
    ("many-values", rows::many_values),
    ("inserts-one-by-one", rows::inserts_one_by_one),
    ("list-accumulator", accumulators::list_accumulator),
    ("once-per-item", loops::once_per_item),
    ("known-hash", hashes::known_hash),
    ("in-for-loop", loops::in_for_loop),
    ("many-passes", short_loops::many_passes),
    ("per-call", calls::per_call),
    ("position-moves", calls::position_moves),
    ("declared-string", declared::string),
    ("declared-string-before-loop", declared::string_before_loop),
    ("vector-drained", declared::vector_drained),
    ("declared-set", declared::set),
    ("declared-vector", declared::vector),
    ("declared-lists", declared::lists),
    ("declared-bytes", declared::bytes),
    ("declared-text", declared::text),
    ("string-writer", declared::string_writer),
    ("parameter-only-read", copies::parameter_only_read),
    ("pointer-only-followed", copies::pointer_only_followed),
    ("element-only-read", copies::element_only_read),
    ("length-stays", buffers::length_stays),
    ("appended-from-start", buffers::appended_from_start),
    ("freed-in-same-pass", buffers::freed_in_same_pass),
    ("grows-in-every-pass", buffers::grows_in_every_pass),
    ("collects-byte", buffers::collects_byte),
    ("opened-without-buffer", reads::opened_without_buffer),
    ("large-file", reads::large_file),
    ("read-only-for-lines", reads::read_only_for_lines),
    ("lines-walked-once", reads::lines_walked_once),
    ("used-once", reads::used_once),
    ("ticker-never-stopped", reads::ticker_never_stopped),
    ("another-case-stays", selects::another_case_stays),
    ("released-too-late", deferred::released_too_late),
    ("writes-out", streams::writes_out),
    ("same-in-every-pass", invariants::same_in_every_pass),
    ("list-only-read", invariants::list_only_read),
    ("loops-over-list", lists::loops_over_list),
    ("list-searched-per-item", lists::list_searched_per_item),
    ("lazy-relation", relations::lazy_relation),
    ("row-of-query", relations::row_of_query),
    ("joins-two-lists", nested::joins_two_lists),
    ("same-every-pass", loops::same_every_pass),
    ("text-accumulator", accumulators::text_accumulator),
    ("bytes-accumulator", accumulators::bytes_accumulator),
    ("boxed-accumulator", accumulators::boxed_accumulator),
    ("front-of-list", accumulators::front_of_list),
    ("default-changes", defaults::default_changes),
    ("linked-list", accumulators::linked_list),
    ("in-async-function", asynchronous::in_async_function),
    ("independent-await", asynchronous::independent_await),
    ("guard-lives-across-await", asynchronous::guard_lives_across_await),
    ("length-known-before-loop", capacity::length_known_before_loop),
    ("response-never-closed", resources::response_never_closed),
    ("style-written-in-loop", searches::style_written_in_loop),
    ("array-searched-per-item", searches::array_searched_per_item),
    ("spreads-accumulator", accumulators::spreads_accumulator),
    ("formats-to-string", searches::formats_to_string),
    #[cfg(test)]
    ("panics", |_| panic!("a matcher that panics")),
    #[cfg(test)]
    ("sleeps", |_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        false
    }),
];

/// Those that look at nothing but names and the lines that loops and functions around the match begin with, or how their
/// blocks end.
const OF_LINE: [&str; 7] = [
    "in-loop",
    "in-for-loop",
    "in-async-function",
    "loops-over-list",
    "many-items",
    "many-passes",
    "named-many",
];

/// Those that look at nothing else beyond the loop around the match, or the loop around that.
const OF_LOOP: [&str; 7] = [
    "once-per-item",
    "same-every-pass",
    "same-in-every-pass",
    "list-only-read",
    "only-grown-in-loop",
    "grown-from-outside-loop",
    "joins-two-lists",
];

/// Those that look at nothing else beyond the function around the match, which is the file where there is none. Only they and
/// those above let other functions of a file unread.
const OF_FUNCTION: [&str; 10] = [
    "used-once",
    "bytes-accumulator",
    "grows-with-input",
    "long-text",
    "list-searched-per-item",
    "text-accumulator",
    "list-accumulator",
    "front-of-list",
    "independent-await",
    "searched-parameter",
];

/// The same of the outermost class or function around the match.
const OF_CLASS: [&str; 1] = ["default-changes"];

/// How far a matcher looks.
pub(crate) fn reach(name: &str) -> Reach {
    match name {
        _ if OF_LINE.contains(&name) => Reach::Line,
        _ if OF_LOOP.contains(&name) => Reach::Statement,
        _ if OF_FUNCTION.contains(&name) => Reach::Function,
        _ if OF_CLASS.contains(&name) => Reach::Class,
        _ => Reach::File,
    }
}

/// Those that hold only of what is in a loop of its own function.
const IN_LOOP: [&str; 18] = [
    "list-accumulator",
    "bytes-accumulator",
    "in-loop",
    "in-for-loop",
    "once-per-item",
    "same-every-pass",
    "same-in-every-pass",
    "loops-over-list",
    "list-searched-per-item",
    "list-only-read",
    "text-accumulator",
    "only-grown-in-loop",
    "grown-from-outside-loop",
    "front-of-list",
    "independent-await",
    "searched-parameter",
    "many-passes",
    "lazy-relation",
];

/// The loops that a match has to be in for a matcher to hold.
pub(crate) fn loops(name: &str) -> Loops {
    match name {
        "joins-two-lists" => Loops::TwoOverItems,
        _ if IN_LOOP.contains(&name) => Loops::One,
        _ => Loops::None,
    }
}

/// What of a matcher's condition shows in where the match is: in the lines that loops and functions around it begin with, and
/// in how their blocks end. Where this does not hold, nor does the matcher.
pub(crate) fn place(name: &str) -> Option<Matcher> {
    match name {
        "in-async-function" => Some(asynchronous::in_async_function),
        _ if loops(name) > Loops::None => Some(loops::in_loop),
        _ => None,
    }
}

/// The same, for a match whose names are known.
pub(crate) fn place_of_names(name: &str) -> Option<Matcher> {
    match name {
        "joins-two-lists" => Some(nested::compares_items),
        "lazy-relation" => Some(relations::may_be_lazy_relation),
        "list-searched-per-item" => Some(lists::may_be_list_before_loop),
        "searched-parameter" => Some(parameters::may_be_searched_parameter),
        "text-accumulator" | "bytes-accumulator" => Some(accumulators::may_be_text_accumulator),
        _ => place(name),
    }
}

/// What of a matcher's condition shows in the mere text of the function of Python that a match is in, or of the file where it is in
/// none. Where this does not hold, nor does the matcher.
pub(crate) fn in_text(name: &str) -> Option<fn(&str) -> bool> {
    match name {
        "list-searched-per-item" => Some(lists::may_make_list),
        "searched-parameter" => Some(parameters::may_walk_parameters),
        "text-accumulator" => Some(accumulators::may_start_text),
        "bytes-accumulator" => Some(accumulators::may_start_bytes),
        "list-accumulator" => Some(accumulators::may_start_list),
        "lazy-relation" => Some(relations::may_ask_for_rows),
        _ => None,
    }
}

pub(crate) fn find(name: &str) -> Option<Matcher> {
    MATCHERS.iter().find(|(known, _)| *known == name).map(|(_, matcher)| *matcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_matcher_has_a_name_of_its_own() {
        let mut names: Vec<_> = MATCHERS.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
