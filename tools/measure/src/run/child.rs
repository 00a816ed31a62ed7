//! Starts a command in a process group of its own, waits for it with a deadline, and leaves none of its processes behind.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use wait4::Wait4;

use super::Program;
use super::cgroup::Group;
use super::output::Tail;
use super::resources::Resources;

/// How soon an interruption or a deadline is seen.
const LONGEST_WAIT: Duration = Duration::from_millis(50);

/// A command that ended by itself, well or not.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) wall: Duration,
    pub(crate) resources: Resources,
    pub(crate) output: String,
}

/// A command that did not end by itself.
#[derive(Debug)]
pub(crate) enum Ending {
    NoProgram,
    Start(io::Error),
    TooLong { output: String },
    Interrupted,
}

/// Runs it to its end; `on_wait` is called every now and then.
pub(crate) fn run(
    program: &Program<'_>,
    group: Option<&Group>,
    mut on_wait: impl FnMut(),
) -> Result<Finished, Ending> {
    let (tail, writer) = Tail::new().map_err(Ending::Start)?;
    let other_writer = writer.try_clone().map_err(Ending::Start)?;
    let floor = Resources::floor();
    let mut command = command(program, group);
    command.stdin(Stdio::null()).stdout(writer).stderr(other_writer).process_group(0);
    let start = Instant::now();
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Ending::NoProgram,
        _ => Ending::Start(error),
    })?;
    // It holds the pipe's other end, whose closing ends the reading.
    drop(command);
    let process = Process::new(child).map_err(Ending::Start)?;
    let ended = loop {
        if process.has_ended().map_err(Ending::Start)? {
            break Ok(());
        }
        if program.interrupt.is_set() {
            break Err(true);
        }
        let left = program.limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            break Err(false);
        }
        on_wait();
        process.wait_at_most(left.min(LONGEST_WAIT));
    };
    let wall = start.elapsed();
    let io_bytes = process.io_bytes();
    if let Some(group) = group {
        group.kill();
    }
    let used = process.end().map_err(Ending::Start)?;
    let output = tail.text();
    match ended {
        Ok(()) => {
            let resources = Resources::new(used.rusage, floor, io_bytes);
            Ok(Finished { status: used.status, wall, resources, output })
        }
        Err(true) => Err(Ending::Interrupted),
        Err(false) => Err(Ending::TooLong { output }),
    }
}

fn command(program: &Program<'_>, group: Option<&Group>) -> Command {
    let (name, arguments) =
        program.command.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
    // With a slash it is a path, and a path is meant from the worktree.
    let path = Path::new(name);
    let path = if name.contains('/') { program.folder.join(path) } else { path.to_path_buf() };
    let mut command = match group {
        // Without unsafe code only a process itself can enter: the shell does (0 is who writes), and becomes the command.
        Some(group) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", r#"echo 0 > "$0" && exec "$@""#]).arg(group.entrance()).arg(path);
            shell
        }
        None => Command::new(path),
    };
    command.args(arguments).current_dir(program.folder).env("PWD", program.folder);
    for name in program.hidden_variables {
        command.env_remove(name);
    }
    command
}

/// A child that is killed with its whole process group, whatever happens in between.
struct Process {
    child: Option<Child>,
    pid: Pid,
    #[cfg(target_os = "linux")]
    descriptor: std::os::fd::OwnedFd,
}

impl Process {
    fn new(child: Child) -> io::Result<Self> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a process without a number"))?;
        #[cfg(target_os = "linux")]
        let descriptor = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?;
        Ok(Self {
            child: Some(child),
            pid,
            #[cfg(target_os = "linux")]
            descriptor,
        })
    }

    /// Without taking its number away, so that its process group and its counters stay what they are.
    fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(self.pid), options)?.is_some())
    }

    #[cfg(target_os = "linux")]
    fn wait_at_most(&self, time: Duration) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let time = Timespec { tv_sec: 0, tv_nsec: i64::from(time.subsec_nanos()) };
        // An interrupted wait is a short one.
        let _ = poll(&mut [PollFd::new(&self.descriptor, PollFlags::IN)], Some(&time));
    }

    #[cfg(not(target_os = "linux"))]
    fn wait_at_most(&self, time: Duration) {
        std::thread::sleep(time.min(Duration::from_millis(1)));
    }

    /// What it and its children moved through system calls.
    fn io_bytes(&self) -> Result<(f64, f64), String> {
        let path = format!("/proc/{}/io", self.pid.as_raw_nonzero());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.trim().parse().ok())
                .ok_or_else(|| format!("{path} has no {name}"))
        };
        Ok((field("rchar:")?, field("wchar:")?))
    }

    fn end(mut self) -> io::Result<wait4::ResUse> {
        self.kill_group();
        match self.child.take() {
            Some(child) => child.wait4(),
            None => Err(io::Error::other("waited for twice")),
        }
    }

    /// Children that are still there would disturb what comes next.
    fn kill_group(&self) {
        // There is none left, in most cases.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            self.kill_group();
            let _ = child.wait();
        }
    }
}
