//! Reads a change from a local repository through the `git` program.
//!
//! Only plumbing that runs no filter, hook, external diff or network: the repository may hold a stranger's branch.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use contract::{Change, ChangedFile};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

/// A git command that takes longer hangs.
const DEADLINE: Duration = Duration::from_mins(1);
/// Larger files are skipped by the analyzer in any case; they are not even kept.
const MOST_FILE_BYTES: usize = 2 * 1024 * 1024;
const MOST_FILES: usize = 20_000;
const GITLINK: &str = "160000";
const SYMLINK: &str = "120000";

/// A local repository.
#[derive(Debug, Clone)]
pub struct Repository {
    root: PathBuf,
}

/// Base and head as commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub base: String,
    pub head: String,
    /// The branch that head is on, where it was asked for by name.
    pub branch: String,
}

impl Repository {
    pub async fn open(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            bail!("{} does not exist", path.display());
        }
        let here = Self { root: path.to_path_buf() };
        let root = here.git(&["rev-parse", "--show-toplevel"]).await;
        let root = root.with_context(|| {
            format!("{} is not inside a git work tree (pass --repo PATH)", path.display())
        })?;
        Ok(Self { root: PathBuf::from(root) })
    }

    /// `owner/name` of the origin on GitHub, else the folder's name, and the web address where there is one.
    pub async fn name(&self) -> (String, Option<String>) {
        let folder = self
            .root
            .file_name()
            .map_or_else(|| "repository".into(), |name| name.to_string_lossy().into_owned());
        let Ok(url) = self.git(&["config", "--get", "remote.origin.url"]).await else {
            return (folder, None);
        };
        match github_name(&url) {
            Some(name) => (name.clone(), Some(format!("https://github.com/{name}"))),
            None => (folder, None),
        }
    }

    /// The commits to compare. Without names: the current branch against its merge base with the default branch,
    /// and on a branch with no difference the last commit against its parent.
    pub async fn range(&self, base: Option<&str>, head: Option<&str>) -> anyhow::Result<Range> {
        let head_name = head.unwrap_or("HEAD");
        let head_sha = self.commit(head_name).await?;
        let branch =
            self.git(&["rev-parse", "--abbrev-ref", "--end-of-options", head_name]).await.ok();
        let branch = branch
            .map(|name| name.lines().last().unwrap_or_default().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| head_name.to_owned());
        let base_sha = match base {
            Some(base) => {
                let base_sha = self.commit(base).await?;
                self.merge_base(&base_sha, &head_sha).await.unwrap_or(base_sha)
            }
            None => self.default_base(&head_sha).await?,
        };
        Ok(Range { base: base_sha, head: head_sha, branch })
    }

    /// The change between two commits, contents included.
    pub async fn change(&self, range: &Range) -> anyhow::Result<Change> {
        let raw = self
            .git_bytes(&[
                "diff-tree",
                "-r",
                "-z",
                "-M",
                "--raw",
                "--no-abbrev",
                "--no-ext-diff",
                &range.base,
                &range.head,
            ])
            .await
            .context("compare base and head")?;
        let entries = parse_raw(&raw)?;
        if entries.len() > MOST_FILES {
            bail!(
                "the change has {} files, more than {MOST_FILES}: compare commits that lie closer together",
                entries.len()
            );
        }
        let wanted: Vec<&str> = entries.iter().flat_map(Entry::blobs).collect();
        let mut blobs = self.blobs(&wanted).await.context("read the changed files")?.into_iter();
        let files = entries.iter().map(|entry| entry.file(&mut blobs)).collect();
        Ok(Change { base_sha: range.base.clone(), head_sha: range.head.clone(), files })
    }

    /// A file at a commit; `None` where there is none or it is large.
    pub async fn file(&self, commit: &str, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let blobs = self.blobs(&[&format!("{commit}:{path}")]).await?;
        Ok(blobs.into_iter().next().and_then(Result::ok))
    }

    /// The files of a folder at a commit, with their sizes; neither what is in folders below it nor links.
    pub async fn folder(&self, commit: &str, folder: &str) -> anyhow::Result<Vec<(String, u64)>> {
        let below = format!("{folder}/");
        let listed = self.git_bytes(&["ls-tree", "-z", "--long", commit, "--", &below]).await?;
        let lines =
            listed.split(|byte| *byte == 0).filter_map(|line| std::str::from_utf8(line).ok());
        let files = lines.filter_map(|line| {
            let (about, path) = line.split_once('\t')?;
            let about: Vec<&str> = about.split_whitespace().collect();
            let [mode, "blob", _, size] = about[..] else { return None };
            let name = path.strip_prefix(&below)?;
            (mode != SYMLINK).then_some((name.to_owned(), size.parse().ok()?))
        });
        Ok(files.collect())
    }

    /// Paths at a commit that match one of the globs.
    pub async fn paths(
        &self,
        commit: &str,
        globs: &globset::GlobSet,
    ) -> anyhow::Result<Vec<String>> {
        let listed = self.git_bytes(&["ls-tree", "-r", "-z", "--name-only", commit]).await?;
        let paths =
            listed.split(|byte| *byte == 0).filter_map(|path| std::str::from_utf8(path).ok());
        Ok(paths
            .filter(|path| !path.is_empty() && globs.is_match(path))
            .map(ToOwned::to_owned)
            .collect())
    }

    pub(super) async fn commit(&self, name: &str) -> anyhow::Result<String> {
        let found = self
            .git(&[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &format!("{name}^{{commit}}"),
            ])
            .await;
        found.map_err(|_| {
            anyhow::anyhow!(
                "{name:?} names no commit in {} (in CI, fetch the full history: `fetch-depth: 0`)",
                self.root.display()
            )
        })
    }

    async fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        self.git(&["merge-base", one, other]).await.ok().filter(|sha| !sha.is_empty())
    }

    async fn default_base(&self, head: &str) -> anyhow::Result<String> {
        for branch in [
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/main",
            "refs/remotes/origin/master",
            "refs/heads/main",
            "refs/heads/master",
        ] {
            let Ok(tip) = self.commit(branch).await else { continue };
            match self.merge_base(&tip, head).await {
                Some(base) if base != head => return Ok(base),
                _ => break,
            }
        }
        match self.commit(&format!("{head}^")).await {
            Ok(parent) => Ok(parent),
            // Git hides the parents at the edge of a shallow clone; what it hides is not new.
            Err(_) if self.git(&["rev-parse", "--is-shallow-repository"]).await? == "true" => {
                bail!(
                    "this is a shallow clone without the parent of {head}: fetch the full history (in CI: `fetch-depth: 0`)"
                )
            }
            // The first commit of all is compared with nothing.
            Err(_) => self.git(&["hash-object", "-t", "tree", "--stdin"]).await,
        }
    }

    /// The contents of blobs in the order asked for; why not, where one cannot be had.
    async fn blobs(&self, names: &[&str]) -> anyhow::Result<Vec<Result<Vec<u8>, String>>> {
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start git")?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("git has no standard streams")
        };
        // A name with a line break would be read as two.
        let asked =
            names.iter().fold(String::new(), |asked, name| asked + &name.replace('\n', " ") + "\n");
        let ask = async move {
            let sent = stdin.write_all(asked.as_bytes()).await;
            drop(stdin);
            sent
        };
        let read = read_batch(BufReader::with_capacity(256 * 1024, stdout), names.len());
        let both = async { tokio::join!(ask, read) };
        let (asked, blobs) =
            tokio::time::timeout(DEADLINE, both).await.context("git cat-file hangs")?;
        asked.context("ask git for contents")?;
        blobs
    }

    async fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let bytes = self.git_bytes(arguments).await?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    async fn git_bytes(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        let output = tokio::time::timeout(DEADLINE, output)
            .await
            .with_context(|| format!("git {} hangs", arguments.join(" ")))?;
        let output = output.context("start git: is it installed and on the PATH?")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!(
                "git {}: {}",
                arguments.first().unwrap_or(&""),
                said.lines().next().unwrap_or("failed")
            );
        }
        Ok(output.stdout)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(&self.root)
            .args(["-c", "core.fsmonitor=false", "--literal-pathspecs", "--no-pager"])
            .args(arguments);
        // No lock, no prompt, and no fetch of objects that a partial clone lacks.
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C");
        command.kill_on_drop(true);
        command
    }
}

async fn read_batch(
    mut stdout: impl AsyncBufReadExt + Unpin,
    count: usize,
) -> anyhow::Result<Vec<Result<Vec<u8>, String>>> {
    let mut blobs = Vec::with_capacity(count);
    let mut header = String::new();
    while blobs.len() < count {
        header.clear();
        if stdout.read_line(&mut header).await? == 0 {
            bail!("git ended early");
        }
        let mut parts = header.trim_end().rsplitn(3, ' ');
        let (size, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let Ok(size) = size.parse::<usize>() else {
            blobs.push(Err("its content is not in this clone".to_owned()));
            continue;
        };
        if size > MOST_FILE_BYTES || kind != "blob" {
            tokio::io::copy(&mut (&mut stdout).take(size as u64 + 1), &mut tokio::io::sink())
                .await?;
            blobs.push(Err(if kind == "blob" {
                format!("larger than {} MiB", MOST_FILE_BYTES >> 20)
            } else {
                format!("not a file but a {kind}")
            }));
            continue;
        }
        let mut bytes = vec![0; size + 1];
        stdout.read_exact(&mut bytes).await?;
        bytes.truncate(size);
        blobs.push(Ok(bytes));
    }
    Ok(blobs)
}

/// One line of `git diff-tree --raw -z`.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    before: Side,
    after: Side,
    path: String,
    previous_path: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Side {
    mode: String,
    sha: String,
}

impl Side {
    fn exists(&self) -> bool {
        self.mode != "000000"
    }

    fn special(&self) -> Option<&'static str> {
        match self.mode.as_str() {
            GITLINK => Some("a submodule"),
            SYMLINK => Some("a symbolic link"),
            _ => None,
        }
    }

    fn blob(&self) -> Option<&str> {
        (self.exists() && self.special().is_none()).then_some(self.sha.as_str())
    }
}

impl Entry {
    fn blobs(&self) -> impl Iterator<Item = &str> {
        self.before.blob().into_iter().chain(self.after.blob())
    }

    fn file(&self, blobs: &mut impl Iterator<Item = Result<Vec<u8>, String>>) -> ChangedFile {
        let mut unreadable = self.after.special().or(self.before.special()).map(ToOwned::to_owned);
        let mut next = |side: &Side| match side.blob().and_then(|_| blobs.next()) {
            Some(Ok(bytes)) => Some(bytes),
            Some(Err(why)) => {
                unreadable.get_or_insert(why);
                None
            }
            None => None,
        };
        let (base, head) = (next(&self.before), next(&self.after));
        ChangedFile {
            path: self.path.clone(),
            previous_path: self.previous_path.clone(),
            base,
            head,
            unreadable,
        }
    }
}

fn parse_raw(raw: &[u8]) -> anyhow::Result<Vec<Entry>> {
    let mut fields =
        raw.split(|byte| *byte == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut entries = Vec::new();
    while let Some(header) = fields.next().filter(|header| !header.is_empty()) {
        let parts: Vec<&str> = header.trim_start_matches(':').split(' ').collect();
        let [mode_before, mode_after, sha_before, sha_after, status] = parts[..] else {
            bail!("git's list of changes has a line that cannot be read: {header:?}")
        };
        let side = |mode: &str, sha: &str| Side { mode: mode.to_owned(), sha: sha.to_owned() };
        let (first, moved) = (
            fields.next().context("git's list of changes ends early")?,
            status.starts_with(['R', 'C']),
        );
        let (path, previous_path) = if moved {
            (fields.next().context("git's list of changes ends early")?, Some(first))
        } else {
            (first, None)
        };
        entries.push(Entry {
            before: side(mode_before, sha_before),
            after: side(mode_after, sha_after),
            path,
            previous_path,
        });
    }
    Ok(entries)
}

/// `owner/name` out of an https or ssh address on github.com.
fn github_name(url: &str) -> Option<String> {
    let (_, path) = url.split_once("github.com")?;
    let path = path.trim_start_matches([':', '/']).trim_end_matches('/').trim_end_matches(".git");
    let (owner, name) = path.split_once('/')?;
    let plain = |part: &str| {
        !part.is_empty()
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    };
    (plain(owner) && plain(name)).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_raw_list_reads_renames_and_odd_names() {
        let raw = b":100644 100644 aaa bbb M\0a b.py\0:100644 100644 ccc ddd R090\0old.py\0new.py\0:000000 160000 000 eee A\0sub\0";
        let entries = parse_raw(raw).unwrap();
        assert_eq!(
            entries
                .iter()
                .map(|entry| (entry.path.as_str(), entry.previous_path.as_deref()))
                .collect::<Vec<_>>(),
            [("a b.py", None), ("new.py", Some("old.py")), ("sub", None)]
        );
        assert_eq!(entries[0].blobs().collect::<Vec<_>>(), ["aaa", "bbb"]);
        assert_eq!(entries[2].blobs().count(), 0);
        assert!(parse_raw(b":rubbish\0x\0").is_err());
    }

    #[test]
    fn the_origin_names_the_repository() {
        for url in [
            "git@github.com:octo/shop.git",
            "https://github.com/octo/shop",
            "https://token@github.com/octo/shop.git/",
        ] {
            assert_eq!(github_name(url).as_deref(), Some("octo/shop"));
        }
        assert_eq!(github_name("https://example.com/octo/shop"), None);
        assert_eq!(github_name("https://github.com/octo/shop)[x](y"), None);
    }
}
