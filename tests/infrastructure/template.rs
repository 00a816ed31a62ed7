//! The stack: what its own tools say of it, and what has to agree with the code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use emulators::tools;
use model::catalog;
use serde_json::{Value, json};

use super::{STACK, ended, properties, read, resources, root};

#[test]
fn cfn_lint_finds_nothing() {
    let said = ended(Command::new(tools::cfn_lint()).arg(root().join("template.yaml")), "");
    assert_eq!(said, "");
}

#[test]
fn sam_finds_nothing() {
    let mut sam = Command::new(tools::sam());
    sam.args(["validate", "--lint", "--region", "us-east-1", "--template"]);
    // Away from samconfig.toml, so that nothing is cached beside it.
    sam.arg(root().join("template.yaml")).current_dir(std::env::temp_dir());
    let said = ended(&mut sam, "");
    assert!(said.contains("is a valid SAM Template"), "{said}");
}

#[test]
fn a_job_is_hidden_for_six_times_as_long_as_a_worker_may_take() {
    let timeout = properties("Worker")["Timeout"].as_u64().unwrap();
    assert_eq!(properties("Queue")["VisibilityTimeout"].as_u64(), Some(6 * timeout));
}

#[test]
fn a_job_that_is_given_up_is_kept_longer_than_one_that_waits() {
    let seconds = |queue: &str| properties(queue)["MessageRetentionPeriod"].as_u64().unwrap();
    assert!(seconds("DeadLetterQueue") > seconds("Queue"));
}

#[test]
fn the_ingress_gives_up_no_later_than_github() {
    assert_eq!(properties("Ingress")["Timeout"], 10);
}

#[test]
fn github_can_reach_the_ingress_and_nothing_else_is_public() {
    let mut public: Vec<String> = resources("AWS::Lambda::Permission")
        .filter(|(_, permission)| permission["Principal"] == "*")
        .map(|(_, permission)| {
            format!("{} {}", permission["FunctionName"]["Ref"], permission["Action"])
        })
        .collect();
    public.sort();
    assert_eq!(
        public,
        [
            r#""IngressAliaslive" "lambda:InvokeFunction""#,
            r#""IngressAliaslive" "lambda:InvokeFunctionUrl""#
        ]
    );
    assert_eq!(properties("IngressURLInvokeAllowPublicAccess")["InvokedViaFunctionUrl"], true);
}

#[test]
fn workers_are_handed_one_job_and_say_which_failed() {
    let source = properties("WorkerJobs");
    assert_eq!(
        (&source["BatchSize"], &source["FunctionResponseTypes"]),
        (&json!(1), &json!(["ReportBatchItemFailures"]))
    );
    let reserved = &properties("Worker")["ReservedConcurrentExecutions"];
    assert_eq!(&source["ScalingConfig"]["MaximumConcurrency"], reserved);
}

#[test]
fn what_is_kept_outlives_the_stack_and_is_encrypted() {
    let table = properties("Table");
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["SSESpecification"]["SSEType"], "KMS");
    let bucket = properties("Bucket");
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    assert!(
        bucket["PublicAccessBlockConfiguration"]
            .as_object()
            .unwrap()
            .values()
            .all(|blocked| blocked == true)
    );
    assert_eq!(properties("Key")["EnableKeyRotation"], true);
    for name in ["Table", "Bucket", "Key", "WebhookSecret", "GitHubCredential"] {
        assert_eq!(STACK["Resources"][name]["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
    }
    let key = json!({"Fn::GetAtt": ["Key", "Arn"]});
    for queue in ["Queue", "DeadLetterQueue"] {
        assert_eq!(properties(queue)["KmsMasterKeyId"], key, "{queue}");
    }
    for (name, log) in resources("AWS::Logs::LogGroup") {
        assert_eq!(log["KmsKeyId"], key, "{name}");
    }
}

#[test]
fn an_environment_decides_how_careful_a_deployment_is() {
    insta::assert_snapshot!(STACK["Mappings"]["ByEnvironment"], @r#"{"dev":{"LogDays":7,"Protected":false,"Rollout":"AllAtOnce"},"prod":{"LogDays":90,"Protected":true,"Rollout":"Canary10Percent5Minutes"},"staging":{"LogDays":30,"Protected":false,"Rollout":"AllAtOnce"}}"#);
    for function in ["IngressLog", "WorkerLog", "RedeliverLog"] {
        let days = &properties(function)["RetentionInDays"];
        assert_eq!(
            days,
            &json!({"Fn::FindInMap": ["ByEnvironment", {"Ref": "Environment"}, "LogDays"]})
        );
    }
}

#[test]
fn every_variable_that_is_set_is_read() {
    let mut set: BTreeSet<String> = variables();
    let agentcore: Value = serde_json::from_str(&read("agentcore/agentcore.json")).unwrap();
    let named = agentcore["runtimes"][0]["envVars"].as_array().unwrap().iter();
    set.extend(named.map(|variable| variable["name"].as_str().unwrap().to_owned()));
    let known = sources(&root().join("src/config")) + &sources(&root().join("src/cli"));
    let unread: Vec<&String> =
        set.iter().filter(|name| !known.contains(&format!("\"{name}\""))).collect();
    assert!(set.len() > 15 && unread.is_empty(), "nobody reads {unread:?}");
}

/// What functions and runtime are given.
fn variables() -> BTreeSet<String> {
    let functions = resources("AWS::Lambda::Function")
        .map(|(_, function)| &function["Environment"]["Variables"]);
    let runtimes = resources("AWS::BedrockAgentCore::Runtime")
        .map(|(_, runtime)| &runtime["EnvironmentVariables"]);
    functions.chain(runtimes).flat_map(|set| set.as_object().unwrap().keys().cloned()).collect()
}

#[test]
fn lambda_and_agentcore_are_told_the_same() {
    let lambda = properties("Worker")["Environment"]["Variables"].as_object().unwrap();
    let mut agentcore =
        properties("AgentRuntime")["EnvironmentVariables"].as_object().unwrap().clone();
    // It serves where Lambda is called, and does not dispatch to itself.
    let own = ["ECO_CODER_AGENTCORE", "ECO_CODER_LISTEN"].map(|name| agentcore.remove(name));
    assert_eq!(own, [Some(json!("1")), Some(json!("0.0.0.0:8080"))]);
    let mut lambda = lambda.clone();
    lambda.remove("ECO_CODER_AGENT_RUNTIME_ARN");
    assert_eq!(agentcore, lambda);
}

#[test]
fn the_default_models_are_those_of_the_binary_and_may_be_called_wherever_they_run() {
    let default = |name: &str| STACK["Parameters"][name]["Default"].as_str().unwrap();
    let models = ["FirstModel", "SecondModel", "ThirdModel"].map(default);
    let profiles = models.map(|model| format!("{}.{model}", default("ModelGeography")));
    assert_eq!(profiles, catalog::default_models());
    let elsewhere = models.map(|model| format!("arn:aws:bedrock:::foundation-model/{model}"));
    assert_eq!(default("DestinationModelArns"), elsewhere.join(","));
}

fn sources(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn the_environments_of_sam_are_those_of_the_template() {
    let settings: BTreeMap<String, toml::Value> = toml::from_str(&read("samconfig.toml")).unwrap();
    for environment in STACK["Parameters"]["Environment"]["AllowedValues"].as_array().unwrap() {
        let name = environment.as_str().unwrap();
        let deploy = &settings[name]["deploy"]["parameters"];
        assert_eq!(
            deploy["parameter_overrides"][0].as_str(),
            Some(format!("Environment={name}").as_str())
        );
    }
}
