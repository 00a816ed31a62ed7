//! boto3, which knows Bedrock from AWS and not from us, takes the fake for Bedrock.

use std::time::Duration;

use fake_bedrock::{Answer, FakeBedrock, Reply, Settings, Stream};
use serde_json::json;
use tokio::process::Command;

/// A cold start of Python with all of boto3, on a busy machine.
const DEADLINE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn boto3_understands_replies_streams_and_failures() {
    let python = tokio::task::spawn_blocking(emulators::tools::aws_python).await.unwrap();
    let bedrock = FakeBedrock::start(Settings::default()).await.unwrap();
    bedrock.script([
        Answer::Says(Reply::uses(&[
            ("t1", "look", json!({"at": "the door"})),
            ("t2", "look", json!({})),
        ])),
        Answer::says("A fox."),
        Answer::Says(Reply::of(
            vec![
                json!({"text": "Grüße!"}),
                json!({"toolUse": {"toolUseId": "t3", "name": "look", "input": {"at": "x"}}}),
            ],
            "tool_use",
        )),
        Answer::exception(
            "ThrottlingException",
            "Too many requests, please wait before trying again.",
        ),
        Stream::begin()
            .events(&Reply::says("Half").events()[..2])
            .exception("throttlingException", &json!({"message": "Too many tokens"}))
            .end(),
        Answer::says("The answer of Titan."),
        Answer::says("In pieces"),
    ]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/boto3_client.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).arg(bedrock.url()).kill_on_drop(true);
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command.env_remove("AWS_BEARER_TOKEN_BEDROCK");
    let output = tokio::time::timeout(DEADLINE, command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!(said, @r#"
    tool_use [{"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": "the door"}}}, {"toolUse": {"toolUseId": "t2", "name": "look", "input": {}}}] 11
    end_turn [{"text": "A fox."}] 11
    messageStart {"text": "Grü"} {"text": "ße"} {"text": "!"} contentBlockStop contentBlockStart {"toolUse": {"input": "{\"at"}} {"toolUse": {"input": "\":\"x"}} {"toolUse": {"input": "\"}"}} contentBlockStop messageStop metadata 18
    throttled: ThrottlingException ThrottlingException 429
    throttled in the stream: EventStreamError throttlingException
    parameters: ValidationException ValidationException 400
    blank text: ValidationException ValidationException 400
    a wrong secret: ClientError InvalidSignatureException 403
    The answer of Titan.
    ['In ', 'pie', 'ces'] 7
    3 models
    [2, 1] profiles a page
    101 tokens
    "#);
    insta::assert_snapshot!(bedrock.complaints().join("\n"), @"
    `temperature` and `top_p` cannot both be specified for this model. Please use only one.
    The text field in the ContentBlock object is blank. Add text to the text field, and try again.
    The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.
    ");
}
