//! All definitions of a folder.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::check::{check, invalid};
use super::{AgentDefinition, Defaults, DefinitionError, Known, file};

const LARGEST: u64 = 64 << 10;
const MOST: usize = 200;

/// Reads every `.md` and `.json` file of a folder, in the order of their names; a `README.md` is for people. All
/// mistakes are told at once, and then none of the agents is taken.
pub fn load(
    folder: &Path,
    defaults: &Defaults,
    known: Known<'_>,
) -> Result<Vec<AgentDefinition>, Vec<DefinitionError>> {
    let paths = paths(folder).map_err(|error| vec![unreadable(folder, &error)])?;
    if paths.len() > MOST {
        let said = format!("it holds {} definitions; {MOST} are the most", paths.len());
        return Err(vec![invalid(said).in_file(folder)]);
    }
    let mut definitions: Vec<AgentDefinition> = Vec::new();
    let mut mistakes = Vec::new();
    for path in &paths {
        match one(path, defaults, known) {
            Ok(definition) => definitions.push(definition),
            Err(found) => mistakes.extend(found),
        }
    }
    mistakes.extend(twice(&definitions));
    if mistakes.is_empty() { Ok(definitions) } else { Err(mistakes) }
}

fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let readme = path.file_name().is_some_and(|name| name == "README.md");
        if matches!(extension, Some("md" | "json")) && !readme {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn one(
    path: &Path,
    defaults: &Defaults,
    known: Known<'_>,
) -> Result<AgentDefinition, Vec<DefinitionError>> {
    let text = read(path).map_err(|error| vec![unreadable(path, &error)])?;
    let written = file::read(path, &text).map_err(|wrong| vec![wrong.in_file(path)])?;
    check(written, path, defaults, known)
        .map_err(|wrong| wrong.into_iter().map(|wrong| wrong.in_file(path)).collect())
}

fn read(path: &Path) -> io::Result<String> {
    let refuse = |said: String| io::Error::new(io::ErrorKind::InvalidData, said);
    // Opening a pipe waits for whoever writes into it.
    if !fs::metadata(path)?.is_file() {
        return Err(refuse("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(format!("it is larger than {LARGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| refuse("it is no UTF-8 text".to_owned()))
}

fn unreadable(path: &Path, error: &io::Error) -> DefinitionError {
    invalid(format!("it cannot be read: {error}")).in_file(path)
}

fn twice(definitions: &[AgentDefinition]) -> Vec<DefinitionError> {
    let mut first: HashMap<&str, &Path> = HashMap::new();
    let mut mistakes = Vec::new();
    for definition in definitions {
        if let Some(other) = first.insert(&definition.id, &definition.file) {
            let said = format!("the id `{}` is also that of {}", definition.id, other.display());
            mistakes.push(invalid(said).in_file(&definition.file));
        }
    }
    mistakes
}
