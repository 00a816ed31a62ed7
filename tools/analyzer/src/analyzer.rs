//! The analyzer: rules compiled once, run over any number of changes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{Binding, Change, CodeReview, CodeReviewer, ReviewError};
use globset::{Glob, GlobSet, GlobSetBuilder};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::compile::{RuleError, Rules, bundled_texts};
use crate::review::review;
use crate::rule::RuleInfo;

/// Matching a pattern recurses as deep as the pattern and the code agree.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Finds what the rules describe. A clone shares everything.
#[derive(Clone)]
pub struct Analyzer(Arc<Inner>);

/// What a repository may choose.
#[derive(Debug, Clone)]
pub struct Settings {
    pub disabled_rules: Vec<String>,
    /// Rules of the repository's own: (name of the file without its ending, text).
    pub rules: Vec<(String, String)>,
    /// Globs of paths to leave out; `*` also matches `/`.
    pub ignore: Vec<String>,
    pub max_file_bytes: usize,
    /// How long one file may take.
    pub file_deadline: Duration,
}

pub(crate) struct Inner {
    pub(crate) rules: Rules,
    /// By index of the rule.
    pub(crate) disabled: Vec<bool>,
    pub(crate) disabled_in_tests: Vec<bool>,
    pub(crate) ignore: GlobSet,
    pub(crate) max_file_bytes: usize,
    pub(crate) file_deadline: Duration,
    pool: ThreadPool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            disabled_rules: Vec::new(),
            rules: Vec::new(),
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
        let Settings { disabled_rules, rules: own, ignore, max_file_bytes, file_deadline } =
            settings;
        let own_texts = own.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let texts: Vec<_> = texts.iter().copied().chain(own_texts).collect();
        let rules = Rules::read(&texts)?;
        if !own.is_empty() {
            rules.check()?;
        }
        let pool = ThreadPoolBuilder::new()
            .stack_size(STACK_BYTES)
            .thread_name(|number| format!("analyzer-{number}"));
        let disabled = disabled(&rules, &disabled_rules)?;
        let in_tests = rules.infos.iter().map(|info| info.in_tests);
        Ok(Self(Arc::new(Inner {
            disabled_in_tests: disabled.iter().zip(in_tests).map(|(off, on)| *off || !on).collect(),
            disabled,
            ignore: globs(&ignore)?,
            rules,
            max_file_bytes,
            file_deadline,
            pool: pool.build().map_err(|error| RuleError::Threads(error.to_string()))?,
        })))
    }

    /// All rules, disabled ones too.
    pub fn rules(&self) -> impl Iterator<Item = &RuleInfo> {
        self.0.rules.infos.iter()
    }

    /// Reviews a change on the analyzer's own threads, and waits for it.
    pub fn review(&self, change: &Change) -> CodeReview {
        self.0.pool.install(|| review(&self.0, change))
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

fn disabled(rules: &Rules, ids: &[String]) -> Result<Vec<bool>, RuleError> {
    let unknown = ids.iter().find(|id| !rules.infos.iter().any(|info| info.id == **id));
    if let Some(id) = unknown {
        return Err(RuleError::UnknownRule { id: id.clone(), nearest: rules.nearest(id) });
    }
    Ok(rules.infos.iter().map(|info| ids.contains(&info.id)).collect())
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

    #[test]
    fn a_broken_rule_is_named() {
        let refused = |name: &str, text: &str| {
            let rules = vec![(name.to_owned(), text.to_owned())];
            let settings = Settings { rules, ..Settings::default() };
            Analyzer::with_rules(&[], settings).err().unwrap().to_string()
        };
        assert_eq!(
            refused("other", &rule("test", "in-loop")),
            "rule `other` cannot be used: its id is `test`, unlike its file name"
        );
        assert_eq!(
            refused("test", &rule("test", "in-lop")),
            "rule `test` cannot be used: there is no matcher `in-lop`"
        );
        let kind = rule("test", "in-loop").replace("kind: identifier", "kind: identifer");
        assert!(refused("test", &kind).contains("identifer"), "{}", refused("test", &kind));
        let language = rule("test", "in-loop").replace("Python", "Lua");
        assert_eq!(
            refused("test", &language),
            "rule `test` cannot be used: there is no grammar for Lua"
        );
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
