//! How it ships: the stack, the image, the pipelines and the samples, each held to the tool of whoever reads it in earnest.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use emulators::tools;
use serde_json::Value;

mod agentcore;
mod container;
mod events;
mod policies;
mod smoke;
mod template;
mod watching;
mod workflows;

/// The stack as AWS gets it.
static STACK: LazyLock<Value> = LazyLock::new(|| {
    let printed = python(&tools::sam_python(), "transformed.py", &[&root().join("template.yaml")]);
    serde_json::from_str(&printed).expect("JSON")
});

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A resource's properties.
fn properties(name: &str) -> &'static Value {
    let properties = &STACK["Resources"][name]["Properties"];
    assert!(properties.is_object(), "the stack has no {name}");
    properties
}

/// The resources of a type, by name.
fn resources(kind: &str) -> impl Iterator<Item = (&'static str, &'static Value)> {
    let all = STACK["Resources"].as_object().expect("resources").iter();
    all.filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
}

fn python(interpreter: &Path, script: &str, arguments: &[&Path]) -> String {
    let mut command = Command::new(interpreter);
    ended(command.arg("-B").arg(helper(script)).args(arguments), "")
}

fn node(script: &str, arguments: &[PathBuf]) -> String {
    let mut command = Command::new("node");
    command.env("NODE_PATH", tools::node_path());
    ended(command.arg(helper(script)).args(arguments), "")
}

fn helper(script: &str) -> PathBuf {
    root().join("tests/infrastructure").join(script)
}

/// What a program prints. One that fails is the failure of the test.
fn ended(command: &mut Command, input: &str) -> String {
    let mut child = command
        .env("SAM_CLI_TELEMETRY", "0")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("standard input");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}
