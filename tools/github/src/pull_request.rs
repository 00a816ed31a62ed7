//! Reads a pull request, its list of files, and single files.

use contract::Timestamp;
use serde::Deserialize;

use crate::call::Call;
use crate::names::{commit, encode, encode_path, repository_path};
use crate::{GitHub, GitHubError};

/// GitHub lists no more files of a pull request than this.
pub const MOST_FILES: usize = 3000;
pub(crate) const PER_PAGE: usize = 100;

/// A pull request as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    pub number: u64,
    pub title: String,
    /// `open` or `closed`.
    pub state: String,
    pub draft: bool,
    /// `ghost` where the account is gone.
    pub author: String,
    pub url: String,
    pub base: Commit,
    pub head: Commit,
    /// `owner/name` of the fork or of the repository itself; `None` where the fork is deleted.
    pub head_repository: Option<String>,
    pub changed_files: u64,
    pub created: Option<Timestamp>,
}

/// A branch and the commit that it points to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Commit {
    pub sha: String,
    #[serde(rename = "ref")]
    pub branch: String,
}

/// The files that a pull request changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    pub files: Vec<FileEntry>,
    /// There are more than GitHub lists.
    pub truncated: bool,
}

/// One changed file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct FileEntry {
    #[serde(rename = "filename")]
    pub path: String,
    #[serde(rename = "previous_filename")]
    pub previous_path: Option<String>,
    /// `added`, `removed`, `modified`, `renamed`, `copied`, `changed` or `unchanged`.
    pub status: String,
    pub sha: Option<String>,
    /// Absent for binary and for large files.
    pub patch: Option<String>,
    #[serde(default)]
    pub additions: u64,
    #[serde(default)]
    pub deletions: u64,
}

#[derive(Deserialize)]
struct Answer {
    number: u64,
    title: String,
    state: String,
    draft: Option<bool>,
    user: Option<Login>,
    html_url: String,
    base: Commit,
    head: Head,
    #[serde(default)]
    changed_files: u64,
    created_at: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
    #[serde(rename = "ref")]
    branch: String,
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Login {
    login: String,
}

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FolderFile {
    pub name: String,
    pub size: u64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Folder {
    Entries(Vec<FolderFile>),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Comparison {
    merge_base_commit: Sha,
}

#[derive(Deserialize)]
struct Sha {
    sha: String,
}

impl GitHub {
    pub async fn pull_request(
        &self,
        repository: &str,
        number: u64,
    ) -> Result<PullRequest, GitHubError> {
        let path = format!("{}/pulls/{number}", repository_path(repository)?);
        let answer: Answer = self.json(&Call::get(path, format!("{repository}#{number}"))).await?;
        Ok(answer.into())
    }

    /// The changed files, up to the 3,000 that GitHub lists.
    pub async fn changed_files(&self, repository: &str, number: u64) -> Result<Files, GitHubError> {
        let path = format!("{}/pulls/{number}/files", repository_path(repository)?);
        let mut files: Vec<FileEntry> = Vec::new();
        for page in 1..=MOST_FILES / PER_PAGE {
            let call = Call::get(
                format!("{path}?per_page={PER_PAGE}&page={page}"),
                format!("the files of {repository}#{number}"),
            );
            let mut more: Vec<FileEntry> = self.json(&call).await?;
            let last = more.len() < PER_PAGE;
            files.append(&mut more);
            if last {
                return Ok(Files { files, truncated: false });
            }
        }
        Ok(Files { files, truncated: true })
    }

    /// The files of a folder at a commit, up to the 1,000 that GitHub lists; none where there is no folder.
    pub async fn folder(
        &self,
        repository: &str,
        path: &str,
        reference: &str,
    ) -> Result<Vec<FolderFile>, GitHubError> {
        let address = format!(
            "{}/contents/{}?ref={}",
            repository_path(repository)?,
            encode_path(path)?,
            encode(reference)
        );
        match self.json(&Call::get(address, format!("{path} in {repository}"))).await {
            Ok(Folder::Entries(mut entries)) => {
                entries.retain(|entry| entry.kind == "file");
                Ok(entries)
            }
            // A file of that name.
            Ok(Folder::Other(_)) | Err(GitHubError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// A file at a commit, branch or tag; `None` where it is not there.
    pub async fn content(
        &self,
        repository: &str,
        path: &str,
        reference: &str,
        max_bytes: u64,
    ) -> Result<Option<Vec<u8>>, GitHubError> {
        let address = format!(
            "{}/contents/{}?ref={}",
            repository_path(repository)?,
            encode_path(path)?,
            encode(reference)
        );
        match self.call(&Call::raw(address, format!("{path} in {repository}"), max_bytes)).await {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(GitHubError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where head left base: what GitHub's diff of a pull request compares with.
    pub(crate) async fn merge_base(
        &self,
        repository: &str,
        pull_request: &PullRequest,
    ) -> Result<String, GitHubError> {
        let (base, head) = (commit(&pull_request.base.sha)?, commit(&pull_request.head.sha)?);
        // Only the first page of a comparison carries files, which nobody needs here.
        let path =
            format!("{}/compare/{base}...{head}?per_page=1&page=2", repository_path(repository)?);
        let comparison: Comparison = self
            .json(&Call::get(
                path,
                format!("the merge base of {repository}#{}", pull_request.number),
            ))
            .await?;
        commit(&comparison.merge_base_commit.sha).map(ToOwned::to_owned)
    }
}

impl From<Answer> for PullRequest {
    fn from(answer: Answer) -> Self {
        Self {
            number: answer.number,
            title: answer.title,
            state: answer.state,
            draft: answer.draft.unwrap_or_default(),
            author: answer.user.map_or_else(|| "ghost".to_owned(), |user| user.login),
            url: answer.html_url,
            base: answer.base,
            head: Commit { sha: answer.head.sha, branch: answer.head.branch },
            head_repository: answer.head.repo.map(|repository| repository.full_name),
            changed_files: answer.changed_files,
            created: answer.created_at.as_deref().and_then(Timestamp::parse_rfc3339),
        }
    }
}
