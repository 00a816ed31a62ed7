//! Joules that the processors' own meters (RAPL) count, read through the system's powercap folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A meter turns over within minutes at full power; it is read often enough to see each turn.
const EVERY: Duration = Duration::from_secs(10);

/// The meters of this machine: each package, and the memory where it has a meter of its own.
#[derive(Debug)]
pub(crate) struct Rapl(Vec<Zone>);

#[derive(Debug)]
struct Zone {
    energy: PathBuf,
    /// Where the meter starts again from nothing, in microjoules.
    range: f64,
}

impl Rapl {
    pub(crate) fn open(root: &Path) -> Result<Self, String> {
        let folders = fs::read_dir(root)
            .map_err(|_| "this machine shows no energy meter (RAPL)".to_owned())?;
        let mut zones = Vec::new();
        for entry in folders.flatten() {
            let folder = entry.path();
            let name = fs::read_to_string(folder.join("name")).unwrap_or_default();
            let name = name.trim();
            // Cores and graphics are part of the package, and `psys` holds the package.
            if entry.file_name().to_string_lossy().starts_with("intel-rapl:")
                && (name.starts_with("package") || name == "dram")
            {
                zones.push(Zone::open(&folder)?);
            }
        }
        if zones.is_empty() {
            Err("this machine shows no energy meter (RAPL)".to_owned())
        } else {
            Ok(Self(zones))
        }
    }

    pub(crate) fn start(&self) -> Reading<'_> {
        let last = self.0.iter().map(Zone::read).collect();
        Reading { rapl: self, last, sum: Ok(0.0), read: Instant::now() }
    }
}

impl Zone {
    fn open(folder: &Path) -> Result<Self, String> {
        let energy = folder.join("energy_uj");
        let range = number(&folder.join("max_energy_range_uj"))?;
        let zone = Self { energy, range };
        zone.read()?;
        Ok(zone)
    }

    fn read(&self) -> Result<f64, String> {
        number(&self.energy)
    }
}

fn number(path: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(path).map_err(|error| reason(path, &error))?;
    text.trim().parse().map_err(|_| format!("{} holds no number", path.display()))
}

fn reason(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{} may be read by root only", path.display()),
        _ => format!("{}: {error}", path.display()),
    }
}

/// The meters, read from the start of a run to its end.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    rapl: &'a Rapl,
    last: Vec<Result<f64, String>>,
    sum: Result<f64, String>,
    read: Instant,
}

impl Reading<'_> {
    /// To be called often while a run goes on.
    pub(crate) fn tick(&mut self) {
        if self.read.elapsed() >= EVERY {
            self.advance();
        }
    }

    pub(crate) fn joules(mut self) -> Result<f64, String> {
        self.advance();
        let microjoules = self.sum?;
        if microjoules > 0.0 {
            Ok(microjoules / 1e6)
        } else {
            Err("the run was too short for the energy meter".to_owned())
        }
    }

    fn advance(&mut self) {
        for (zone, last) in self.rapl.0.iter().zip(&mut self.last) {
            let now = zone.read();
            let used = match (&now, &*last) {
                (Ok(now), Ok(last)) if now >= last => Ok(now - last),
                (Ok(now), Ok(last)) => Ok(now - last + zone.range),
                (Err(why), _) | (_, Err(why)) => Err(why.clone()),
            };
            self.sum = self.sum.clone().and_then(|sum| used.map(|used| sum + used));
            *last = now;
        }
        self.read = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(root: &Path, zone: &str, name: &str, microjoules: &str) -> PathBuf {
        let folder = root.join(zone);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("name"), format!("{name}\n")).unwrap();
        fs::write(folder.join("max_energy_range_uj"), "1000000000\n").unwrap();
        fs::write(folder.join("energy_uj"), microjoules).unwrap();
        folder.join("energy_uj")
    }

    #[test]
    fn packages_and_memory_are_added_up_and_their_parts_are_not() {
        let root = tempfile::tempdir().unwrap();
        let package = meter(root.path(), "intel-rapl:0", "package-0", "5000000\n");
        let memory = meter(root.path(), "intel-rapl:0:1", "dram", "100\n");
        let cores = meter(root.path(), "intel-rapl:0:0", "core", "0\n");
        let rapl = Rapl::open(root.path()).unwrap();
        let reading = rapl.start();
        fs::write(package, "7000000\n").unwrap();
        fs::write(memory, "500100\n").unwrap();
        fs::write(cores, "9000000\n").unwrap();
        assert_eq!(reading.joules(), Ok(2.5));
    }

    #[test]
    fn a_meter_that_starts_again_loses_nothing() {
        let root = tempfile::tempdir().unwrap();
        let package = meter(root.path(), "intel-rapl:0", "package-0", "999000000\n");
        let rapl = Rapl::open(root.path()).unwrap();
        let reading = rapl.start();
        fs::write(package, "2000000\n").unwrap();
        assert_eq!(reading.joules(), Ok(3.0));
    }

    #[test]
    fn no_meter_and_a_broken_one_are_said() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(
            Rapl::open(root.path()).unwrap_err(),
            "this machine shows no energy meter (RAPL)"
        );
        let gone = root.path().join("gone");
        assert_eq!(Rapl::open(&gone).unwrap_err(), "this machine shows no energy meter (RAPL)");
        let refused = reason(Path::new("energy_uj"), &io::ErrorKind::PermissionDenied.into());
        assert_eq!(refused, "energy_uj may be read by root only");
        meter(root.path(), "intel-rapl:0", "package-0", "?\n");
        assert!(Rapl::open(root.path()).unwrap_err().ends_with("energy_uj holds no number"));
    }
}
