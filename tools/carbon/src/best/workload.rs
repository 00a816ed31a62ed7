//! What ran, and what is known of the machine and the place; checked before anything is computed.

use super::power::Power;
use super::site::Location;
use crate::impact_framework::FunctionalUnits;
use crate::units::{
    CpuSeconds, Executions, Gigabytes, Intensity, Joules, Pue, Seconds, Vcpus, Watts,
};
use crate::work::{CarbonError, MOST_INTENSITY, OverrideIntensity};

/// A piece of work. Times, memory and counters are those of one execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload<'a> {
    pub cpu_time: CpuSeconds,
    /// How long it took; if that is not known, as long as the CPU time takes on its vCPUs.
    pub wall: Option<Seconds>,
    /// What it holds; a Lambda function or an instance counts with what is reserved for it, if that is more.
    pub memory: Gigabytes,
    /// What is reserved for it; if that is not said, what the machine implies.
    pub vcpus: Option<Vcpus>,
    pub machine: Machine<'a>,
    pub location: Location<'a>,
    pub executions: Executions,
    /// Requests, users, files: what the score is told per. One, if an execution is the unit.
    pub units_per_execution: FunctionalUnits,
    /// Takes the place of the bundled intensity.
    pub intensity: Option<&'a OverrideIntensity>,
    /// Why a service that was asked for the intensity gave none: the bundled one counts, and the report says so.
    pub live_failure: Option<&'a str>,
    /// Takes the place of the bundled PUE.
    pub pue: Option<Pue>,
    /// What certificates and contracts make of the intensity: reported beside the answer, never in it.
    pub market_based: Option<Intensity>,
}

/// What is known of the machine; the more, the narrower the answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Machine<'a> {
    /// Energy counters were read around the execution.
    Measured { joules: Joules, boundary: Boundary },
    /// An EC2 instance: `m6g.large`.
    Instance(&'a str),
    /// Somewhere in a cloud, on a processor of this family: `Graviton2`, `Ice Lake`.
    Family(&'a str),
    /// A Lambda function of so many megabytes.
    Lambda { megabytes: f64, arm: bool },
    /// A Fargate task.
    Fargate { vcpus: Vcpus, memory: Gigabytes, arm: bool },
    /// A machine of one's own, with the TDP of each chip and the threads of all chips.
    Processor { tdp: Watts, chips: u32, threads: u32 },
    /// Nothing.
    Unknown,
}

/// What the energy counters see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// The processors' packages.
    Packages,
    /// The packages and the memory.
    PackagesAndMemory,
    /// Everything behind the wall socket.
    Wall,
}

/// vCPUs that are reserved for a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reserved {
    pub(super) vcpus: Vcpus,
    pub(super) wall: Seconds,
    /// Part of it that is busy.
    pub(super) busy: CpuSeconds,
    pub(super) memory: Gigabytes,
}

const MOST: f64 = 1e9;
const MOST_THREADS: u32 = 100_000;
const MOST_EXECUTIONS: u64 = 1_000_000_000_000_000;
const HOUR: CpuSeconds = CpuSeconds(3600.0);
/// Clocks of CPU time tick coarsely: so much more than the vCPUs can give is taken for all of it.
const TICK: f64 = 1.05;

impl<'a> Workload<'a> {
    /// Hours of a vCPU that is busy, in a region of AWS; each is an execution.
    pub fn of_cpu_hours(region: &'a str, hours: u64) -> Self {
        let location = Location::Region(region);
        Self { location, executions: Executions(hours), ..Workload::of(HOUR) }
    }

    /// One execution of something of which only the CPU time is known.
    pub fn of(cpu_time: CpuSeconds) -> Self {
        Self {
            cpu_time,
            wall: None,
            memory: Gigabytes(0.0),
            vcpus: None,
            machine: Machine::Unknown,
            location: Location::Unknown,
            executions: Executions(1),
            units_per_execution: FunctionalUnits(1.0),
            intensity: None,
            live_failure: None,
            pue: None,
            market_based: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), CarbonError> {
        within("cpu_time", self.cpu_time.0, 0.0, "a number of seconds from 0 to 1e9")?;
        within("wall", self.wall.unwrap_or_default().0, 0.0, "a number of seconds from 0 to 1e9")?;
        within("memory", self.memory.0, 0.0, "a number of gigabytes from 0 to 1e9")?;
        within(
            "vcpus",
            self.vcpus.map_or(1.0, |vcpus| vcpus.0),
            1e-6,
            "a number from 1e-6 to 1e9",
        )?;
        within("pue", self.pue.map_or(1.0, |pue| pue.0), 1.0, "a number of 1 or more")?;
        for intensity in [self.intensity.map(|given| given.intensity), self.market_based] {
            let grams = intensity.unwrap_or_default().0;
            if !(0.0..=MOST_INTENSITY).contains(&grams) {
                return Err(CarbonError::Invalid {
                    field: "intensity",
                    expected: "grams per kWh from 0 to 2000",
                });
            }
        }
        countable("executions", self.executions)?;
        self.machine.check()
    }

    pub(super) fn reserved(&self, power: &Power) -> Result<Reserved, CarbonError> {
        let vcpus = self.vcpus.or(power.vcpus).unwrap_or_else(|| match self.wall {
            Some(wall) if wall.0 > 0.0 => Vcpus((self.cpu_time.0 / wall.0).ceil().max(1.0)),
            _ => Vcpus(1.0),
        });
        if matches!(self.machine, Machine::Processor { threads, .. } if vcpus.0 > f64::from(threads))
        {
            return Err(CarbonError::Invalid {
                field: "vcpus",
                expected: "no more than the machine has threads; is the CPU time right for the wall time?",
            });
        }
        let wall = self.wall.unwrap_or(Seconds(self.cpu_time.0 / vcpus.0));
        let most = vcpus * wall;
        if self.cpu_time.0 > most.0 * TICK {
            return Err(CarbonError::Invalid {
                field: "cpu_time",
                expected: "no more than the vCPUs can give within the wall time",
            });
        }
        let busy = CpuSeconds(self.cpu_time.0.min(most.0));
        let memory = Gigabytes(self.memory.0.max(power.memory_of(vcpus).0));
        Ok(Reserved { vcpus, wall, busy, memory })
    }
}

impl Machine<'_> {
    fn check(self) -> Result<(), CarbonError> {
        match self {
            Self::Measured { joules, .. } => {
                within("joules", joules.0, 0.0, "a number of joules from 0 to 1e9")
            }
            Self::Lambda { megabytes, .. } => {
                within("lambda megabytes", megabytes, 1.0, "a number of megabytes from 1 to 1e9")
            }
            Self::Fargate { vcpus, memory, .. } => {
                within("fargate vcpus", vcpus.0, 1e-6, "a number from 1e-6 to 1e9")?;
                within("fargate memory", memory.0, 0.0, "a number of gigabytes from 0 to 1e9")
            }
            Self::Processor { tdp, chips, threads } => {
                within("tdp", tdp.0, 1.0, "a number of watts of 1 or more")?;
                let counted = |count: u32| (1..=MOST_THREADS).contains(&count);
                if counted(chips) && counted(threads) {
                    return Ok(());
                }
                Err(CarbonError::Invalid {
                    field: "chips, threads",
                    expected: "whole numbers from 1 to 100000",
                })
            }
            Self::Instance(_) | Self::Family(_) | Self::Unknown => Ok(()),
        }
    }
}

impl Reserved {
    pub(super) fn vcpu_time(&self) -> CpuSeconds {
        self.vcpus * self.wall
    }

    /// Share of the reserved time that is busy.
    pub(super) fn load(&self) -> f64 {
        let most = self.vcpu_time().0;
        if most > 0.0 { self.busy.0 / most } else { 0.0 }
    }
}

/// How often work can be done.
pub(crate) fn countable(field: &'static str, executions: Executions) -> Result<(), CarbonError> {
    let expected = "a whole number from 1 to 1e15";
    let counted = (1..=MOST_EXECUTIONS).contains(&executions.0);
    counted.then_some(()).ok_or(CarbonError::Invalid { field, expected })
}

pub(crate) fn within(
    field: &'static str,
    value: f64,
    least: f64,
    expected: &'static str,
) -> Result<(), CarbonError> {
    // Not a number is in no range.
    (least..=MOST).contains(&value).then_some(()).ok_or(CarbonError::Invalid { field, expected })
}
