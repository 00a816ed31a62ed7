//! The analyzer: rules compiled once, run over any number of changes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{
    Binding, Change, ChangedFile, CodeReview, CodeReviewer, Recommendation, ReviewError,
};
use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::compile::{RuleError, Rules, bundled_texts};
use crate::own_rules;
use crate::review::{self, review};
use crate::rule::RuleInfo;

/// Matching a pattern recurses as deep as the pattern and the code agree.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Finds what the rules describe. A clone shares everything.
#[derive(Clone)]
pub struct Analyzer(Arc<Inner>);

/// What a repository may choose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Run these rules alone; all where there are none.
    pub only_rules: Vec<String>,
    pub disabled_rules: Vec<String>,
    /// Run rules too that were measured in a file's language and gain nothing there.
    pub show_weak: bool,
    /// Rules of the repository's own: (name of the file, text). One that cannot be used is a note of each review.
    pub rules: Vec<(String, String)>,
    /// What the reader of each review should know beside it.
    pub notes: Vec<String>,
    /// Globs of paths to leave out; `*` also matches `/`.
    pub ignore: Vec<String>,
    pub max_file_bytes: usize,
    /// How long one file may keep a processor busy.
    pub file_deadline: Duration,
}

/// A file to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Relative to the root of what is scanned, `/` between folders.
    pub path: String,
    pub state: FoundState,
}

/// What whoever found a file knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundState {
    Readable,
    /// It is left out on purpose: why.
    LeftOut(String),
    /// A reader would expect it to be scanned: why it cannot be.
    Unreadable(String),
}

/// Reads a file by the path it was found under, or says why that cannot be done.
pub type Read<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + Sync + 'a;

pub(crate) struct Inner {
    pub(crate) rules: Rules,
    /// By index of the rule.
    pub(crate) disabled: Vec<bool>,
    pub(crate) disabled_in_tests: Vec<bool>,
    pub(crate) ignore: GlobSet,
    pub(crate) max_file_bytes: usize,
    pub(crate) file_deadline: Duration,
    pub(crate) notes: Vec<String>,
    pool: ThreadPool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            only_rules: Vec::new(),
            disabled_rules: Vec::new(),
            show_weak: false,
            rules: Vec::new(),
            notes: Vec::new(),
            ignore: Vec::new(),
            max_file_bytes: 1024 * 1024,
            file_deadline: Duration::from_secs(2),
        }
    }
}

impl Analyzer {
    /// An analyzer with the rules of this crate.
    pub fn bundled(settings: Settings) -> Result<Self, RuleError> {
        Self::with_rules(&bundled_texts(), settings)
    }

    /// An analyzer with these rules, (name of the file without its ending, text), in place of the bundled ones.
    pub fn with_rules(texts: &[(&str, &str)], settings: Settings) -> Result<Self, RuleError> {
        let Settings {
            only_rules,
            disabled_rules,
            show_weak,
            rules: own,
            notes,
            ignore,
            max_file_bytes,
            file_deadline,
        } = settings;
        let pool = ThreadPoolBuilder::new()
            .stack_size(STACK_BYTES)
            .thread_name(|number| format!("analyzer-{number}"));
        let pool = pool.build().map_err(|error| RuleError::Threads(error.to_string()))?;
        let mut rules = pool.install(|| Rules::read(texts))?;
        rules.show_weak = show_weak;
        let mut notes = notes;
        if !own.is_empty() {
            notes.extend(pool.install(|| own_rules::add(&mut rules, &own)));
        }
        let disabled = disabled(&rules, &only_rules, &disabled_rules)?;
        rules.leave_out(&disabled);
        let in_tests = rules.infos.iter().map(|info| info.in_tests);
        Ok(Self(Arc::new(Inner {
            disabled_in_tests: disabled.iter().zip(in_tests).map(|(off, on)| *off || !on).collect(),
            disabled,
            ignore: globs(&ignore)?,
            rules,
            max_file_bytes,
            file_deadline,
            notes,
            pool,
        })))
    }

    /// All rules, disabled ones too.
    pub fn rules(&self) -> impl Iterator<Item = &RuleInfo> {
        self.0.rules.infos.iter()
    }

    /// The ids most like one that does not exist.
    pub fn nearest(&self, id: &str) -> Vec<String> {
        self.0.rules.nearest(id)
    }

    /// Reviews a change on the analyzer's own threads, and waits for it.
    pub fn review(&self, change: &Change) -> CodeReview {
        self.0.pool.install(|| review(&self.0, change))
    }

    /// Scans files as they stand. Each is read on one of the analyzer's threads and let go again, so that as many are
    /// in memory as there are threads.
    pub fn scan(&self, files: &mut (dyn Iterator<Item = Found> + Send), read: &Read) -> CodeReview {
        self.0.pool.install(|| review::scan(&self.0, files, read))
    }

    /// The file with all fixes made that hold, and the findings that are gone by them; `None` where there are none.
    pub fn mend(&self, path: &str, bytes: &[u8]) -> Option<(Vec<u8>, Vec<Recommendation>)> {
        let file = ChangedFile { path: path.to_owned(), ..ChangedFile::default() };
        let mended = || review::mend(&self.0, &file, bytes);
        self.0.pool.install(|| catch_unwind(AssertUnwindSafe(mended)).unwrap_or_default())
    }
}

#[async_trait]
impl CodeReviewer for Analyzer {
    async fn review(
        &self,
        _binding: &Binding,
        change: &Arc<Change>,
    ) -> Result<CodeReview, ReviewError> {
        let (analyzer, change) = (self.clone(), Arc::clone(change));
        let reviewed =
            tokio::task::spawn_blocking(move || Analyzer::review(&analyzer, &change)).await;
        reviewed.map_err(|error| ReviewError(format!("the analyzer failed: {error}")))
    }
}

fn disabled(rules: &Rules, only: &[String], off: &[String]) -> Result<Vec<bool>, RuleError> {
    let is_rule = |id: &str| rules.infos.iter().any(|info| info.id == id);
    if let Some(id) = only.iter().chain(off).find(|id| !is_rule(id)) {
        return Err(RuleError::UnknownRule { id: id.clone(), nearest: rules.nearest(id) });
    }
    let runs = |id: &String| (only.is_empty() || only.contains(id)) && !off.contains(id);
    Ok(rules.infos.iter().map(|info| !runs(&info.id)).collect())
}

fn globs(patterns: &[String]) -> Result<GlobSet, RuleError> {
    let bad = |glob: &str, reason: String| RuleError::BadGlob { glob: glob.to_owned(), reason };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| bad(pattern, error.kind().to_string()))?);
    }
    set.build().map_err(|error| bad(&patterns.join(", "), error.to_string()))
}

#[cfg(test)]
mod tests {
    use contract::ChangedFile;

    use super::*;

    fn rule(id: &str, matcher: &str) -> String {
        format!(
            "id: {id}\nlanguages: [Python]\nmessage: found\nrule: {{kind: identifier}}\nmatcher: {matcher}\n\
             metadata: {{title: t, why: w, instead: i, area: CodeQuality, severity: Low, confidence: low}}\n"
        )
    }

    fn review_with(matcher: &str, settings: Settings) -> CodeReview {
        let text = rule("test", matcher);
        let analyzer = Analyzer::with_rules(&[("test", text.as_str())], settings).unwrap();
        let file = |path: &str, text: &str| ChangedFile {
            path: path.into(),
            head: Some(text.into()),
            ..ChangedFile::default()
        };
        let files = vec![file("bad.py", "name\n"), file("good.py", "1\n")];
        analyzer.review(&Change { files, ..Change::default() })
    }

    #[test]
    fn a_panic_costs_one_file_and_not_the_process() {
        let review = review_with("panics", Settings::default());
        assert_eq!((review.files_reviewed, review.status.as_str()), (1, "Partial"));
        assert_eq!(review.skipped[0].path, "bad.py");
        assert_eq!(review.skipped[0].reason, "the analyzer failed on it");
    }

    #[test]
    fn a_file_that_takes_too_long_is_left_out() {
        let none = Settings { file_deadline: Duration::ZERO, ..Settings::default() };
        let review = review_with("sleeps", none);
        assert_eq!((review.files_reviewed, review.status.as_str()), (0, "Partial"));
        assert_eq!(review.skipped[0].reason, "not done within the time for one file");
    }

    fn notes_of(own: &[(&str, &str)]) -> Vec<String> {
        let own = own.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let settings = Settings { rules: own.collect(), ..Settings::default() };
        let sound = rule("sound", "in-loop");
        let analyzer = Analyzer::with_rules(&[("sound", &sound)], settings).unwrap();
        assert_eq!(analyzer.rules().filter(|info| info.id == "sound").count(), 1);
        analyzer.review(&Change::default()).notes
    }

    #[test]
    fn a_broken_rule_is_a_note_and_the_others_hold() {
        let broken = |name: &str, text: &str| notes_of(&[(name, text)]).remove(0);
        assert_eq!(
            broken("a.yml", &rule("test", "in-lop")),
            "the repository's rule `a.yml` is not used: there is no matcher `in-lop`"
        );
        let kind = rule("test", "in-loop").replace("kind: identifier", "kind: identifer");
        assert!(broken("a.yml", &kind).contains("identifer"), "{}", broken("a.yml", &kind));
        let language = rule("test", "in-loop").replace("Python", "Lua");
        assert_eq!(
            broken("a.yml", &language),
            "the repository's rule `a.yml` is not used: there is no grammar for Lua"
        );
        assert_eq!(
            broken("a.yml", &rule("sound", "in-loop")),
            "the repository's rule `a.yml` is not used: there is a rule of that name already"
        );
        for rubbish in ["", "- a\n", "id: [", "\0", "id: a\nrule: &a {not: *a}\nlanguage: go\n"] {
            assert!(!broken("a.yml", rubbish).is_empty());
        }
    }

    #[test]
    fn what_is_not_taken_of_an_ast_grep_rule_is_named() {
        let plain = "id: no-todo\nlanguage: python\nmessage: found\nrule: {pattern: todo($A)}\n";
        assert_eq!(notes_of(&[("a.yml", plain)]), Vec::<String>::new());
        for (more, named) in [
            ("rewriters: []\n", "it uses `rewriters`, which is not taken here"),
            (
                "fix: {template: '', expandEnd: {regex: ','}}\n",
                "it uses `fix with more than a template`, which is not taken here",
            ),
        ] {
            let notes = notes_of(&[("a.yml", &format!("{plain}{more}"))]);
            assert!(notes[0].ends_with(named), "{notes:?}");
        }
        let cased = format!("{plain}metadata: {{cwe: 20}}\n");
        assert_eq!(notes_of(&[("a.yml", &cased)]), Vec::<String>::new());
    }

    #[test]
    fn a_file_may_hold_several_rules_and_a_broken_one_costs_no_other() {
        let file = format!("{}---\n{}", rule("one", "in-loop"), rule("two", "in-lop"));
        let notes = notes_of(&[("a.yml", &file)]);
        assert_eq!(notes.len(), 1, "{notes:?}");
    }

    #[test]
    fn rules_that_are_made_to_hurt_do_not() {
        let plain = "id: a\nlanguage: python\nmessage: found\nrule: {pattern: 'PATTERN'}\n";
        let notes = |pattern: &str| notes_of(&[("a.yml", &plain.replace("PATTERN", pattern))]);
        assert!(notes(&("(".repeat(1_000) + &")".repeat(1_000)))[0].contains("nests deeper"));
        assert!(notes(&"x".repeat(20_000))[0].contains("longer than 16 KiB"));
        // As deep as 16 KiB go: none of these may end the process.
        for pattern in ["a".to_owned() + &".b".repeat(8_000), "not ".repeat(4_000) + "a"] {
            notes(&pattern);
        }
        let many = plain.replace("PATTERN", "a($A)") + "keywords: [" + &"x, ".repeat(100) + "]\n";
        assert!(notes_of(&[("a.yml", &many)])[0].contains("more than 50 keywords"));
    }

    #[test]
    fn every_bundled_rule_compiles() {
        Rules::read(&bundled_texts()).unwrap().check().unwrap();
    }

    #[test]
    fn a_rule_written_for_ast_grep_is_taken_as_it_is() {
        let text = "id: no-todo\nlanguage: python\nseverity: warning\nmessage: found $A\nnote: Mend it.\nurl: https://example.com\nrule: {pattern: todo($A)}\nfix: done($A)\nlabels: {A: {style: primary}}\n";
        let rules = vec![("no-todo".to_owned(), text.to_owned())];
        let analyzer =
            Analyzer::with_rules(&[], Settings { rules, ..Settings::default() }).unwrap();
        let info = analyzer.rules().next().unwrap();
        assert_eq!((info.title.as_str(), info.why.as_str()), ("no todo", "Mend it."));
        assert_eq!(info.severity, contract::Severity::Medium);
    }

    #[test]
    fn analyzers_are_shared_between_threads() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Analyzer>();
    }
}
