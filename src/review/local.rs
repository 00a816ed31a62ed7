//! A review of a local repository: no network, no account.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use contract::{Binding, hexadecimal};
use globset::{Glob, GlobSet, GlobSetBuilder};
use sha2::{Digest, Sha256};

use super::git::{Range, Repository};
use super::settings::{self, Settings};
use super::{Assignment, OwnRules, Reviewer};
use crate::agent::Recollection;
use crate::report::{Ledger, Subject};

/// Profiles of one review; more are left out.
const MOST_PROFILES: usize = 20;

/// What to review.
#[derive(Debug, Clone)]
pub struct LocalRequest {
    pub repository: PathBuf,
    pub base: Option<String>,
    pub head: Option<String>,
    /// Profile files on disk, beside those that the settings name.
    pub profiles: Vec<PathBuf>,
}

impl Reviewer {
    /// Reads the change and all that belongs to it.
    pub async fn local_assignment(&self, request: &LocalRequest) -> anyhow::Result<Assignment> {
        let repository = Repository::open(&request.repository).await?;
        let range = repository.range(request.base.as_deref(), request.head.as_deref()).await?;
        let ((name, web), change, settings, rules) = tokio::join!(
            repository.name(),
            repository.change(&range),
            repository.file(&range.base, settings::FILE),
            OwnRules::at(&repository, &range.base)
        );
        let (settings, why) = Settings::read(settings.unwrap_or_default().as_deref());
        // A clone may lack what tells the size of a file.
        let rules = rules.unwrap_or_else(|error| {
            let why = format!("the repository's rules could not be read: {error:#}");
            OwnRules::default().with_notes([why])
        });
        let mut notes: Vec<String> = why.into_iter().collect();
        let mut profiles = profiles_on_disk(&request.profiles).await?;
        profiles.extend(profiles_in_repository(&repository, &range, &settings, &mut notes).await?);
        let binding = Binding {
            repository_arn: settings::repository_arn(self.association_arn.as_deref(), &name),
            repository: name.clone(),
            pull_request: None,
            branch: range.branch.clone(),
            head_sha: range.head.clone(),
            profiling_group: self.profiling_group.clone(),
        };
        let blob_url = web.map(|web| format!("{web}/blob/{}", range.head));
        let subject = Subject {
            repository: name.clone(),
            pull_request: None,
            base_sha: range.base.clone(),
            head_sha: range.head.clone(),
            blob_url,
        };
        let stated = serde_json::to_vec(&(&settings, &rules)).unwrap_or_default();
        let given = profiles.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes.as_slice()]);
        let parts: Vec<&[u8]> = std::iter::once(stated.as_slice()).chain(given).collect();
        Ok(Assignment {
            run_id: format!("local:{name}@{}..{} {}", range.base, range.head, digest(&parts)),
            binding,
            subject,
            title: String::new(),
            change: Arc::new(change?),
            settings,
            rules,
            profiles,
            measured: None,
            previous: Ledger::default(),
            ticked: Vec::new(),
            recollection: Recollection::default(),
            notes,
            posting: None,
        })
    }
}

/// Tells runs over the same commits apart that were given different things.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    hash.update(env!("CARGO_PKG_VERSION"));
    for part in parts {
        hash.update(part);
    }
    hexadecimal::encode(&hash.finalize()[..8])
}

/// Profile files by name.
pub async fn profiles_on_disk(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut profiles = Vec::new();
    for path in paths {
        let bytes = tokio::fs::read(path)
            .await
            .with_context(|| format!("read the profile {}", path.display()))?;
        profiles.push((path.display().to_string(), bytes));
    }
    Ok(profiles)
}

async fn profiles_in_repository(
    repository: &Repository,
    range: &Range,
    settings: &Settings,
    notes: &mut Vec<String>,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    if settings.profiles.is_empty() {
        return Ok(Vec::new());
    }
    let globs = match globs(&settings.profiles) {
        Ok(globs) => globs,
        Err(error) => {
            notes.push(format!("`profiles` of `{}`: {error}", settings::FILE));
            return Ok(Vec::new());
        }
    };
    let mut profiles = Vec::new();
    for path in repository.paths(&range.head, &globs).await?.into_iter().take(MOST_PROFILES) {
        match repository.file(&range.head, &path).await? {
            Some(bytes) => profiles.push((path, bytes)),
            None => notes.push(format!("the profile {path} is too large to read from the repository; pass it with --profile")),
        }
    }
    if profiles.is_empty() {
        notes.push(format!("no file matches `profiles` of `{}`", settings::FILE));
    }
    Ok(profiles)
}

pub(super) fn globs(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern)?);
    }
    builder.build()
}
