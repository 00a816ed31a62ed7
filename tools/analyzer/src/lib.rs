//! Source text to findings: a static analyzer whose rules are data.
//!
//! # Adding a rule
//!
//! Add one file, `rules/<language or common>/<rule-id>.yml`; no Rust to touch. The id names what is flagged
//! (`query-in-loop`) and equals the file's name. The keys:
//!
//! ```yaml
//! id: sorted-for-one-element
//! languages: [Python]          # the names in src/language.rs; `language: Python` as ast-grep has it is fine too
//! message: "`$LIST` is sorted only to take one element."   # $NAMES are filled from the match
//! rule:                        # ast-grep's own keys: rule, constraints, utils
//!   pattern: sorted($LIST)[0]
//! fix: min($LIST)              # optional: what to put in the match's place
//! files: ["**/tasks/*.py"]     # optional: only paths that match; `ignores` leaves paths out
//! matcher: in-loop             # optional: one name or several from src/matchers/, all of which must hold
//! keywords: [")[0]", ")[-1]"]  # optional: a file without any of these texts is not even parsed
//! hints: []                    # optional: the same as regular expressions; in all of them `\w` takes whatever is not ASCII
//! metadata:
//!   title: Sorting for one element
//!   why: What it costs, in a sentence or two.
//!   instead: What to do.
//!   references: [https://docs.python.org/3/library/functions.html#min]
//!   category: cpu              # cpu, memory, io, network or storage; left out where a rule saves none
//!   area: Performance          # Performance, CodeQuality, Security or BestPractices
//!   severity: Low              # Critical, High, Medium or Low
//!   confidence: high           # high, medium, or low where few findings are worth a change: these are folded
//!   per_execution: true        # optional: whether its cost comes with each execution; so it does where it is cpu or memory
//!   in_scripts: false          # optional: what somebody runs by hand, as a script, is not worth leading with
//!   loops: 1                   # optional: one execution costs next to nothing, so that it leads in so many loops alone; one
//!                              # over things named as many counts for two, one over visibly few for none
//! valid: ["smallest = min(prices)\n", "ranked = sorted(prices)\n"]
//! invalid: ["smallest = sorted(prices)[0]\n", "print(sorted(names)[0])\n"]
//! fixed: ["smallest = min(prices)\n", "print(min(names))\n"]   # the invalid ones after the fix
//! benchmarks:                  # optional: what the evidence is measured with
//!   - runtime: python          # python, node, java, go, rust, ruby, php, cpp, kotlin or sqlite; with a library numpy, pandas,
//!                              # requests, django, boto3, activerecord or react
//!     sizes: [100, 10000]
//!     setup: |
//!       def setup(n):
//!           return list(range(n))
//!     slow: |
//!       def run(items):
//!           return sorted(items)[0]
//!     fast: |
//!       def run(items):
//!           return min(items)
//! ```
//!
//! A rule for several languages that need different patterns holds a list `variants:` instead, each with its own
//! `languages`, `rule`, `constraints`, `utils`, `fix`, `matcher`, `keywords`, `valid`, `invalid` and `fixed`, and where it differs its own
//! `message`, `why`, `instead` and `references`. The tests check every rule: at least two valid examples that stay silent,
//! two invalid ones that are flagged, one reference. A rule that cannot be made precise is left out.
//!
//! # What is read
//!
//! Reading text into a syntax tree takes nearly all the time of a scan, so nothing is read in which no rule can match. A file
//! without any of a rule's `keywords` and `hints` is none for that rule. Of Python, only those statements are read that have
//! the words of a rule's patterns in their order and stand in as many loops as its matcher asks for (`reading/`), with the
//! first lines of what is around them; in the place of the others stands `pass`. A statement that is nothing but a text is read
//! for rules about texts alone. Nor is a function read whose mere text tells that a rule's matcher cannot hold in it. How much is
//! read with a match follows from how far its rule looks: no further than the line of code where it asks of what is around for
//! kinds alone; else the loop or the like that it asks about; with a matcher of `matchers/`, the function, or the file where
//! that looks further. Whatever is doubtful is read as a whole, and so is a file of which what is read does not fit together.
//! Syntax errors in what is not read are not counted, and hide nothing.
//!
//! # Evidence
//!
//! `eco-coder rules measure ID` runs a rule's benchmarks and writes what they show to `evidence/`, from where it is built in. A
//! benchmark that is changed loses its evidence. Where the flagged form may be no slower on the runtime of a language, the rule
//! stays silent in that language. How a benchmark becomes a program is in `measure/templates/`.

mod active;
mod analyzer;
mod compile;
mod deadline;
mod embedded_sql;
mod evidence;
mod finding;
mod findings;
mod fixes;
mod inline_tests;
mod kotlin;
mod language;
mod matchers;
pub mod measure;
mod merge;
mod own_rules;
mod parse;
mod reading;
mod review;
mod rule;
mod rule_file;
mod scan;
mod seldom;
mod silence;
mod source;
mod syntax;
mod tool;
mod words;

pub use analyzer::{Analyzer, Found, FoundState, Read, Settings};
pub use compile::RuleError;
pub use evidence::Evidence;
pub use rule::{Benchmark, Confidence, Example, Host, Resource, RuleInfo, Runtime};
pub use source::is_vendored;
pub use tool::AnalyzeCode;
