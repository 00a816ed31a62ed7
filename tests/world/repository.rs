//! A git repository on disk, the same down to its commits' ids each time.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// A repository whose branch `main` has these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(repository.path()).expect("a folder");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(files);
        repository
    }

    /// The same with a branch `feature`, one commit ahead and checked out.
    pub fn with_branch(base: &[(&str, &str)], head: &[(&str, &str)]) -> Self {
        let repository = Self::new(base);
        repository.git(&["checkout", "--quiet", "-b", "feature"]);
        repository.commit(head);
        repository
    }

    /// Its name in reports is the folder's.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    /// Commits these files; returns the commit's id.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        for (path, text) in files {
            let path = self.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=a change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.path(), arguments)
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let time = "2026-11-21T16:00:00Z";
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
        .envs([("GIT_AUTHOR_NAME", "Mona"), ("GIT_AUTHOR_EMAIL", "mona@example.com")])
        .envs([("GIT_COMMITTER_NAME", "Mona"), ("GIT_COMMITTER_EMAIL", "mona@example.com")])
        .envs([("GIT_AUTHOR_DATE", time), ("GIT_COMMITTER_DATE", time)])
        .output()
        .expect("git");
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
