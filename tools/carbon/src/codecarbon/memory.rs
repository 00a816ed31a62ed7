//! Power of memory as `CodeCarbon` guesses it: from how many modules there may be.

use crate::units::{Gigabytes, Watts};

/// Modules of ARM machines are taken to draw less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    X86,
    Arm,
}

impl Architecture {
    fn watts_per_dimm(self) -> f64 {
        match self {
            Self::X86 => 5.0,
            Self::Arm => 1.5,
        }
    }
}

const MODULE_SIZES: [f64; 6] = [128.0, 64.0, 32.0, 16.0, 8.0, 4.0];
const FEWEST_IN_A_LARGE_SERVER: f64 = 8.0;
const MOST_MODULES: f64 = 32.0;
/// Modules up to the first number draw the share behind it, those up to the next number the next share.
const SHARES: [(f64, f64); 4] = [(4.0, 1.0), (8.0, 0.9), (16.0, 0.8), (f64::INFINITY, 0.7)];

/// How many modules are taken to make up the memory.
pub fn dimms(memory: Gigabytes) -> u32 {
    let total = memory.0;
    let count = match total {
        total if total <= 2.0 => 1.0,
        total if total <= 16.0 => 2.0,
        total if total <= 64.0 => 4.0,
        total if total <= 128.0 => 8.0,
        // The largest module of which there would be at least eight.
        _ => MODULE_SIZES
            .iter()
            .find(|size| **size <= total / FEWEST_IN_A_LARGE_SERVER)
            .map_or(FEWEST_IN_A_LARGE_SERVER, |size| (total / size).ceil().min(MOST_MODULES)),
    };
    count as u32
}

/// Never less than two modules' worth, whatever a process holds; 256 GB draw less than 192 GB.
pub fn memory_power(memory: Gigabytes, architecture: Architecture) -> Watts {
    let each = architecture.watts_per_dimm();
    let count = f64::from(dimms(memory));
    let mut watts = 0.0;
    let mut counted = 0.0;
    for (up_to, share) in SHARES {
        let here = (count.min(up_to) - counted).max(0.0);
        watts += each * share * here;
        counted += here;
    }
    Watts(watts.max(each * 2.0))
}
