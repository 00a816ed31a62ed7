//! A control group (version 2) for each run: it counts every process that the run starts, also those that nobody waits for.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::metric::{Metric, Sample};

/// A control group in which this process may make others.
#[derive(Debug)]
pub(crate) struct Groups {
    parent: PathBuf,
}

/// `0` and a line break, by which a process enters.
const ENTRANCE_BYTES: f64 = 2.0;
const PREFIX: &str = "eco-measure-";

impl Groups {
    /// `root` is where control groups are mounted. One is made for a trial, since only that shows what is allowed.
    pub(crate) fn open(root: &Path) -> Result<Self, String> {
        let own =
            fs::read_to_string("/proc/self/cgroup").map_err(|_| "no control groups".to_owned())?;
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let own = own.ok_or("no control group of version 2")?;
        // Version 2 stands alone, or beside version 1 in a folder of its own.
        let mounted = [root.to_path_buf(), root.join("unified")];
        let mounted = mounted.iter().find(|folder| folder.join("cgroup.controllers").exists());
        let mounted = mounted.ok_or("no control groups of version 2")?;
        let groups = Self { parent: mounted.join(own) };
        groups.sweep();
        let trial = groups.create()?;
        if trial.cpu_seconds().is_err() {
            return Err("control groups count no CPU time here".to_owned());
        }
        let mut entry = std::process::Command::new("sh");
        entry.args(["-c", r#"echo 0 > "$0""#]).arg(trial.entrance());
        entry.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        match entry.status() {
            Ok(status) if status.success() => Ok(groups),
            _ => Err("a process may not enter a new control group".to_owned()),
        }
    }

    pub(crate) fn create(&self) -> Result<Group, String> {
        // Several measurements may go on in one process.
        let name = format!("{PREFIX}{}-{:016x}", std::process::id(), fastrand::u64(..));
        let folder = self.parent.join(name);
        fs::create_dir(&folder).map_err(|error| format!("no new control group: {error}"))?;
        Ok(Group(folder))
    }

    /// Removes the groups of killed measurements, and ends what still runs in them.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.parent).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-'));
            if owner.is_some_and(|(pid, _)| !Path::new("/proc").join(pid).exists()) {
                drop(Group(entry.path()));
            }
        }
    }
}

/// The control group of one run.
#[derive(Debug)]
pub(crate) struct Group(PathBuf);

impl Group {
    /// Where a process writes its number to enter.
    pub(crate) fn entrance(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }

    /// Ends every process in it.
    pub(crate) fn kill(&self) {
        let file = File::options().write(true).open(self.0.join("cgroup.kill"));
        // Old systems lack the file; the process group is killed in any case.
        let _ = file.and_then(|mut file| file.write_all(b"1"));
    }

    /// Puts what the group counted in the place of what waiting for the child told.
    pub(crate) fn put_into(&self, sample: &mut Sample) {
        if let Ok(seconds) = self.cpu_seconds() {
            sample.put(Metric::CpuSeconds, Ok(seconds));
        }
        // The entrance was written to by the run itself.
        if let Some(bytes) = sample.values.get_mut(&Metric::BytesWritten) {
            *bytes = (*bytes - ENTRANCE_BYTES).max(0.0);
        }
        let peak = fs::read_to_string(self.0.join("memory.peak")).ok();
        if let Some(bytes) = peak.and_then(|text| text.trim().parse().ok()) {
            sample.put(Metric::PeakMemoryBytes, Ok(bytes));
            sample.missing.remove(&Metric::PeakMemoryBytes);
        }
    }

    fn cpu_seconds(&self) -> Result<f64, String> {
        let text =
            fs::read_to_string(self.0.join("cpu.stat")).map_err(|error| error.to_string())?;
        let line = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
        let microseconds: f64 = line.and_then(|rest| rest.parse().ok()).ok_or("no usage_usec")?;
        Ok(microseconds / 1e6)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        // A group can be removed only when the last of its processes is gone, which may take a moment.
        for _ in 0..50 {
            if fs::remove_dir(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_control_groups_the_reason_is_said() {
        let root = tempfile::tempdir().unwrap();
        assert!(Groups::open(root.path()).unwrap_err().starts_with("no control group"));
    }

    #[test]
    fn what_a_killed_measurement_left_is_removed_and_what_a_living_one_has_stays() {
        let root = tempfile::tempdir().unwrap();
        // Above the largest number that a process can have.
        let (dead, living) =
            (format!("{PREFIX}4194305-0"), format!("{PREFIX}{}-0", std::process::id()));
        for name in [&dead, &living, &"other".to_owned()] {
            fs::create_dir(root.path().join(name)).unwrap();
        }
        Groups { parent: root.path().to_path_buf() }.sweep();
        let left = [dead, living, "other".to_owned()].map(|name| root.path().join(name).exists());
        assert_eq!(left, [false, true, true]);
    }
}
