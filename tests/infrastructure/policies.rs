//! What each role may do: named actions on named resources.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use emulators::tools;
use serde_json::Value;

use super::{ended, helper, properties, resources};

/// A statement that allows something, of a policy that a role has.
struct Allowed {
    policy: &'static str,
    actions: Vec<&'static str>,
    everywhere: bool,
}

fn allowed() -> Vec<Allowed> {
    let inline = resources("AWS::IAM::Role").flat_map(|(name, role)| {
        let policies = role["Policies"].as_array().into_iter().flatten();
        policies.map(move |policy| (name, &policy["PolicyDocument"]))
    });
    let kinds = ["AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"];
    let named = kinds
        .into_iter()
        .flat_map(resources)
        .map(|(name, policy)| (name, &policy["PolicyDocument"]));
    inline
        .chain(named)
        .flat_map(|(policy, document)| {
            statements(&document["Statement"]).into_iter().map(move |statement| Allowed {
                policy,
                actions: texts(&statement["Action"]),
                everywhere: texts(&statement["Resource"]).contains(&"*"),
            })
        })
        .collect()
}

/// Every branch of a condition is looked at.
fn statements(value: &'static Value) -> Vec<&'static Value> {
    match value {
        Value::Array(all) => all.iter().flat_map(statements).collect(),
        Value::Object(statement) => match statement.get("Fn::If") {
            Some(branches) => {
                branches.as_array().unwrap()[1..].iter().flat_map(statements).collect()
            }
            None if statement.contains_key("Ref") => Vec::new(),
            None => {
                assert_eq!(statement["Effect"], "Allow");
                vec![value]
            }
        },
        _ => panic!("not a statement: {value}"),
    }
}

fn texts(value: &'static Value) -> Vec<&'static str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => value.as_str().into_iter().collect(),
    }
}

#[test]
fn an_action_is_named_and_known_to_aws_and_has_a_resource_wherever_aws_has_one() {
    let allowed = allowed();
    let actions: BTreeSet<&str> =
        allowed.iter().flat_map(|statement| statement.actions.clone()).collect();
    assert!(actions.len() > 30, "{actions:?}");
    let mut python = Command::new(tools::sam_python());
    let answer =
        ended(python.arg("-B").arg(helper("actions.py")), &Vec::from_iter(actions).join("\n"));
    let limits: BTreeMap<String, Option<Vec<String>>> =
        serde_json::from_str(&answer).expect("JSON");
    let mut wrong = Vec::new();
    for statement in &allowed {
        for action in &statement.actions {
            let policy = statement.policy;
            match &limits[*action] {
                _ if action.contains('*') => {
                    wrong.push(format!("{policy}: {action} is a wildcard"));
                }
                None => wrong.push(format!("{policy}: AWS has no action {action}")),
                Some(kinds) if statement.everywhere && !kinds.is_empty() => {
                    wrong.push(format!(
                        "{policy}: {action} on everything, but it can be limited to {kinds:?}"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_services_that_need_a_role_may_take_it() {
    let mut trusted: Vec<String> = resources("AWS::IAM::Role")
        .map(|(name, role)| {
            let statement = &role["AssumeRolePolicyDocument"]["Statement"][0];
            let conditions: Vec<&String> = statement["Condition"]
                .as_object()
                .into_iter()
                .flat_map(|conditions| conditions.values())
                .flat_map(|keys| keys.as_object().unwrap().keys())
                .collect();
            format!("{name}: {} {conditions:?}", statement["Principal"]["Service"])
        })
        .collect();
    trusted.sort();
    insta::assert_snapshot!(trusted.join("\n"), @r#"
    CodeDeployServiceRole: ["codedeploy.amazonaws.com"] []
    IngressRole: "lambda.amazonaws.com" []
    RedeliverRole: "lambda.amazonaws.com" []
    ReplicationRole: "s3.amazonaws.com" ["aws:SourceAccount"]
    RuntimeRole: "bedrock-agentcore.amazonaws.com" ["aws:SourceArn", "aws:SourceAccount"]
    WorkerRole: "lambda.amazonaws.com" []
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one list, for the eye that looks for what is too much")]
fn each_role_may_do_this() {
    let mut may: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for statement in allowed() {
        may.entry(statement.policy).or_default().extend(statement.actions);
    }
    let lines: Vec<String> = may
        .iter()
        .map(|(policy, actions)| {
            format!("{policy}\n  {}", actions.iter().copied().collect::<Vec<_>>().join("\n  "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    IngressRole
      dynamodb:GetItem
      dynamodb:PutItem
      dynamodb:Query
      dynamodb:UpdateItem
      kms:Decrypt
      kms:GenerateDataKey
      logs:CreateLogStream
      logs:PutLogEvents
      secretsmanager:GetSecretValue
      sqs:SendMessage
      xray:PutSpans
      xray:PutSpansForIndexing
      xray:PutTraceSegments
    RedeliverRole
      dynamodb:GetItem
      dynamodb:PutItem
      dynamodb:Query
      dynamodb:UpdateItem
      kms:Decrypt
      kms:GenerateDataKey
      logs:CreateLogStream
      logs:PutLogEvents
      secretsmanager:GetSecretValue
      sqs:SendMessage
      xray:PutSpans
      xray:PutSpansForIndexing
      xray:PutTraceSegments
    ReplicationPolicy
      kms:Decrypt
      kms:Encrypt
      s3:GetObjectVersionAcl
      s3:GetObjectVersionForReplication
      s3:GetObjectVersionTagging
      s3:GetReplicationConfiguration
      s3:ListBucket
      s3:ReplicateObject
      s3:ReplicateTags
    ReviewPolicy
      bedrock-agentcore:CreateEvent
      bedrock-agentcore:ListEvents
      bedrock-agentcore:RetrieveMemoryRecords
      bedrock:InvokeModel
      bedrock:InvokeModelWithResponseStream
      codeguru-profiler:GetProfile
      codeguru-profiler:GetRecommendations
      codeguru-profiler:ListProfileTimes
      codeguru-reviewer:CreateCodeReview
      codeguru-reviewer:DescribeCodeReview
      codeguru-reviewer:ListCodeReviews
      codeguru-reviewer:ListRecommendations
      dynamodb:BatchGetItem
      dynamodb:DeleteItem
      dynamodb:GetItem
      dynamodb:PutItem
      dynamodb:Query
      dynamodb:UpdateItem
      kms:Decrypt
      kms:GenerateDataKey
      s3:DeleteObject
      s3:GetObject
      s3:ListBucket
      s3:PutObject
      secretsmanager:GetSecretValue
      sqs:SendMessage
      ssm:GetParameter
      ssm:GetParameters
      ssm:GetParametersByPath
      xray:PutSpans
      xray:PutSpansForIndexing
      xray:PutTraceSegments
    RuntimeRole
      ecr:BatchGetImage
      ecr:GetAuthorizationToken
      ecr:GetDownloadUrlForLayer
      logs:CreateLogGroup
      logs:CreateLogStream
      logs:DescribeLogGroups
      logs:DescribeLogStreams
      logs:PutLogEvents
    WorkerRole
      bedrock-agentcore:InvokeAgentRuntime
      bedrock-agentcore:StopRuntimeSession
      logs:CreateLogStream
      logs:PutLogEvents
      sqs:ChangeMessageVisibility
      sqs:DeleteMessage
      sqs:GetQueueAttributes
      sqs:ReceiveMessage
    ");
}

#[test]
fn only_tls_reaches_queues_and_bucket() {
    for policy in ["QueuesByTlsOnly", "BucketByTlsOnly"] {
        for statement in properties(policy)["PolicyDocument"]["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Deny");
            assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false");
        }
    }
}

#[test]
fn policies_of_key_and_topics_let_in_this_account_only() {
    let key = properties("Key")["KeyPolicy"]["Statement"].as_array().unwrap();
    let topics =
        properties("TopicsFromThisAccount")["PolicyDocument"]["Statement"].as_array().unwrap();
    for statement in key.iter().chain(topics) {
        let account = statement["Principal"]["AWS"].to_string().contains("${AWS::AccountId}:root");
        let condition = statement["Condition"].to_string();
        assert!(account || condition.contains("AWS::AccountId"), "{statement}");
    }
}
