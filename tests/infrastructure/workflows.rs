//! The pipelines: correct, pinned, without keys, and with no more permissions than they use.

use std::path::PathBuf;

use serde_json::Value;

use super::{node, read, root};

const WORKFLOWS: [&str; 3] = ["ci", "deploy", "release"];

fn path(name: &str) -> String {
    format!(".github/workflows/{name}.yml")
}

fn workflow(name: &str) -> Value {
    serde_saphyr::from_str(&read(&path(name))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn actionlint_finds_nothing() {
    let all: Vec<PathBuf> = std::fs::read_dir(root().join(".github/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(all.len(), WORKFLOWS.len());
    assert_eq!(node("actionlint.js", &all), "");
}

#[test]
fn actionlint_would_find_something() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yml");
    std::fs::write(&wrong, "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ nobody.knows }}\n").unwrap();
    let found = node("actionlint.js", &[wrong]);
    assert!(found.contains("undefined variable \"nobody\""), "{found:?}");
}

#[test]
fn actions_are_pinned_by_commit_and_say_which_version_that_is() {
    let mut seen = 0;
    for name in WORKFLOWS {
        for line in read(&path(name)).lines() {
            let Some((_, used)) = line.split_once("uses: ") else { continue };
            seen += 1;
            if used.starts_with("./.github/workflows/") {
                continue;
            }
            let (action, version) = used
                .split_once(" # v")
                .unwrap_or_else(|| panic!("{name}: {used} without its version"));
            let commit = action.split_once('@').map(|(_, commit)| commit).unwrap_or_default();
            assert!(
                commit.len() == 40 && commit.chars().all(|letter| letter.is_ascii_hexdigit()),
                "{name}: {used}"
            );
            assert_eq!(version.split('.').count(), 3, "{name}: {used}");
        }
    }
    assert!(seen > 15, "only {seen} actions were seen");
}

#[test]
fn there_is_no_key_to_leak() {
    for name in WORKFLOWS {
        let text = read(&path(name)).to_lowercase();
        for trace in ["secrets.", "aws-access-key-id", "aws_access_key_id", "aws-secret-access-key"]
        {
            assert!(!text.contains(trace), "{name} speaks of {trace}");
        }
    }
}

#[test]
fn what_comes_from_outside_is_no_part_of_a_script() {
    for name in WORKFLOWS {
        for (job, definition) in workflow(name)["jobs"].as_object().unwrap() {
            for step in definition["steps"].as_array().into_iter().flatten() {
                let script = step["run"].as_str().unwrap_or_default();
                assert!(!script.contains("${{"), "{name}, {job}: {script}");
            }
        }
    }
}

#[test]
fn a_job_may_do_this_and_no_more() {
    let mut lines = Vec::new();
    for name in WORKFLOWS {
        let workflow = workflow(name);
        lines.push(format!("{name}: {}", workflow["permissions"]));
        for (job, definition) in workflow["jobs"].as_object().unwrap() {
            lines.push(format!("  {job}: {}", definition["permissions"]));
        }
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ci: {"contents":"read"}
      dependencies: null
      run: null
    deploy: {}
      deploy: {"contents":"read","id-token":"write"}
    release: {}
      dependencies: {"contents":"read"}
      dev: {"contents":"read","id-token":"write"}
      image: {"contents":"read","id-token":"write"}
      prod: {"contents":"read","id-token":"write"}
      staging: {"contents":"read","id-token":"write"}
    "#);
}

#[test]
fn a_release_goes_to_dev_then_staging_then_prod() {
    let release = workflow("release");
    let follows = |job: &str| release["jobs"][job]["needs"].as_str().unwrap().to_owned();
    assert_eq!(
        ["image", "dev", "staging", "prod"].map(follows),
        ["dependencies", "image", "dev", "staging"]
    );
    for environment in ["dev", "staging", "prod"] {
        assert_eq!(release["jobs"][environment]["with"]["environment"], environment);
    }
    // Where people approve.
    assert_eq!(workflow("deploy")["jobs"]["deploy"]["environment"], "${{ inputs.environment }}");
}
