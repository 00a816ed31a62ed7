//! One run of a command: what it and its children took, and how it ended.

mod callgrind;
mod cgroup;
mod child;
mod instructions;
mod output;
mod rapl;
mod resources;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

pub(crate) use self::callgrind::callgrind;
use self::cgroup::{Group, Groups};
pub(crate) use self::child::{Ending, run};
use self::instructions::Instructions;
use self::rapl::Rapl;
use crate::metric::{Metric, Sample};
use crate::request::Interrupt;

/// A command with the place where it runs.
#[derive(Debug, Clone)]
pub(crate) struct Program<'a> {
    pub(crate) command: &'a [String],
    pub(crate) folder: &'a Path,
    pub(crate) hidden_variables: &'a [String],
    pub(crate) limit: Duration,
    pub(crate) interrupt: &'a Interrupt,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) sample: Sample,
    pub(crate) status: ExitStatus,
    /// The end of what it printed.
    pub(crate) output: String,
}

/// What this machine lets be read.
#[derive(Debug)]
pub(crate) struct Meters {
    groups: Result<Groups, String>,
    rapl: Result<Rapl, String>,
    instructions: Result<(), String>,
}

impl Meters {
    pub(crate) fn of_this_machine() -> Self {
        Self {
            groups: Groups::open(&PathBuf::from("/sys/fs/cgroup")),
            rapl: Rapl::open(&PathBuf::from("/sys/class/powercap")),
            instructions: Instructions::probe(),
        }
    }

    /// How processes that a command leaves to themselves are counted.
    pub(crate) fn counting(&self) -> String {
        match &self.groups {
            Ok(_) => "control group of the run: all processes that it started".to_owned(),
            Err(why) => format!("the command and every child that was waited for ({why})"),
        }
    }

    /// Runs it once without a control group, whose entrance would hide that there is no such program.
    pub(crate) fn try_out(&self, program: &Program<'_>) -> Result<Outcome, Ending> {
        self.run_in(program, None)
    }

    /// Runs it once and reads every meter.
    pub(crate) fn run(&self, program: &Program<'_>) -> Result<Outcome, Ending> {
        let group = self.groups.as_ref().ok().map(Groups::create);
        // Half of the runs counted in another way would be worse than none.
        let group = group.transpose().map_err(|why| Ending::Start(std::io::Error::other(why)))?;
        self.run_in(program, group.as_ref())
    }

    fn run_in(&self, program: &Program<'_>, group: Option<&Group>) -> Result<Outcome, Ending> {
        let mut instructions = self.instructions.clone().and_then(|()| Instructions::open());
        let mut energy = self.rapl.as_ref().map(Rapl::start).map_err(Clone::clone);
        let finished = run(program, group, || {
            if let Ok(energy) = &mut energy {
                energy.tick();
            }
        })?;
        let mut sample = Sample::default();
        sample.put(Metric::WallSeconds, Ok(finished.wall.as_secs_f64()));
        sample.put(Metric::Joules, energy.and_then(rapl::Reading::joules));
        let counted =
            instructions.as_mut().map_err(|why| why.clone()).and_then(Instructions::count);
        sample.put(Metric::Instructions, counted);
        finished.resources.put_into(&mut sample);
        if let Some(group) = group {
            group.put_into(&mut sample);
        }
        Ok(Outcome { sample, status: finished.status, output: finished.output })
    }
}
