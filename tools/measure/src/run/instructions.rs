//! Counts the instructions of a run with the processor's own counter.

#[cfg(target_os = "linux")]
pub(crate) use linux::Instructions;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use perf_event::events::{Event, Hardware};
    use perf_event::{Builder, Counter};

    /// A counter that what this thread starts next inherits, switched off until it becomes another program.
    pub(crate) struct Instructions(Counter);

    impl Instructions {
        /// Whether there is such a counter, and whether it may be used.
        pub(crate) fn probe() -> Result<(), String> {
            Self::open().map(drop)
        }

        pub(crate) fn open() -> Result<Self, String> {
            Self::of(Hardware::INSTRUCTIONS)
        }

        fn of(event: impl Event) -> Result<Self, String> {
            let built = Builder::new(event).inherit(true).enable_on_exec(true).build();
            built.map(Self).map_err(|error| reason(&error))
        }

        pub(crate) fn count(&mut self) -> Result<f64, String> {
            let read = self.0.read_full().map_err(|error| reason(&error))?;
            match (read.count(), read.time_enabled(), read.time_running()) {
                (0, _, _) => Err("the counter of instructions did not run".to_owned()),
                // It had to share the processor's counters, so the count is a part of the truth.
                (_, Some(enabled), Some(running)) if running < enabled => {
                    Err("the counter of instructions had to give way to another".to_owned())
                }
                (count, _, _) => Ok(count as f64),
            }
        }
    }

    fn reason(error: &io::Error) -> String {
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "counting instructions is not allowed here (kernel.perf_event_paranoid)".to_owned()
            }
            io::ErrorKind::NotFound | io::ErrorKind::Unsupported => {
                "this machine shows no counter of instructions, as most virtual machines".to_owned()
            }
            _ => format!("no counter of instructions: {error}"),
        }
    }

    #[cfg(test)]
    mod tests {
        use std::process::Command;

        use perf_event::events::Software;

        use super::*;

        /// Clocks are counted everywhere, by the same path as instructions.
        #[test]
        fn what_a_child_and_its_children_do_is_counted_and_what_this_process_does_is_not() {
            let Ok(mut counter) = Instructions::of(Software::TASK_CLOCK) else { return };
            let busy = (0..20_000_000_u64).fold(0_u64, |sum, step| sum.wrapping_mul(31) ^ step);
            assert_ne!(busy, 1);
            assert!(counter.count().is_err());
            let script = "(i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done); exit 0";
            assert!(Command::new("sh").args(["-c", script]).status().unwrap().success());
            let nanoseconds = counter.count().unwrap();
            assert!((1e6..2e9).contains(&nanoseconds), "{nanoseconds}");
        }
    }
}

/// Elsewhere there is no such counter.
#[cfg(not(target_os = "linux"))]
pub(crate) struct Instructions;

#[cfg(not(target_os = "linux"))]
impl Instructions {
    pub(crate) fn probe() -> Result<(), String> {
        Err("instructions are counted on Linux only".to_owned())
    }

    pub(crate) fn open() -> Result<Self, String> {
        Self::probe().map(|()| Self)
    }

    pub(crate) fn count(&mut self) -> Result<f64, String> {
        Self::probe().map(|()| 0.0)
    }
}
