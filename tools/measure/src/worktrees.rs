//! Base and head, each checked out in a folder of its own, and removed again whatever happens.
//!
//! Beside the folder of a measurement lies a file that its process keeps locked. The system takes the lock away when the process
//! ends, however it ends; so a file that can be locked is one that a killed process left, and its worktrees go.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::MeasureError;
use crate::git::Repository;
use crate::request::{Interrupt, Side};

const OWNER: &str = "owner";

/// Two worktrees that go when this goes.
#[derive(Debug)]
pub(crate) struct Worktrees {
    repository: Repository,
    folder: PathBuf,
    owner_path: PathBuf,
    /// Locked as long as it is open.
    _owner: File,
}

impl Worktrees {
    /// Checks both commits out in a new folder below `state`.
    pub(crate) fn check_out(
        repository: &Repository,
        state: &Path,
        base: &str,
        head: &str,
    ) -> Result<Self, MeasureError> {
        fs::create_dir_all(state)
            .map_err(|source| MeasureError::State { path: state.to_path_buf(), source })?;
        let state = state
            .canonicalize()
            .map_err(|source| MeasureError::State { path: state.to_path_buf(), source })?;
        let worktrees = Self::own_folder(repository, &state)?;
        repository.add_worktree(&worktrees.path(Side::Base), base)?;
        repository.add_worktree(&worktrees.path(Side::Head), head)?;
        Ok(worktrees)
    }

    /// Both names have four letters: the length of a path can move a program's memory, and so its speed.
    pub(crate) fn path(&self, side: Side) -> PathBuf {
        self.folder.join(side.name())
    }

    fn own_folder(repository: &Repository, state: &Path) -> Result<Self, MeasureError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| MeasureError::State { path, source }
        };
        for number in 0..u32::MAX {
            let folder = state.join(format!("{}-{number}", std::process::id()));
            let owner_path = folder.with_extension(OWNER);
            let created = File::options().read(true).write(true).create_new(true).open(&owner_path);
            let mut owner = match created {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                created => created.map_err(failed(&owner_path))?,
            };
            // A sweep of another process may have been faster; it takes the file away.
            if owner.try_lock().is_err() {
                continue;
            }
            writeln!(owner, "{}", repository.root.display()).map_err(failed(&owner_path))?;
            let worktrees =
                Self { repository: repository.clone(), folder, owner_path, _owner: owner };
            fs::create_dir(&worktrees.folder).map_err(failed(&worktrees.folder))?;
            return Ok(worktrees);
        }
        Err(MeasureError::Request(format!("{} is full", state.display())))
    }
}

impl Drop for Worktrees {
    fn drop(&mut self) {
        end_processes_in(&self.folder);
        // What fails here is tried again by the next sweep.
        remove(&self.repository, &self.folder, &self.owner_path);
    }
}

/// Removes what killed processes have left below `state`; returns how many measurements that were.
pub(crate) fn sweep(state: &Path) -> usize {
    let Ok(entries) = fs::read_dir(state) else { return 0 };
    let owners = entries.flatten().map(|entry| entry.path());
    owners
        .filter(|path| path.extension().is_some_and(|end| end == OWNER))
        .filter(|path| sweep_one(path))
        .count()
}

fn sweep_one(owner_path: &Path) -> bool {
    let Ok(owner) = File::options().read(true).write(true).open(owner_path) else { return false };
    match owner.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return false,
    }
    let root = fs::read_to_string(owner_path).unwrap_or_default();
    let folder = owner_path.with_extension("");
    end_processes_in(&folder);
    // A repository that is gone needs no cleaning.
    match Repository::open(Path::new(root.trim_end()), &Interrupt::default()) {
        Ok(repository) => remove(&repository, &folder, owner_path),
        Err(_) => remove_files(&folder, owner_path),
    }
    true
}

fn remove(repository: &Repository, folder: &Path, owner_path: &Path) {
    remove_files(folder, owner_path);
    // An interruption has ended the measurement, but not this.
    let _ = repository.uninterrupted().prune_worktrees();
}

/// The owner last: as long as it is there, a sweep comes back.
fn remove_files(folder: &Path, owner_path: &Path) {
    let removed = fs::remove_dir_all(folder).is_ok() || !folder.exists() || {
        // Some package managers write folders in which nothing may be removed.
        allow_removal(folder);
        fs::remove_dir_all(folder).is_ok()
    };
    if removed {
        let _ = fs::remove_file(owner_path);
    }
}

fn allow_removal(folder: &Path) {
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // Links are not followed: what they point to is not ours.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            allow_removal(&entry.path());
        }
    }
}

/// Ends what still works in a worktree: what a command left in the background, or what a killed measurement had started.
/// Nobody else has business in these folders.
fn end_processes_in(folder: &Path) {
    let Ok(folder) = folder.canonicalize() else { return };
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid =
            entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let works_there = || {
            fs::read_link(entry.path().join("cwd")).is_ok_and(|place| place.starts_with(&folder))
        };
        if let Some(pid) = pid.filter(|_| works_there()) {
            // It may have ended just now.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}
