//! Fetches what a pull request changes: head file by file, and base from head and patch where those fit together.

use contract::{Change, ChangedFile};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::names::commit;
use crate::patch::{is_submodule, reverse};
use crate::{FileEntry, GitHub, GitHubError, PullRequest};

/// GitHub's secondary limit is 100 requests at once for all clients of a token.
const AT_ONCE: usize = 8;
/// Git looks for a zero byte in this much of a file to call it binary.
const SNIFFED: usize = 8000;

/// How much of a change is fetched. What lies beyond is in the change, marked as unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub files: usize,
    pub file_bytes: u64,
    pub total_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { files: 3000, file_bytes: 1 << 20, total_bytes: 128 << 20 }
    }
}

/// A change, and whether it is all of the pull request.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub change: Change,
    /// The pull request has more files than GitHub lists.
    pub truncated: bool,
}

impl GitHub {
    /// The files of a pull request before and after. Everything is read in the base repository, so a deleted fork changes nothing.
    /// `base_sha` of the change is the merge base. A symlink reads as what GitHub gives for it: its target's content.
    pub async fn change(
        &self,
        repository: &str,
        pull_request: &PullRequest,
        limits: Limits,
    ) -> Result<Fetched, GitHubError> {
        let head_sha = commit(&pull_request.head.sha)?.to_owned();
        let base_sha = match self.merge_base(repository, pull_request).await {
            // Histories without a common ancestor have no merge base.
            Err(GitHubError::NotFound(_) | GitHubError::Invalid(_)) => {
                commit(&pull_request.base.sha)?.to_owned()
            }
            found => found?,
        };
        let listed = self.changed_files(repository, pull_request.number).await?;
        let source =
            Source { github: self, repository, base_sha: &base_sha, head_sha: &head_sha, limits };
        let files = source.files(&listed.files).await?;
        Ok(Fetched { change: Change { base_sha, head_sha, files }, truncated: listed.truncated })
    }
}

struct Source<'a> {
    github: &'a GitHub,
    repository: &'a str,
    base_sha: &'a str,
    head_sha: &'a str,
    limits: Limits,
}

/// Contents, or why there are none.
type Contents = Result<Vec<u8>, String>;

impl Source<'_> {
    /// In the order of the list, so that the same files are left out each time.
    async fn files(&self, entries: &[FileEntry]) -> Result<Vec<ChangedFile>, GitHubError> {
        let reads: Vec<_> =
            entries.iter().take(self.limits.files).map(|entry| self.file(entry)).collect();
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        let (mut files, mut bytes) = (Vec::with_capacity(entries.len()), 0);
        while let Some(file) = reads.try_next().await? {
            bytes += size(&file);
            if bytes > self.limits.total_bytes {
                break;
            }
            files.push(file);
        }
        let reason = if files.len() < self.limits.files {
            "the change is too large to read whole"
        } else {
            "the change has too many files"
        };
        let rest: Vec<_> = entries
            .iter()
            .skip(files.len())
            .map(|entry| unreadable(entry, reason.to_owned()))
            .collect();
        files.extend(rest);
        Ok(files)
    }

    async fn file(&self, entry: &FileEntry) -> Result<ChangedFile, GitHubError> {
        if entry.patch.as_deref().is_some_and(is_submodule) {
            return Ok(unreadable(entry, "a submodule".to_owned()));
        }
        let head = match entry.status.as_str() {
            "removed" => None,
            _ => Some(self.read(&entry.path, self.head_sha).await?),
        };
        let head = match head.transpose() {
            Ok(head) => head,
            Err(reason) => return Ok(unreadable(entry, reason)),
        };
        match self.base(entry, head.as_deref()).await?.transpose() {
            Ok(base) => Ok(ChangedFile { base, head, ..described(entry) }),
            Err(reason) => Ok(unreadable(entry, reason)),
        }
    }

    async fn base(
        &self,
        entry: &FileEntry,
        head: Option<&[u8]>,
    ) -> Result<Option<Contents>, GitHubError> {
        if matches!(entry.status.as_str(), "added" | "copied") {
            return Ok(None);
        }
        if let Some(patch) = &entry.patch
            && let Some(base) =
                reverse(head.unwrap_or_default(), patch, entry.additions, entry.deletions)
        {
            return Ok(Some(Ok(base)));
        }
        let untouched = entry.patch.is_none()
            && entry.additions + entry.deletions == 0
            && matches!(entry.status.as_str(), "renamed" | "changed" | "unchanged");
        if let Some(head) = head.filter(|_| untouched) {
            return Ok(Some(Ok(head.to_vec())));
        }
        let path = entry.previous_path.as_deref().unwrap_or(&entry.path);
        self.read(path, self.base_sha).await.map(Some)
    }

    async fn read(&self, path: &str, sha: &str) -> Result<Contents, GitHubError> {
        match self.github.content(self.repository, path, sha, self.limits.file_bytes).await {
            Ok(Some(bytes)) if is_binary(&bytes) => Ok(Err("binary".to_owned())),
            Ok(Some(bytes)) => Ok(Ok(bytes)),
            Ok(None) => Ok(Err(format!("not found at {sha:.7}"))),
            Err(GitHubError::TooLarge(_)) => {
                Ok(Err(format!("larger than {} KiB", self.limits.file_bytes >> 10)))
            }
            Err(GitHubError::Invalid(reason)) => Ok(Err(reason)),
            Err(error) => Err(error),
        }
    }
}

fn described(entry: &FileEntry) -> ChangedFile {
    let previous_path = entry.previous_path.clone().filter(|_| entry.status != "copied");
    ChangedFile { path: entry.path.clone(), previous_path, ..ChangedFile::default() }
}

fn unreadable(entry: &FileEntry, reason: String) -> ChangedFile {
    ChangedFile { unreadable: Some(reason), ..described(entry) }
}

fn size(file: &ChangedFile) -> usize {
    [&file.base, &file.head].into_iter().flatten().map(Vec::len).sum()
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(SNIFFED).any(|byte| *byte == 0)
}
