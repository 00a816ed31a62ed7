//! The image: what it is made of, and that nothing is missing where it is built.

use std::path::Path;
use std::process::Command;

use emulators::tools;
use serde_json::Value;

use super::{ended, read, root};

#[test]
fn hadolint_finds_nothing() {
    let said = ended(Command::new(tools::hadolint()).arg(root().join("Dockerfile")), "");
    assert_eq!(said, "");
}

#[test]
fn what_it_is_built_from_is_pinned() {
    let dockerfile = read("Dockerfile");
    let bases: Vec<&str> =
        dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    let toolchain: toml::Value = toml::from_str(&read("rust-toolchain.toml")).unwrap();
    let rust = toolchain["toolchain"]["channel"].as_str().unwrap();
    assert!(bases[0].starts_with(&format!("rust:{rust}-")), "{bases:?}");
    for base in bases.iter().filter(|base| !base.starts_with("scratch")) {
        let digest = base.split_once("@sha256:").map(|(_, rest)| rest.split(' ').next().unwrap());
        assert!(digest.is_some_and(|digest| digest.len() == 64), "{base}");
    }
}

#[test]
fn it_runs_the_shipped_profile_as_nobody_and_takes_no_command() {
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains("--profile dist"));
    let shipped = dockerfile.rsplit_once("\nFROM ").unwrap().1;
    let instructions: Vec<&str> =
        shipped.lines().skip(1).filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    insta::assert_snapshot!(instructions.join("\n"), @r#"
    COPY --from=build /out/bootstrap /eco-coder
    ENV ECO_CODER_LISTEN=0.0.0.0:8080
    EXPOSE 8080
    USER 65532:65532
    WORKDIR /home/nonroot
    ENTRYPOINT ["/eco-coder"]
    "#);
}

/// The same workspace with only what .dockerignore lets through: Cargo finds every target, and every file that a source
/// includes is there.
#[test]
fn nothing_that_the_build_reads_is_left_outside() {
    let let_through: Vec<String> = read(".dockerignore")
        .lines()
        .filter_map(|line| line.strip_prefix('!').map(ToOwned::to_owned))
        .collect();
    let listed = ended(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()),
        "",
    );
    let folder = tempfile::tempdir().unwrap();
    for file in listed.lines().filter(|file| {
        let_through.iter().any(|part| file == part || file.starts_with(&format!("{part}/")))
    }) {
        let place = folder.path().join(file);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(root().join(file), place).unwrap();
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--locked"]);
    let metadata: Value =
        serde_json::from_str(&ended(cargo.current_dir(folder.path()), "")).unwrap();
    let targets: Vec<&str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|package| package["targets"].as_array().unwrap())
        .filter_map(|target| target["src_path"].as_str())
        .collect();
    assert!(targets.len() > 7);
    for target in targets {
        assert!(Path::new(target).exists(), "{target}");
    }
    let missing: Vec<String> = rust_files(folder.path())
        .iter()
        .flat_map(|file| included(file))
        .filter(|path| !Path::new(path).exists())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The files that a source's `include_str!` and `include_bytes!` name.
fn included(file: &Path) -> Vec<String> {
    let source = std::fs::read_to_string(file).unwrap();
    let named = source.split("include_").skip(1).filter_map(|rest| {
        let argument = rest.strip_prefix("str!(\"").or_else(|| rest.strip_prefix("bytes!(\""))?;
        argument.split_once("\")").map(|(path, _)| path.to_owned())
    });
    named.map(|path| file.parent().unwrap().join(path).display().to_string()).collect()
}
