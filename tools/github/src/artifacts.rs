//! Profiles that the repository's own CI left as artifacts of the commit.

use std::io::{Cursor, Read};

use bytes::Bytes;
use serde::Deserialize;
use zip::ZipArchive;

use crate::call::Call;
use crate::names::{commit, excerpt, repository_path};
use crate::{GitHub, GitHubError};

/// How much of the artifacts is read. They are made by the pull request's code, so they are as hostile as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArtifactCaps {
    /// The newest so many artifacts.
    pub artifacts: usize,
    /// Files in all of them together.
    pub entries: usize,
    /// Bytes of one artifact as it is downloaded.
    pub compressed_bytes: u64,
    /// Bytes of all files together.
    pub bytes: u64,
}

impl Default for ArtifactCaps {
    fn default() -> Self {
        Self { artifacts: 10, entries: 100, compressed_bytes: 64 << 20, bytes: 256 << 20 }
    }
}

#[derive(Deserialize)]
struct Runs {
    workflow_runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    id: u64,
}

#[derive(Deserialize)]
struct Artifacts {
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    id: u64,
    name: String,
    #[serde(default)]
    expired: bool,
}

impl GitHub {
    /// The files in the artifacts of a commit's workflow runs whose names begin with `name_prefix`, as (`artifact/file`, bytes).
    /// The names are labels: nothing is written to disk.
    pub async fn profile_artifacts(
        &self,
        repository: &str,
        head_sha: &str,
        name_prefix: &str,
        caps: ArtifactCaps,
    ) -> Result<Vec<(String, Vec<u8>)>, GitHubError> {
        let actions = format!("{}/actions", repository_path(repository)?);
        let mut files = Vec::new();
        for artifact in self.artifacts_of(&actions, commit(head_sha)?, name_prefix, caps).await? {
            let label = format!("the artifact {}", excerpt(&artifact.name));
            let archive = self
                .call(&Call::download(
                    format!("{actions}/artifacts/{}/zip", artifact.id),
                    label,
                    caps.compressed_bytes,
                ))
                .await?;
            let unpack = move || unpack(archive, &artifact.name, files, caps);
            files = tokio::task::spawn_blocking(unpack)
                .await
                .map_err(|_| GitHubError::Invalid("an artifact broke its reader".into()))??;
        }
        Ok(files)
    }

    /// Newest first, as GitHub lists runs; an artifact of the same name in an older run is an earlier try.
    async fn artifacts_of(
        &self,
        actions: &str,
        head_sha: &str,
        name_prefix: &str,
        caps: ArtifactCaps,
    ) -> Result<Vec<Artifact>, GitHubError> {
        let call = Call::get(
            format!("{actions}/runs?head_sha={head_sha}&per_page=100"),
            format!("the workflow runs of {head_sha:.7}"),
        );
        let runs: Runs = self.json(&call).await?;
        let mut found: Vec<Artifact> = Vec::new();
        for run in runs.workflow_runs {
            let call = Call::get(
                format!("{actions}/runs/{}/artifacts?per_page=100", run.id),
                format!("the artifacts of run {}", run.id),
            );
            let listed: Artifacts = self.json(&call).await?;
            for artifact in listed.artifacts {
                let wanted = !artifact.expired && artifact.name.starts_with(name_prefix);
                if wanted && found.iter().all(|other| other.name != artifact.name) {
                    found.push(artifact);
                }
            }
            if found.len() >= caps.artifacts {
                break;
            }
        }
        found.truncate(caps.artifacts);
        Ok(found)
    }
}

type Entries = Vec<(String, Vec<u8>)>;

fn unpack(
    archive: Bytes,
    name: &str,
    mut files: Entries,
    caps: ArtifactCaps,
) -> Result<Entries, GitHubError> {
    let broken = || {
        GitHubError::Invalid(format!(
            "the artifact {} is not a readable zip archive",
            excerpt(name)
        ))
    };
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(|_| broken())?;
    if files.len() + archive.len() > caps.entries {
        return Err(GitHubError::TooLarge(format!(
            "the artifacts hold more than {} files",
            caps.entries
        )));
    }
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| broken())?;
        if !entry.is_file() {
            continue;
        }
        let label = format!("{name}/{}", entry.name().map_err(|_| broken())?);
        let left =
            caps.bytes.saturating_sub(files.iter().map(|(_, bytes)| bytes.len() as u64).sum());
        let mut bytes = Vec::new();
        // What an archive claims about its sizes is not believed: one byte past the limit decides.
        entry.take(left + 1).read_to_end(&mut bytes).map_err(|_| broken())?;
        if bytes.len() as u64 > left {
            return Err(GitHubError::TooLarge(format!(
                "the artifacts unpack to more than {} bytes",
                caps.bytes
            )));
        }
        files.push((label, bytes));
    }
    Ok(files)
}
