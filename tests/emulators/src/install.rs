//! Pinned packages of Python, each set in a virtual environment of its own, and of npm, under `target/emulators/`; each installed once.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Two hundred megabytes from a slow registry; after that it is taken for hung.
const DEADLINE: Duration = Duration::from_mins(15);

/// The folder of the packages that `requirements-{name}.txt` pins, installed unless they are there.
pub(crate) fn environment(name: &str) -> Result<PathBuf, String> {
    once(name, &format!("requirements-{name}.txt"), |requirements, folder, log| {
        run(Command::new("python3").arg("-m").arg("venv").arg(folder), log)?;
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--no-input", "--no-deps", "--requirement"]);
        run(pip.arg(requirements), log)
    })
}

/// A folder whose `node_modules` holds the packages that `npm-packages.txt` pins.
pub(crate) fn node_packages() -> Result<PathBuf, String> {
    once("npm", "npm-packages.txt", |packages, folder, log| {
        let wanted = fs::read_to_string(packages).map_err(|error| error.to_string())?;
        for package in wanted.lines().filter(|line| !line.starts_with('#')) {
            let (name, _) = package.rsplit_once('@').ok_or(format!("{package} has no version"))?;
            let home = folder.join("node_modules").join(name);
            fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
            let mut npm = Command::new("npm");
            npm.args(["pack", "--silent", package, "--pack-destination"]);
            run(npm.arg(&home).current_dir(&home), log)?;
            let packed = fs::read_to_string(log).map_err(|error| error.to_string())?;
            let packed = packed.lines().last().unwrap_or_default();
            let mut tar = Command::new("tar");
            tar.args(["--extract", "--gzip", "--strip-components=1", "--file", packed]);
            run(tar.current_dir(&home), log)?;
        }
        Ok(())
    })
}

/// A folder whose `node_modules` holds what `portkey/package-lock.json` pins.
pub(crate) fn portkey() -> Result<PathBuf, String> {
    once("portkey", "portkey/package-lock.json", |lock, folder, log| {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for name in ["package.json", "package-lock.json"] {
            let from = lock.with_file_name(name);
            fs::copy(&from, folder.join(name))
                .map_err(|error| format!("{}: {error}", from.display()))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        run(npm.current_dir(folder), log)
    })
}

/// Installs into the folder `name` what the file `pins` pins, unless that has been done. Several processes may ask at once: one
/// installs and the others wait.
fn once(
    name: &str,
    pins: &str,
    install: impl FnOnce(&Path, &Path, &Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let pins = crate_folder().join(pins);
    let wanted =
        fs::read_to_string(&pins).map_err(|error| format!("{}: {error}", pins.display()))?;
    let home = crate_folder().join("../../target/emulators");
    let folder = home.join(name);
    let explain = |error: io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&home).map_err(explain)?;
    let home = home.canonicalize().map_err(explain)?;
    let folder = home.join(name);

    let lock = File::create(home.join(format!("{name}.lock"))).map_err(explain)?;
    lock.lock().map_err(explain)?;
    // The marker holds what was installed and is written last, so an interrupted installation is repeated.
    let marker = folder.join("installed.txt");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(explain)?;
    }
    install(&pins, &folder, &home.join(format!("{name}.log")))?;
    fs::write(&marker, wanted).map_err(explain)?;
    Ok(folder)
}

pub(crate) fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(command: &mut Command, log: &Path) -> Result<(), String> {
    let program = format!("{command:?}");
    let explain = |error: io::Error| {
        format!(
            "{program}: {error} (the tests need python3 with venv, 3.11 or newer, and npm with node, 20 or newer)"
        )
    };
    let output = File::create(log).map_err(explain)?;
    let errors = output.try_clone().map_err(explain)?;
    let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
    let mut child = child.map_err(explain)?;
    let begun = Instant::now();
    loop {
        match child.try_wait().map_err(explain)? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{program} failed with {status}:\n{said}"));
            }
            None if begun.elapsed() > DEADLINE => {
                let _ = child.kill();
                return Err(format!("{program} did not end in {DEADLINE:?}"));
            }
            None => sleep(Duration::from_millis(50)),
        }
    }
}
