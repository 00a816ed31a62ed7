//! The settings of AgentCore's two command lines, read by their own schemas.

use emulators::tools;

use super::{node, python, root};

#[test]
fn the_starter_toolkit_takes_all_of_its_settings() {
    let settings = root().join(".bedrock_agentcore.yaml");
    assert_eq!(python(&tools::agentcore_python(), "toolkit.py", &[&settings]), "");
}

#[test]
fn the_starter_toolkit_is_asked_what_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join(".bedrock_agentcore.yaml");
    let wrong = "agents:\n  a:\n    name: a\n    entrypoint: a.py\n    colour: green\n    aws: {region: us-east-1, arn: x}\n";
    std::fs::write(&settings, wrong).unwrap();
    insta::assert_snapshot!(python(&tools::agentcore_python(), "toolkit.py", &[&settings]), @"
    agents.a.colour is not a setting
    agents.a.aws.arn is not a setting
    Missing 'aws.execution_role' for cloud deployment (or enable auto-creation)
    Missing 'aws.account' for cloud deployment
    ");
}

#[test]
fn the_command_line_takes_all_of_its_settings() {
    let files =
        ["agentcore/agentcore.json", "agentcore/aws-targets.json"].map(|file| root().join(file));
    assert_eq!(node("agentcore.js", &files).trim(), "");
}

#[test]
fn the_command_line_is_asked_what_it_knows() {
    let folder = tempfile::tempdir().unwrap();
    let project = r#"{"name":"X","version":1,"managedBy":"CDK","runtimes":[{"name":"x","build":"Container","entrypoint":"x.py","codeLocation":".","colour":"green"}]}"#;
    let files = [
        ("agentcore.json", project),
        ("aws-targets.json", r#"[{"name":"d","account":"1","region":"us-east-1"}]"#),
    ];
    let files = files.map(|(name, text)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    });
    insta::assert_snapshot!(node("agentcore.js", &files), @"
    runtimes.0.colour is not a setting
    0.account: AWS account ID must be exactly 12 digits
    ");
}
