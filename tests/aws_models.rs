//! What breaks a public model of an AWS service is told, in requests and in answers: operation, member and fault.

use std::panic::{AssertUnwindSafe, catch_unwind};

use emulators::{Answer, Emulators, Exchange};
use serde_json::{Value, json};

use crate::world::aws::sdk;

const CONVERSE: &str = "/model/us.amazon.nova-2-lite-v1%3A0/converse";

/// A request signed for a service.
struct Signed {
    service: &'static str,
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
}

fn signed(service: &'static str, method: &'static str, target: &str, body: &Value) -> Signed {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Signed { service, method, target: target.to_owned(), headers: vec![], body }
}

fn converse(body: &Value) -> Signed {
    signed("bedrock", "POST", CONVERSE, body)
}

/// A request of the protocol that names its operation in a header.
fn json_rpc(service: &'static str, operation: &'static str, body: &Value) -> Signed {
    Signed { headers: vec![("x-amz-target", operation)], ..signed(service, "POST", "/", body) }
}

impl Signed {
    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn saying(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }

    fn faults(&self) -> String {
        self.faults_with(None)
    }

    fn answered(&self, status: u16, headers: &[(&str, &str)], body: &Value) -> String {
        let body = body.to_string();
        self.faults_with(Some(Answer { status, headers: owned(headers), body: body.as_bytes() }))
    }

    fn faults_with(&self, answer: Option<Answer<'_>>) -> String {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=A/20261121/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0",
            self.service
        );
        let mut headers = owned(&self.headers);
        headers.push(("Authorization".to_owned(), scope));
        let exchange = Exchange {
            method: self.method,
            target: &self.target,
            headers,
            body: self.body.as_bytes(),
            answer,
        };
        Emulators::shared().faults(&exchange).join("\n")
    }
}

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]})
}

fn reply() -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    })
}

/// The document with another value at a JSON pointer whose parent exists; null takes the member away.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().insert(member.to_owned(), value);
    document
}

#[test]
fn what_the_models_allow_is_not_complained_of() {
    assert_eq!(converse(&hello()).answered(200, &[], &reply()), "");
    let message = json!({"QueueUrl": "http://q", "MessageBody": "x", "DelaySeconds": 3});
    assert_eq!(json_rpc("sqs", "AmazonSQS.SendMessage", &message).faults(), "");
    let put = signed("s3", "PUT", "/bucket/a/b%20c?x-id=PutObject", &json!("body"));
    assert_eq!(put.with("x-amz-checksum-crc32", "AAAAAA==").faults(), "");
    let identity = signed("sts", "POST", "/", &Value::Null)
        .saying("Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(identity.faults(), "");
    let throttled = json!({"message": "Too many"});
    let header = [("x-amzn-errortype", "ThrottlingException:http://internal.amazon.com/")];
    assert_eq!(converse(&hello()).answered(429, &header, &throttled), "");
}

#[test]
fn a_request_that_breaks_a_model_is_told() {
    let two_in_a_union =
        with(hello(), "/messages/0/content/0/image", json!({"format": "png", "source": {}}));
    let long_name = "n".repeat(65);
    let tool = json!({"toolSpec": {"name": long_name, "inputSchema": {"json": {"anything": 1}}}});
    let item = json!({"TableName": "table", "Item": {"pk": {"Q": "1"}, "n": {"N": 7}}});
    let upload = "/bucket/key?uploadId=1&x-id=CompleteMultipartUpload";
    let parts = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><ETag>x</ETag>\
                 <PartNumber>one</PartNumber><Size>3</Size></Part></CompleteMultipartUpload>";
    let agent = "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A123456789012%3Aruntime%2Feco_coder-abcdefghij/invocations";
    let faults = [
        converse(&json!({"mesages": []})).faults(),
        converse(&with(hello(), "/messages/0/content", Value::Null)).faults(),
        converse(&with(hello(), "/messages/0/role", json!("robot"))).faults(),
        converse(&with(hello(), "/messages/0/content", json!("Hello"))).faults(),
        converse(&two_in_a_union).faults(),
        converse(&with(hello(), "/inferenceConfig", json!({"maxTokens": "9", "topP": 1.5})))
            .faults(),
        converse(&with(hello(), "/toolConfig", json!({"tools": [tool]}))).faults(),
        signed("bedrock", "POST", "/model/no%20model/converse", &hello()).faults(),
        signed("bedrock", "POST", "/model/us.amazon.nova-2-lite-v1%3A0/convers", &hello()).faults(),
        converse(&hello()).saying("{").faults(),
        json_rpc("dynamodb", "DynamoDB_20120810.PutItem", &item).faults(),
        json_rpc("sqs", "AmazonSQS.SendMessage", &json!({"QueueUrl": "http://q"})).faults(),
        json_rpc("sqs", "AmazonSQS.SendMesage", &json!({})).faults(),
        json_rpc("ssm", "AmazonSSM.GetParameter", &json!({"Name": "", "WithDecryption": "yes"}))
            .faults(),
        signed("s3", "GET", "/bucket?list-type=2&prefx=a", &Value::Null).faults(),
        signed("s3", "PUT", "/bucket/key", &Value::Null)
            .with("x-amz-storage-class", "COLD")
            .with("x-amz-tier", "1")
            .faults(),
        signed("s3", "POST", upload, &Value::Null).saying(parts).faults(),
        signed("sts", "POST", "/", &Value::Null)
            .saying("Action=AssumeRole&Version=2011-06-15&RoleSessionName=run&Tags.member.1.Key=k")
            .faults(),
        signed("bedrock-agentcore", "POST", agent, &json!({}))
            .with("X-Amzn-Bedrock-AgentCore-Runtime-Session-Id", "short")
            .faults(),
        signed("codeguru-profiler", "GET", "/profilingGroups/shop/profile?maxDepth=0", &json!({}))
            .faults(),
        signed("bedrok", "POST", "/", &Value::Null).faults(),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r#"
    bedrock-runtime Converse, request: mesages: no such member
    bedrock-runtime Converse, request: messages[0].content: required, and missing
    bedrock-runtime Converse, request: messages[0].role: 'robot' is none of user, assistant, system
    bedrock-runtime Converse, request: messages[0].content: 'Hello' is not a list
    bedrock-runtime Converse, request: messages[0].content[0]: one member of a union, not 2: ['image', 'text']
    bedrock-runtime Converse, request: messages[0].content[0].image.source: one member of a union, not 0: []
    bedrock-runtime Converse, request: inferenceConfig.maxTokens: '9' is not an integer
    bedrock-runtime Converse, request: inferenceConfig.topP: 1.5 is more than 1
    bedrock-runtime Converse, request: toolConfig.tools[0].toolSpec.name: 65 characters, at most 64 are allowed
    bedrock-runtime Converse, request: modelId: 'no model' does not match '(arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(([0-9]{12}:custom-model/[a-z0-9-]{1,63}[.]{1}[a-z0-9-]{1,63}/[a-z0-9]{12}...
    bedrock-runtime: no operation POST /model/us.amazon.nova-2-lite-v1%3A0/convers
    bedrock-runtime Converse, request: the body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)
    dynamodb PutItem, request: Item['n'].N: 7 is not a string
    dynamodb PutItem, request: Item['pk'].Q: no such member
    sqs SendMessage, request: MessageBody: required, and missing
    sqs: no operation AmazonSQS.SendMesage
    ssm GetParameter, request: Name: 0 characters, at least 1 are wanted
    ssm GetParameter, request: WithDecryption: 'yes' is not a boolean
    s3 ListObjectsV2, request: query parameter prefx: no such parameter
    s3 PutObject, request: header x-amz-tier: no such header
    s3 PutObject, request: StorageClass: 'COLD' is none of STANDARD, REDUCED_REDUNDANCY, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER, DEEP_ARCHIVE, OUTPOSTS, GLACIER_IR, SNOW, EXPRESS_ONEZONE, FSX_OPENZFS, FSX_ONTAP, AWS_BACKUP_WARM, AWS_BACKUP_LOW_COST_WARM
    s3 CompleteMultipartUpload, request: MultipartUpload.Parts[0].PartNumber: 'one' is not an integer
    s3 CompleteMultipartUpload, request: MultipartUpload.Parts[0].Size: no such member
    sts AssumeRole, request: RoleArn: required, and missing
    sts AssumeRole, request: Tags[0].Value: required, and missing
    bedrock-agentcore InvokeAgentRuntime, request: runtimeSessionId: 5 characters, at least 33 are wanted
    codeguruprofiler GetProfile, request: maxDepth: 0 is less than 1
    POST /: no service signs as bedrok
    "#);
}

#[test]
fn an_answer_that_breaks_a_model_is_told() {
    let secret =
        || json_rpc("secretsmanager", "secretsmanager.GetSecretValue", &json!({"SecretId": "s"}));
    let reviews =
        || signed("codeguru-reviewer", "GET", "/codereviews?Type=PullRequest", &Value::Null);
    let error = |kind| [("x-amzn-errortype", kind)];
    let told = json!({"message": "no"});
    let faults = [
        converse(&hello()).answered(200, &[], &with(reply(), "/usage/totalTokens", Value::Null)),
        converse(&hello()).answered(200, &[], &with(reply(), "/stopReason", json!("bored"))),
        converse(&hello()).answered(200, &[], &with(reply(), "/metrics/latency", json!(1))),
        converse(&hello()).answered(201, &[], &reply()),
        converse(&hello()).answered(429, &error("ThrotlingException"), &told),
        converse(&hello()).answered(400, &error("ThrottlingException"), &told),
        secret().answered(200, &[], &json!({"ARN": "arn", "CreatedDate": "2026-11-21"})),
        secret().answered(400, &error("ResourceNotFoundException"), &json!({"Mesage": "no"})),
        reviews().answered(
            200,
            &[],
            &json!({"CodeReviewSummaries": [{"State": "Done", "CreatedTimeStamp": true}]}),
        ),
        reviews().answered(200, &[], &json!([])),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r#"
    bedrock-runtime Converse, answer: usage.totalTokens: required, and missing
    bedrock-runtime Converse, answer: stopReason: 'bored' is none of end_turn, tool_use, max_tokens, stop_sequence, guardrail_intervened, content_filtered, malformed_model_output, malformed_tool_use, model_context_window_exceeded
    bedrock-runtime Converse, answer: metrics.latency: no such member
    bedrock-runtime Converse, answer: status 201 instead of 200
    bedrock-runtime Converse, answer: error ThrotlingException: none of AccessDeniedException, InternalServerException, ModelErrorException, ModelNotReadyException, ModelTimeoutException, ResourceNotFoundException, ServiceUnavailableException, ThrottlingException, ValidationException
    bedrock-runtime Converse, answer: error ThrottlingException: status 400 instead of 429
    secretsmanager GetSecretValue, answer: ARN: 3 characters, at least 20 are wanted
    secretsmanager GetSecretValue, answer: CreatedDate: '2026-11-21' is not a timestamp in seconds
    secretsmanager GetSecretValue, answer: error ResourceNotFoundException: Mesage: no such member
    codeguru-reviewer ListCodeReviews, answer: CodeReviewSummaries[0].CreatedTimeStamp: True is not a timestamp in seconds
    codeguru-reviewer ListCodeReviews, answer: CodeReviewSummaries[0].State: 'Done' is none of Completed, Pending, Failed, Deleting
    codeguru-reviewer ListCodeReviews, answer: the body is no JSON object
    "#);
}

#[tokio::test]
async fn a_request_that_breaks_a_model_does_not_reach_the_emulator() {
    let aws = Emulators::alone();
    aws.assert_valid();
    let secrets = aws_sdk_secretsmanager::Client::new(&sdk(&aws.aws_url));
    let refused = secrets.get_secret_value().secret_id("").send().await.unwrap_err();
    let told =
        "secretsmanager GetSecretValue, request: SecretId: 0 characters, at least 1 are wanted";
    assert_eq!(refused.as_service_error().unwrap().meta().message(), Some(told));
    let asserted = catch_unwind(AssertUnwindSafe(|| aws.assert_valid())).unwrap_err();
    let said = asserted.downcast_ref::<String>().unwrap();
    assert!(said.contains(told), "{said}");
}
