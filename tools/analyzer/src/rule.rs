//! What a reader sees of a rule.

use std::str::FromStr;

use contract::{Category, Severity};
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::finding::short_hash;

/// What a reader is told of a rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleInfo {
    /// Names what is flagged: `query-in-loop`.
    pub id: String,
    pub title: String,
    pub why: String,
    pub instead: String,
    pub languages: Vec<String>,
    /// What the flagged code wastes; `None` where the rule is not about cost.
    pub category: Option<Resource>,
    pub area: Category,
    pub severity: Severity,
    pub confidence: Confidence,
    pub references: Vec<String>,
    /// What other linters call it, as `noqa:E722`: their comments silence it too.
    pub known_as: Vec<String>,
    /// Whether it counts in tests, which serve nobody and whose data is small.
    pub in_tests: bool,
    /// Whether its cost comes with each execution, so that it is small where the code runs seldom.
    pub per_execution: bool,
    /// Whether it is worth leading with in files that somebody runs by hand, who sees what goes wrong.
    pub in_scripts: bool,
    /// How many loops must repeat what costs next to nothing once, before it is worth leading with: one that goes over things
    /// named as many counts for two, one over visibly few for none.
    pub loops: usize,
    pub examples: Vec<Example>,
    /// Whether it can mend what it flags, in one of its variants at least.
    pub fixable: bool,
    pub benchmarks: Vec<Benchmark>,
    /// What was measured with the benchmarks as they are now.
    pub evidence: Vec<Evidence>,
}

/// What a program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    Cpu,
    Memory,
    Io,
    Network,
    Storage,
    /// Machine time of builds and pipelines.
    Build,
    /// Machines that are larger, older or up for longer than need be.
    Infrastructure,
}

/// How often a finding of the rule is worth a change; those of a low one lead only where a profile or a benchmark says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

/// Code that a rule flags, or leaves alone.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// The languages that read this code alike.
    pub languages: Vec<String>,
    /// Where it lies, for a rule that is for some paths only.
    pub path: Option<String>,
    pub code: String,
    pub flagged: bool,
    /// What the rule's fix makes of it.
    pub fixed: Option<String>,
}

/// The same work done in the way that the rule flags and in the one that it advises.
///
/// Both sides define `run(input)`, `setup` defines `setup(n)` that makes the input; what that looks like in each runtime's
/// language is in the harness of the runtime. Both sides return the same value for the same input.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    pub runtime: Runtime,
    /// Sizes of the input, small to large.
    pub sizes: Vec<u64>,
    pub setup: String,
    pub slow: String,
    pub fast: String,
}

/// What runs a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    Python,
    Node,
    Java,
    Go,
    Rust,
    Ruby,
    Php,
    Cpp,
    Kotlin,
    /// SQL in the SQLite that Python brings.
    Sqlite,
    /// Python with `NumPy`; what counts is the library.
    Numpy,
    /// Python with pandas; what counts is the library.
    Pandas,
    /// Python with Requests, against a server on loopback.
    Requests,
    /// Python with Django, on the `SQLite` that Python brings.
    Django,
    /// Python with Boto3, which asks nobody.
    Boto3,
    /// Ruby with Active Record, on `SQLite`.
    ActiveRecord,
    /// Node.js with React and its renderer for tests, which makes no page.
    React,
}

/// The programs of a language, which run its runtime and those that are a library of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    Python,
    Node,
    Java,
    Go,
    Rust,
    Ruby,
    Php,
    Cpp,
    Kotlin,
}

impl Benchmark {
    /// Changes with the code, so that nothing measured with other code counts.
    pub fn fingerprint(&self) -> String {
        let mut hash = short_hash(&[&self.setup, &self.slow, &self.fast]);
        hash.truncate(8);
        hash
    }
}

impl Runtime {
    pub const ALL: [Self; 17] = [
        Self::Python,
        Self::Node,
        Self::Java,
        Self::Go,
        Self::Rust,
        Self::Ruby,
        Self::Php,
        Self::Cpp,
        Self::Kotlin,
        Self::Sqlite,
        Self::Numpy,
        Self::Pandas,
        Self::Requests,
        Self::Django,
        Self::Boto3,
        Self::ActiveRecord,
        Self::React,
    ];

    /// As rules and the names of evidence files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Node => "node",
            Self::Java => "java",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Cpp => "cpp",
            Self::Kotlin => "kotlin",
            Self::Sqlite => "sqlite",
            Self::Numpy => "numpy",
            Self::Pandas => "pandas",
            Self::Requests => "requests",
            Self::Django => "django",
            Self::Boto3 => "boto3",
            Self::ActiveRecord => "activerecord",
            Self::React => "react",
        }
    }

    /// What runs it.
    pub fn host(self) -> Host {
        match self {
            Self::Python
            | Self::Sqlite
            | Self::Numpy
            | Self::Pandas
            | Self::Requests
            | Self::Django
            | Self::Boto3 => Host::Python,
            Self::Node | Self::React => Host::Node,
            Self::Java => Host::Java,
            Self::Go => Host::Go,
            Self::Rust => Host::Rust,
            Self::Ruby | Self::ActiveRecord => Host::Ruby,
            Self::Php => Host::Php,
            Self::Cpp => Host::Cpp,
            Self::Kotlin => Host::Kotlin,
        }
    }

    /// The languages whose code runs in it as the benchmark's does.
    pub fn languages(self) -> &'static [&'static str] {
        if self == Self::Sqlite {
            return &["Sql"];
        }
        match self.host() {
            Host::Python => &["Python"],
            Host::Node => &["JavaScript", "TypeScript", "Tsx"],
            Host::Java => &["Java"],
            Host::Go => &["Go"],
            Host::Rust => &["Rust"],
            Host::Ruby => &["Ruby"],
            Host::Php => &["Php"],
            Host::Cpp => &["C", "Cpp"],
            Host::Kotlin => &["Kotlin"],
        }
    }
}

impl FromStr for Runtime {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|runtime| runtime.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no runtime {name:?}; there are {names}")
        })
    }
}
