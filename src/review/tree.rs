//! The files of a tree on disk as they stand: what to scan, and how to read and replace it.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use analyzer::{Found, FoundState};
use anyhow::{Context, bail};
use ignore::{DirEntry, Walk, WalkBuilder};
use rustix::fs::OFlags;

/// More than this of a file is not read; the analyzer leaves out what is that large.
const MOST_BYTES: u64 = (1 << 20) + 1;
/// Files of ours while one is replaced.
const TEMPORARY: &str = ".eco-coder-";

/// A tree, and where in it to begin.
pub(super) struct Tree {
    root: PathBuf,
    starts: Vec<PathBuf>,
}

impl Tree {
    /// The tree that holds the paths. Its root is the nearest folder above the first of them with a repository or our
    /// settings in it, else the path itself.
    pub(super) fn open(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut starts = Vec::new();
        for path in paths {
            let found = path.canonicalize();
            starts.push(found.with_context(|| format!("look for {}", path.display()))?);
        }
        let Some(first) = starts.first() else { bail!("there is nothing to scan") };
        let folder = if first.is_dir() { first } else { first.parent().unwrap_or(first) };
        let is_root = |folder: &&Path| {
            folder.join(".git").exists() || folder.join(super::settings::FILE).exists()
        };
        let root = folder.ancestors().find(is_root).unwrap_or(folder).to_owned();
        if let Some(other) = starts.iter().find(|start| !start.starts_with(&root)) {
            bail!(
                "{} is not in the same tree as {}: scan one after the other",
                other.display(),
                first.display()
            );
        }
        Ok(Self { root, starts })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder's name.
    pub(super) fn name(&self) -> String {
        let name = self.root.file_name();
        name.map_or_else(|| "repository".into(), |name| name.to_string_lossy().into_owned())
    }

    /// Files, and what stands for files that are left out, as the walk comes upon them.
    pub(super) fn files(&self) -> impl Iterator<Item = Found> + Send + use<> {
        let pruned = Arc::new(Mutex::new(Vec::new()));
        let walk = self.walk(pruned.clone());
        let root = self.root.clone();
        let found = walk.filter_map(move |entry| look(&root, entry));
        let vendored = std::iter::from_fn(move || {
            let path = pruned.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            Some(Found { path, state: FoundState::LeftOut("vendored".into()) })
        });
        found.chain(vendored)
    }

    /// As much of a file as the analyzer looks at. What has become a link, a pipe or a device is not opened.
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or_default())
            .open(self.root.join(path))
            .map_err(|error| cannot_be_read(&error))?;
        if !file.metadata().is_ok_and(|about| about.is_file()) {
            return Err("not a regular file".into());
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| cannot_be_read(&error))?;
        Ok(bytes)
    }

    /// Puts other bytes in a file's place, all at once: whoever reads it sees the old ones or the new ones.
    pub(super) fn replace(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.root.join(path);
        let folder = path.parent().context("a file lies in a folder")?;
        let permissions = fs::symlink_metadata(&path)?.permissions();
        let name = path.file_name().context("a file has a name")?.to_string_lossy();
        let beside = folder.join(format!("{TEMPORARY}{}-{name}", std::process::id()));
        let written = (|| {
            // Nobody else reads it before it has the permissions of the file that it replaces.
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            file.write_all(bytes)?;
            file.set_permissions(permissions)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.map_err(Into::into)
    }

    fn walk(&self, pruned: Arc<Mutex<Vec<String>>>) -> Walk {
        let (first, others) = self.starts.split_first().map_or((&self.root, &[][..]), |all| all);
        let mut builder = WalkBuilder::new(first);
        for other in others {
            builder.add(other);
        }
        let root = self.root.clone();
        // Workflows lie in a hidden folder. What only this machine's user ignores is scanned.
        builder.hidden(false).ignore(false).git_global(false).require_git(false);
        builder.filter_entry(move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let name = entry.file_name().to_string_lossy();
            if !is_folder || entry.depth() == 0 {
                return true;
            }
            if analyzer::is_vendored(&name) {
                let path = format!("{}/", relative(&root, entry.path()));
                pruned.lock().unwrap_or_else(PoisonError::into_inner).push(path);
                return false;
            }
            name != ".git"
        });
        builder.build()
    }
}

/// `None` for what need not be named: folders, and links to what is scanned in its own place.
fn look(root: &Path, entry: Result<DirEntry, ignore::Error>) -> Option<Found> {
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) => {
            let why =
                format!("cannot be read: {error}").replace(&format!("{}/", root.display()), "");
            return Some(Found {
                path: failed_path(root, &error),
                state: FoundState::Unreadable(why),
            });
        }
    };
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return None;
    }
    let path = relative(root, entry.path());
    if path.rsplit('/').next().is_some_and(|name| name.starts_with(TEMPORARY)) {
        return None;
    }
    let state = if kind.is_symlink() {
        match entry.path().canonicalize() {
            Ok(target) if target.starts_with(root) => return None,
            Ok(_) => FoundState::LeftOut("a symbolic link out of the tree".into()),
            Err(_) => FoundState::LeftOut("a symbolic link to nothing".into()),
        }
    } else if !kind.is_file() {
        FoundState::LeftOut("not a regular file".into())
    } else if entry.path().to_str().is_none() {
        FoundState::Unreadable("its name is not UTF-8".into())
    } else {
        FoundState::Readable
    };
    Some(Found { path, state })
}

/// The path that an error of the walk is about, as far as it tells.
fn failed_path(root: &Path, error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { path, .. } => relative(root, path),
        ignore::Error::WithDepth { err, .. } => failed_path(root, err),
        _ => String::new(),
    }
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn cannot_be_read(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}
