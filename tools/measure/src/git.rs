//! The few things that are asked of the `git` program.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::MeasureError;
use crate::request::{Interrupt, Side};

/// A large checkout takes minutes; what takes longer hangs.
const DEADLINE: Duration = Duration::from_mins(10);
const NAP: Duration = Duration::from_millis(5);
const LONGEST_COMPLAINT: usize = 500;

/// A repository on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) root: PathBuf,
    interrupt: Interrupt,
}

impl Repository {
    pub(crate) fn open(path: &Path, interrupt: &Interrupt) -> Result<Self, MeasureError> {
        let here = Self { root: path.to_path_buf(), interrupt: interrupt.clone() };
        let missing = || MeasureError::NoRepository { path: path.to_path_buf() };
        if !path.is_dir() {
            return Err(missing());
        }
        match here.git(["rev-parse", "--show-toplevel"]) {
            Ok(root) => Ok(Self { root: PathBuf::from(root), ..here }),
            Err(MeasureError::Git { said, .. }) if said.contains("not a git repository") => {
                Err(missing())
            }
            Err(error) => Err(error),
        }
    }

    /// The same repository, for what must be done after an interruption.
    pub(crate) fn uninterrupted(&self) -> Self {
        Self { root: self.root.clone(), interrupt: Interrupt::default() }
    }

    pub(crate) fn commit(&self, side: Side, revision: &str) -> Result<String, MeasureError> {
        let named = format!("{revision}^{{commit}}");
        match self.git(["rev-parse", "--verify", "--quiet", "--end-of-options", &named]) {
            Err(MeasureError::Git { .. }) => Err(MeasureError::UnknownRevision {
                side,
                revision: revision.to_owned(),
                repository: self.root.clone(),
            }),
            found => found,
        }
    }

    /// How many files differ from the commit that is checked out, those that git does not know included.
    pub(crate) fn uncommitted(&self) -> Result<usize, MeasureError> {
        let status = self.git(["status", "--porcelain=v1", "--untracked-files=normal"])?;
        Ok(status.lines().count())
    }

    pub(crate) fn has_submodules(&self, commit: &str) -> bool {
        self.git(["cat-file", "-e", &format!("{commit}:.gitmodules")]).is_ok()
    }

    pub(crate) fn add_worktree(&self, folder: &Path, commit: &str) -> Result<(), MeasureError> {
        let words = ["worktree", "add", "--quiet", "--force", "--detach", "--"].map(OsStr::new);
        self.git(words.into_iter().chain([folder.as_os_str(), OsStr::new(commit)])).map(drop)
    }

    /// Forgets worktrees whose folder is gone.
    pub(crate) fn prune_worktrees(&self) -> Result<(), MeasureError> {
        self.git(["worktree", "prune"]).map(drop)
    }

    fn git(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<String, MeasureError> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.root);
        // A checkout runs hooks otherwise, and they may do anything.
        command.args([
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.fsmonitor=false",
            "--no-pager",
        ]);
        command.args(arguments).env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        // Set where this runs inside a hook, they would lead to another repository.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        let what = command
            .get_args()
            .skip(7)
            .take(2)
            .map(OsStr::to_string_lossy)
            .collect::<Vec<_>>()
            .join(" ");
        let wrong = |said: String| MeasureError::Git { command: what.clone(), said };
        let printed =
            tempfile::tempfile().map_err(|error| wrong(format!("no scratch file: {error}")))?;
        let complaint =
            tempfile::tempfile().map_err(|error| wrong(format!("no scratch file: {error}")))?;
        let streams = printed.try_clone().and_then(|out| Ok((out, complaint.try_clone()?)));
        let (stdout, stderr) = streams.map_err(|error| wrong(error.to_string()))?;
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let mut child = command
            .spawn()
            .map_err(|error| wrong(format!("cannot be started ({error}): is git installed?")))?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().map_err(|error| wrong(error.to_string()))? {
                break status;
            }
            let interrupted = self.interrupt.is_set();
            if interrupted || start.elapsed() > DEADLINE {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                let hangs = || wrong(format!("took longer than {} s", DEADLINE.as_secs()));
                return Err(if interrupted { MeasureError::Interrupted } else { hangs() });
            }
            thread::sleep(NAP);
        };
        if status.success() {
            return Ok(read(printed, MOST_BYTES).trim_end().to_owned());
        }
        Err(wrong(read(complaint, LONGEST_COMPLAINT).trim().to_owned()))
    }
}

const MOST_BYTES: usize = 16 * 1024 * 1024;

fn read(mut file: std::fs::File, most: usize) -> String {
    use std::io::{Read, Seek};
    let mut bytes = Vec::new();
    let taken = file.rewind().and_then(|()| file.take(most as u64).read_to_end(&mut bytes));
    // What cannot be read back is only shown.
    if taken.is_err() {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
