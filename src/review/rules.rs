//! The repository's own rules, `.eco-coder/rules/*.yml`: from the base of a change, or from disk for a scan.

use std::path::Path;

use analyzer::Analyzer;
use anyhow::Context;
use github::{GitHub, GitHubError};
use serde::Serialize;

use super::git::Repository;
use super::settings::{self, Settings};

pub(super) const FOLDER: &str = ".eco-coder/rules";
const MOST_FILES: usize = 50;
const MOST_BYTES: u64 = 64 * 1024;

/// Rules by the names of their files, and what is to be said of those that were not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OwnRules {
    files: Vec<(String, String)>,
    notes: Vec<String>,
}

/// A file of the folder.
struct Listed {
    name: String,
    bytes: u64,
}

impl OwnRules {
    /// Those of a commit.
    pub async fn at(repository: &Repository, commit: &str) -> anyhow::Result<Self> {
        let listed = repository.folder(commit, FOLDER).await?;
        let listed = listed.into_iter().map(|(name, bytes)| Listed { name, bytes }).collect();
        let mut rules = Self::default();
        for name in rules.choose(listed) {
            let bytes = repository.file(commit, &format!("{FOLDER}/{name}")).await?;
            rules.take(name, bytes);
        }
        Ok(rules)
    }

    /// Those of a commit on GitHub.
    pub async fn on_github(
        github: &GitHub,
        repository: &str,
        commit: &str,
    ) -> anyhow::Result<Self> {
        let listed = github.folder(repository, FOLDER, commit).await?;
        let listed = listed.into_iter().map(|file| Listed { name: file.name, bytes: file.size });
        let mut rules = Self::default();
        for name in rules.choose(listed.collect()) {
            let path = format!("{FOLDER}/{name}");
            match github.content(repository, &path, commit, MOST_BYTES).await {
                Err(GitHubError::TooLarge(why)) => rules.notes.push(why),
                bytes => rules.take(name, bytes?),
            }
        }
        Ok(rules)
    }

    /// Those of a folder; a folder that is not there has none.
    pub fn on_disk(folder: &Path) -> anyhow::Result<Self> {
        let mut listed = Vec::new();
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            entries => {
                entries.with_context(|| format!("read the rules in {}", folder.display()))?
            }
        };
        for entry in entries.filter_map(Result::ok) {
            // A link may lead anywhere.
            let about = std::fs::symlink_metadata(entry.path());
            let (Ok(name), Ok(about)) = (entry.file_name().into_string(), about) else { continue };
            if about.is_file() {
                listed.push(Listed { name, bytes: about.len() });
            }
        }
        let mut rules = Self::default();
        for name in rules.choose(listed) {
            let bytes = std::fs::read(folder.join(&name)).ok();
            rules.take(name, bytes);
        }
        Ok(rules)
    }

    /// With one more thing to say.
    #[must_use]
    pub fn with_notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The names to read, in their order.
    fn choose(&mut self, mut listed: Vec<Listed>) -> Vec<String> {
        listed.retain(|file| is_yaml(&file.name));
        listed.sort_by(|one, other| one.name.cmp(&other.name));
        if listed.len() > MOST_FILES {
            let all = listed.len();
            self.notes.push(format!("`{FOLDER}` has {all} rules; the first {MOST_FILES} are used"));
            listed.truncate(MOST_FILES);
        }
        let (small, large): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|file| file.bytes <= MOST_BYTES);
        let too_large = |file: Listed| {
            let name = file.name;
            format!("the repository's rule `{name}` is not used: it is larger than 64 KiB")
        };
        self.notes.extend(large.into_iter().map(too_large));
        small.into_iter().map(|file| file.name).collect()
    }

    fn take(&mut self, name: String, bytes: Option<Vec<u8>>) {
        match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => self.files.push((name, text)),
            None => self
                .notes
                .push(format!("the repository's rule `{name}` is not used: it is no UTF-8 text")),
        }
    }
}

fn is_yaml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "yml" || ending == "yaml")
}

/// The analyzer as the repository wants it, with `only` these rules, or all where there are none. Settings that it cannot
/// follow are a note, and its rules hold all the same.
pub(super) fn analyzer(
    settings: &Settings,
    own: &OwnRules,
    only: &[String],
) -> anyhow::Result<Analyzer> {
    let OwnRules { files: rules, notes } = own.clone();
    let of_all = analyzer::Settings { rules, only_rules: only.into(), ..settings.analyzer() };
    let wanted = analyzer::Settings { notes: notes.clone(), ..of_all.clone() };
    Analyzer::bundled(wanted).or_else(|error| {
        let mut notes = notes;
        notes.push(format!("`{}`: {error}; all rules and paths count", settings::FILE));
        let sound = analyzer::Settings {
            disabled_rules: Vec::new(),
            ignore: Vec::new(),
            show_weak: false,
            notes,
            ..of_all
        };
        Ok(Analyzer::bundled(sound)?)
    })
}
