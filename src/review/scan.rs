//! A scan of a tree as it stands: no git, no change, no network.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use analyzer::Analyzer;
use anyhow::bail;
use contract::{Clock, CodeReview, Recommendation};

use super::cost::{self, Meter};
use super::rules::{self, OwnRules};
use super::settings::{self, Settings};
use super::tree::Tree;
use crate::report::{Report, text};

/// What to scan, and how.
#[derive(Debug, Clone)]
pub struct ScanRequest {
    pub paths: Vec<PathBuf>,
    /// Rules in place of those in the repository's own folder.
    pub rules: Option<PathBuf>,
    /// Rules to run alone; all where there are none.
    pub only: Vec<String>,
    /// Whether to make the fixes that hold.
    pub fix: bool,
}

/// A scan that came to its end.
pub struct Scanned {
    pub report: Report,
    /// Files whose fixes could not be written.
    pub unwritten: usize,
}

/// A scan that is ready to begin.
pub struct Scan {
    tree: Tree,
    analyzer: Analyzer,
    fix: bool,
}

/// What `--fix` did.
#[derive(Default)]
struct Mended {
    findings: Vec<Recommendation>,
    files: usize,
    unwritten: Vec<String>,
}

impl Scan {
    /// Finds the tree, its settings and its rules.
    pub fn open(request: &ScanRequest) -> anyhow::Result<Self> {
        let tree = Tree::open(&request.paths)?;
        let text = std::fs::read(tree.root().join(settings::FILE)).ok();
        let (settings, why) = Settings::read(text.as_deref());
        let own = match &request.rules {
            Some(folder) if !folder.is_dir() => bail!("{} is not a folder", folder.display()),
            Some(folder) => OwnRules::on_disk(folder)?,
            None => OwnRules::on_disk(&tree.root().join(rules::FOLDER))?,
        };
        let analyzer = rules::analyzer(&settings, &own.with_notes(why), &request.only)?;
        Ok(Self { tree, analyzer, fix: request.fix })
    }

    /// Scans, and calls back for each file that is read.
    pub fn run(&self, region: Option<&str>, clock: Clock, on_file: &(dyn Fn() + Sync)) -> Scanned {
        let meter = Meter::start(clock());
        let mended = Mutex::new(Mended::default());
        let read = |path: &str| {
            let bytes = self.tree.read(path)?;
            on_file();
            Ok(if self.fix { self.mend(path, bytes, &mended) } else { bytes })
        };
        let mut code = self.analyzer.scan(&mut self.tree.files(), &read);
        let mended = mended.into_inner().unwrap_or_else(PoisonError::into_inner);
        let unwritten = mended.unwritten.len();
        mended.tell(&mut code);
        let cost = cost::of_scan(meter, clock(), region);
        Scanned { report: Report::of_scan(self.tree.name(), code, cost), unwritten }
    }

    /// The file's bytes after its fixes, which are on disk by then.
    fn mend(&self, path: &str, bytes: Vec<u8>, mended: &Mutex<Mended>) -> Vec<u8> {
        let Some((fixed, findings)) = self.analyzer.mend(path, &bytes) else { return bytes };
        let written = self.tree.replace(path, &fixed);
        let mut mended = mended.lock().unwrap_or_else(PoisonError::into_inner);
        match written {
            Ok(()) => {
                mended.findings.extend(findings);
                mended.files += 1;
                fixed
            }
            Err(error) => {
                mended.unwritten.push(format!("the fixes of {path} could not be written: {error}"));
                bytes
            }
        }
    }
}

impl Mended {
    fn tell(mut self, code: &mut CodeReview) {
        if self.files > 0 {
            code.notes.push(format!("{} mended", text::count(self.files, "file")));
        }
        self.unwritten.sort();
        code.notes.extend(self.unwritten);
        self.findings.sort_by(|one, other| {
            (&one.file_path, one.start_line).cmp(&(&other.file_path, other.start_line))
        });
        code.fixed = self.findings;
    }
}
