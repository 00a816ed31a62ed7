//! What the system says about a child when it is waited for.

use std::fs;

use wait4::ResourceUsage;

use crate::metric::{Metric, Sample};

/// CPU time, memory and input and output of a child and of those of its children that were waited for.
#[derive(Debug)]
pub(crate) struct Resources {
    cpu_seconds: f64,
    peak_memory: Result<f64, String>,
    io_bytes: Result<(f64, f64), String>,
}

impl Resources {
    pub(crate) fn new(
        usage: ResourceUsage,
        floor: u64,
        io_bytes: Result<(f64, f64), String>,
    ) -> Self {
        let cpu_seconds = (usage.utime + usage.stime).as_secs_f64();
        // A child starts as a copy of this process and keeps that peak, so a smaller one of its own is not to be seen.
        let peak_memory = if usage.maxrss > floor {
            Ok(usage.maxrss as f64)
        } else {
            let shown = Metric::PeakMemoryBytes.show(floor as f64);
            Err(format!(
                "below {shown}, what the measuring process holds itself: too little to tell"
            ))
        };
        Self { cpu_seconds, peak_memory, io_bytes }
    }

    /// The peak of this process, under which that of a child cannot be seen.
    pub(crate) fn floor() -> u64 {
        let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }

    pub(crate) fn put_into(self, sample: &mut Sample) {
        sample.put(Metric::CpuSeconds, Ok(self.cpu_seconds));
        sample.put(Metric::PeakMemoryBytes, self.peak_memory);
        let (read, written) = match self.io_bytes {
            Ok((read, written)) => (Ok(read), Ok(written)),
            Err(why) => (Err(why.clone()), Err(why)),
        };
        sample.put(Metric::BytesRead, read);
        sample.put(Metric::BytesWritten, written);
    }
}
