//! Stories of the AWS parts, against the fake: models of Bedrock behind the gateway, and that the fake answers like the
//! other services.

use std::sync::Arc;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_credential_types::provider::SharedCredentialsProvider;
use carbon::{CalculateCarbonFootprint, ParameterStore};
use codeguru::{Profiler, Reviewer, ReviewerSettings};
use contract::{
    Binding, Change, ChangedFile, CodeReviewer, ProfileRequest, ProfileSource, Timestamp, Tool,
    ToolSpec,
};
use model::bedrock::wire::{BedrockDriver, Settings};
use model::gateway::{self, Gateway, Parts, Route};
use model::http::Client;
use model::{
    Block, Call, Cause, Conversation, Message, ModelDriver, ModelError, Parameters, Reply, Role,
    StopReason, ToolResult, normalize,
};
use serde_json::{Value, json};

use crate::world::aws::{FakeAws, ProfileForm, Reviews, Scripted, answer, env, says, sdk, uses};

const DEADLINE: Duration = Duration::from_secs(20);
const SONNET: &str = "global.anthropic.claude-sonnet-5-5";
const HAIKU: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";
const NOVA: &str = "us.amazon.nova-2-lite-v1:0";

fn driver(sdk: &aws_config::SdkConfig) -> BedrockDriver {
    BedrockDriver::new(Settings::of(sdk, Timestamp::now).unwrap(), Client::new().unwrap())
}

/// Models of Bedrock in their order, as a review is led by them, but for the pauses.
fn gateway(sdk: &aws_config::SdkConfig, models: &[&str]) -> Gateway {
    let driver: Arc<dyn ModelDriver> = Arc::new(driver(sdk));
    let routes = models.iter().map(|id| Route::new(driver.clone(), id)).collect();
    let parts = Parts {
        fitting: normalize::fitting,
        settings: gateway::Settings {
            attempt: Duration::from_millis(500),
            ..gateway::Settings::default()
        },
        wait: |_| Box::pin(std::future::ready(())),
        ..Parts::default()
    };
    Gateway::new(routes, parts)
}

fn bedrock(aws: &FakeAws, models: &[&str]) -> Gateway {
    gateway(&sdk(aws.url()), models)
}

fn call_within(conversation: Conversation, within: Duration) -> Call {
    let parameters = Parameters {
        max_tokens: Some(4096),
        temperature: Some(0.1),
        top_p: Some(0.9),
        ..Parameters::default()
    };
    Call { parameters, ..Call::new(conversation, within) }
}

fn call(conversation: Conversation) -> Call {
    call_within(conversation, DEADLINE)
}

fn conversation(messages: Vec<Message>) -> Conversation {
    let input_schema =
        json!({"type": "object", "properties": {"b": {}, "a": {}, "c": {}, "e": {}, "d": {}}});
    let tool = |name: &str| ToolSpec {
        name: name.into(),
        description: "A tool.".into(),
        input_schema: input_schema.clone(),
    };
    Conversation {
        system: "Review.".into(),
        messages,
        tools: vec![tool("analyze_code"), tool("calculate")],
    }
}

fn opening() -> Conversation {
    conversation(vec![Message::user("Go.")])
}

fn result(id: &str, is_error: bool, content: Value) -> Block {
    Block::ToolResult(ToolResult { tool_use_id: id.into(), is_error, content })
}

async fn ask(aws: &FakeAws, models: &[&str]) -> Result<Reply, ModelError> {
    bedrock(aws, models).converse(&call(opening())).await
}

fn models_asked(aws: &FakeAws) -> Vec<String> {
    let model =
        |path: &str| path.trim_start_matches("/model/").trim_end_matches("/converse").to_owned();
    aws.requests("bedrock").iter().map(|request| model(&request.path)).collect()
}

#[tokio::test]
async fn a_conversation_of_several_turns_keeps_every_rule_of_converse() {
    let aws = FakeAws::start().await;
    let thought =
        json!({"reasoningContent": {"reasoningText": {"text": "Both.", "signature": "c2lnbmVk"}}});
    let hidden = json!({"reasoningContent": {"redactedContent": "aGlkZGVu"}});
    let first_use = json!({"toolUse": {"toolUseId": "tooluse_1.a:b", "name": "analyze_code", "input": {"n": 3, "x": 0.5, "deep": {"list": [1, -2]}}}});
    let second_use = json!({"toolUse": {"toolUseId": "t2", "name": "calculate", "input": {}}});
    let text = json!({"text": "I look first."});
    aws.script(vec![
        Scripted::Reply(answer(
            &[thought, hidden, text, first_use, second_use, json!({"text": ""})],
            "tool_use",
        )),
        Scripted::Reply(says("All good.")),
    ]);
    let driver = bedrock(&aws, &[SONNET]);
    let first = driver.converse(&call(opening())).await.unwrap();
    let ids: Vec<_> = first.message.tool_uses().map(|tool_use| tool_use.id.as_str()).collect();
    assert_eq!((first.stop, ids), (StopReason::ToolUse, vec!["tooluse_1.a:b", "t2"]));
    assert_eq!(
        first.message.tool_uses().next().unwrap().input,
        json!({"n": 3, "x": 0.5, "deep": {"list": [1, -2]}})
    );
    let results = Message {
        role: Role::User,
        content: vec![
            Block::Text("Here.".into()),
            result("t2", true, json!("no such region")),
            result("tooluse_1.a:b", false, json!({"total": 2})),
        ],
    };
    let second = driver
        .converse(&call(conversation(vec![Message::user("Go."), first.message, results])))
        .await
        .unwrap();
    assert_eq!(aws.complaints(), Vec::<String>::new());
    assert_eq!(
        (second.message.text().as_str(), second.stop, second.notes.len()),
        ("All good.", StopReason::EndTurn, 0)
    );
    assert_eq!((second.usage.input_tokens, second.usage.cache_read_tokens), (1000, 300));
    let cost = second.cost_usd.unwrap();
    assert!((cost - (1000.0 * 2.0 + 200.0 * 10.0 + 300.0 * 0.1) / 1e6).abs() < 1e-12, "{cost}");
}

#[tokio::test]
async fn the_request_is_the_same_bytes_every_time_and_marks_what_may_be_cached() {
    let aws = FakeAws::start().await;
    aws.script(vec![Scripted::Always(Box::new(|_| says("Yes.")))]);
    for _ in 0..5 {
        ask(&aws, &[HAIKU]).await.unwrap();
    }
    let requests = aws.requests("bedrock");
    assert!(requests.iter().all(|request| request.bytes == requests[0].bytes));
    insta::assert_snapshot!(requests[0].body, @r#"{"inferenceConfig":{"maxTokens":4096,"temperature":0.1},"messages":[{"content":[{"text":"Go."},{"cachePoint":{"type":"default"}}],"role":"user"}],"system":[{"text":"Review."},{"cachePoint":{"type":"default"}}],"toolConfig":{"tools":[{"toolSpec":{"description":"A tool.","inputSchema":{"json":{"properties":{"a":{},"b":{},"c":{},"d":{},"e":{}},"type":"object"}},"name":"analyze_code"}},{"toolSpec":{"description":"A tool.","inputSchema":{"json":{"properties":{"a":{},"b":{},"c":{},"d":{},"e":{}},"type":"object"}},"name":"calculate"}},{"cachePoint":{"type":"default"}}]}}"#);
}

#[tokio::test]
async fn each_model_is_told_only_what_it_takes() {
    let aws = FakeAws::start().await;
    aws.script(vec![Scripted::Always(Box::new(|_| says("Yes.")))]);
    let mut told = Vec::new();
    for model in [
        SONNET,
        HAIKU,
        NOVA,
        "us.meta.llama3-3-70b-instruct-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
    ] {
        ask(&aws, &[model]).await.unwrap();
        let body = aws.requests("bedrock").pop().unwrap().body;
        let points = body.to_string().matches("cachePoint").count();
        told.push(format!("{} {points} cache points", body["inferenceConfig"]));
    }
    assert_eq!(aws.complaints(), Vec::<String>::new());
    insta::assert_snapshot!(told.join("\n"), @r#"
    {"maxTokens":4096} 3 cache points
    {"maxTokens":4096,"temperature":0.1} 3 cache points
    {"maxTokens":4096,"temperature":0.1,"topP":0.9} 2 cache points
    {"maxTokens":4032,"temperature":0.1,"topP":0.9} 0 cache points
    {"maxTokens":4096} 0 cache points
    "#);
}

#[tokio::test]
async fn a_model_that_throttles_until_the_end_hands_over_to_the_next() {
    let aws = FakeAws::start().await;
    aws.script(vec![
        Scripted::error(429, "ThrottlingException", 3),
        Scripted::Reply(says("Here I am.")),
    ]);
    let reply = ask(&aws, &[SONNET, HAIKU]).await.unwrap();
    assert_eq!(models_asked(&aws), [SONNET, SONNET, SONNET, HAIKU]);
    assert_eq!(reply.model_id, HAIKU);
    insta::assert_snapshot!(reply.notes.join("\n"), @"global.anthropic.claude-haiku-4-5-20251001-v1:0 answered instead of global.anthropic.claude-sonnet-5-5: the model throttled every attempt: told by the fake");
}

#[tokio::test]
async fn a_model_that_fails_or_times_out_inside_is_asked_three_times() {
    for (status, kind) in [(408, "ModelTimeoutException"), (424, "ModelErrorException")] {
        let aws = FakeAws::start().await;
        aws.script(vec![Scripted::error(status, kind, 2), Scripted::Reply(says("Now."))]);
        assert_eq!(ask(&aws, &[SONNET]).await.unwrap().message.text(), "Now.", "{kind}");
        aws.script(vec![Scripted::error(status, kind, 3), Scripted::Reply(says("Me."))]);
        assert_eq!(ask(&aws, &[SONNET, NOVA]).await.unwrap().model_id, NOVA, "{kind}");
    }
}

#[tokio::test]
async fn what_will_not_get_better_is_not_asked_again() {
    let mut told = Vec::new();
    let end = "This model version has reached the end of its life.";
    let outcomes = [
        (404, "ResourceNotFoundException", end, 2),
        (400, "ValidationException", end, 2),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            2,
        ),
        (400, "ValidationException", "Input is too long for requested model.", 1),
        (400, "ValidationException", "messages.0: something is wrong", 1),
        (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            1,
        ),
    ];
    for (status, kind, message, asked) in outcomes {
        let aws = FakeAws::start().await;
        aws.script(vec![Scripted::Error { status, kind, message, times: 9 }]);
        let error = ask(&aws, &["model-a", "model-b"]).await.unwrap_err();
        assert_eq!(models_asked(&aws).len(), asked, "{kind}: {message}");
        told.push(error.to_string());
    }
    insta::assert_snapshot!(told.join("\n"), @"
    the model is not to be had: model-a: This model version has reached the end of its life.; model-b: This model version has reached the end of its life.
    the model is not to be had: model-a: This model version has reached the end of its life.; model-b: This model version has reached the end of its life.
    the model's service refused the credentials: model-a: You don't have access to the model with the specified model ID.; model-b: You don't have access to the model with the specified model ID.
    the conversation does not fit the model: model-a: Input is too long for requested model.
    the model's service refused the request: model-a: messages.0: something is wrong
    the model's service refused the credentials: model-a: The security token included in the request is invalid.
    ");
}

#[tokio::test]
async fn a_model_that_never_answers_is_given_up_in_time() {
    let aws = FakeAws::start().await;
    aws.script(vec![Scripted::Delay(Duration::from_mins(1))]);
    let started = std::time::Instant::now();
    let error = bedrock(&aws, &[SONNET])
        .converse(&call_within(opening(), Duration::from_millis(100)))
        .await
        .unwrap_err();
    assert!(error.cause == Cause::Timeout, "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn without_credentials_or_a_network_the_reason_is_told() {
    let aws = FakeAws::start().await;
    let nobody =
        ProfileFileCredentialsProvider::builder().profile_name("nobody-has-this-profile").build();
    let nobody = sdk(aws.url())
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(nobody))
        .build();
    let error = gateway(&nobody, &[SONNET, NOVA]).converse(&call(opening())).await.unwrap_err();
    assert!(error.cause == Cause::Auth && error.message.contains("no AWS credentials"), "{error}");
    assert!(aws.requests("bedrock").is_empty());

    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nowhere = gateway(&sdk(&format!("http://{unused}")), &[SONNET, NOVA]);
    let error = nowhere.converse(&call(opening())).await.unwrap_err();
    assert!(
        error.cause == Cause::Unreachable && error.message.contains("could not be reached"),
        "{error}"
    );
}

#[tokio::test]
async fn an_attempt_that_stalls_is_repeated() {
    let aws = FakeAws::start().await;
    aws.script(vec![
        Scripted::Delay(Duration::from_mins(1)),
        Scripted::Reply(says("Second time.")),
    ]);
    let reply = ask(&aws, &[SONNET]).await.unwrap();
    assert_eq!((reply.message.text().as_str(), models_asked(&aws).len()), ("Second time.", 2));
}

#[tokio::test]
async fn a_model_newer_than_the_catalog_that_refuses_sampling_is_asked_without() {
    let aws = FakeAws::start().await;
    let refuses = "`temperature` is deprecated for this model.";
    let error =
        Scripted::Error { status: 400, kind: "ValidationException", message: refuses, times: 1 };
    aws.script(vec![error, Scripted::Reply(says("Better."))]);
    let reply = ask(&aws, &["vendor.model-of-next-year"]).await.unwrap();
    assert_eq!(
        reply.notes,
        ["vendor.model-of-next-year refused temperature and top_p, and was asked without them"]
    );
    assert_eq!(aws.requests("bedrock")[1].body["inferenceConfig"], json!({"maxTokens": 4096}));
    assert_eq!(reply.cost_usd, None);
}

#[tokio::test]
async fn thoughts_of_one_vendor_are_not_told_to_another() {
    let aws = FakeAws::start().await;
    let thought =
        json!({"reasoningContent": {"reasoningText": {"text": "Both.", "signature": "c2lnbmVk"}}});
    let first_use = json!({"toolUse": {"toolUseId": "t1", "name": "calculate", "input": {}}});
    aws.script(vec![
        Scripted::Reply(answer(&[thought, first_use], "tool_use")),
        Scripted::error(429, "ThrottlingException", 3),
        Scripted::Reply(says("Done.")),
    ]);
    let driver = bedrock(&aws, &[SONNET, NOVA]);
    let first = driver.converse(&call(opening())).await.unwrap();
    let results = Message { role: Role::User, content: vec![result("t1", false, json!({}))] };
    let reply = driver
        .converse(&call(conversation(vec![Message::user("Go."), first.message, results])))
        .await
        .unwrap();
    assert_eq!((reply.model_id.as_str(), aws.complaints().len()), (NOVA, 0));
    assert!(!aws.requests("bedrock").pop().unwrap().body.to_string().contains("reasoning"));
}

#[tokio::test]
async fn every_reason_to_stop_is_known_and_new_ones_are_survived() {
    let aws = FakeAws::start().await;
    let reasons = [
        "end_turn",
        "tool_use",
        "max_tokens",
        "stop_sequence",
        "guardrail_intervened",
        "content_filtered",
        "malformed_model_output",
        "malformed_tool_use",
        "model_context_window_exceeded",
        "bored",
    ];
    let (new, known) = reasons.split_last().unwrap();
    let body = |reason: &str| answer(&[json!({"text": "x"})], reason);
    let mut script: Vec<_> = known.iter().map(|reason| Scripted::Reply(body(reason))).collect();
    script.push(Scripted::OutsideTheModel(body(new)));
    aws.script(script);
    let mut stops = Vec::new();
    let driver = driver(&sdk(aws.url()));
    for _ in reasons {
        stops.push(format!("{:?}", driver.converse(&call(opening())).await.unwrap().stop));
    }
    assert_eq!(
        stops.join(" "),
        "EndTurn ToolUse MaxTokens StopSequence GuardrailIntervened ContentFiltered MalformedModelOutput MalformedToolUse ContextWindowExceeded Unknown"
    );
}

#[tokio::test]
async fn a_blocked_answer_is_asked_for_once_more_and_then_told() {
    for reason in ["guardrail_intervened", "content_filtered", "malformed_tool_use"] {
        let aws = FakeAws::start().await;
        let body = || Scripted::Reply(answer(&[json!({"text": "x"})], reason));
        aws.script(vec![body(), body(), body(), Scripted::Reply(says("Better."))]);
        let given_up = ask(&aws, &[SONNET]).await.unwrap();
        assert_ne!(given_up.stop, StopReason::EndTurn, "{reason}");
        assert_eq!(given_up.usage.output_tokens, 400, "{reason}: both answers are paid for");
        let repaired = ask(&aws, &[SONNET]).await.unwrap();
        assert_eq!((repaired.message.text().as_str(), repaired.notes.len()), ("Better.", 1));
        assert_eq!(aws.complaints(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_fake_refuses_what_bedrock_refuses() {
    let aws = FakeAws::start().await;
    aws.script(vec![
        Scripted::Reply(uses(&[("t1", "calculate", json!({})), ("t2", "analyze_code", json!({}))])),
        Scripted::Answer(Box::new(|request| {
            says(&request["messages"].as_array().unwrap().len().to_string())
        })),
    ]);
    // Without the gateway, which mends some of it.
    let driver = driver(&sdk(aws.url()));
    let call = |told| Call { model: Some(SONNET.to_owned()), ..Call::new(told, DEADLINE) };
    let first = driver.converse(&call(opening())).await.unwrap().message;
    let user = |content: Vec<Block>| Message { role: Role::User, content };
    let both = user(vec![result("t1", false, json!({})), result("t2", false, json!({}))]);
    let mut changed = first.clone();
    changed.content.push(Block::Text("Not mine.".into()));
    let refused = [
        vec![first.clone(), both.clone()],
        vec![Message::user("Go."), Message::user("Go on.")],
        vec![Message::user("Go."), first.clone(), user(vec![result("t1", false, json!({}))])],
        vec![
            Message::user("Go."),
            first.clone(),
            user(vec![result("t1", false, json!({})), result("t9", false, json!({}))]),
        ],
        vec![Message::user("Go."), changed, both.clone()],
    ];
    for messages in refused {
        assert!(matches!(
            driver.converse(&call(conversation(messages))).await,
            Err(ModelError { cause: Cause::BadRequest, .. })
        ));
    }
    insta::assert_snapshot!(aws.complaints().join("\n"), @r#"
    A conversation must start with a user message.
    A conversation must alternate between user and assistant roles: ["user", "user"]
    messages.1: toolUse t2 is not answered in the next message
    messages.1: toolUse t2 is not answered in the next message
    messages.2: toolResult t9 has no toolUse in the message before
    messages.1 is not what the assistant said: {"content":[{"toolUse":{"input":{},"name":"calculate","toolUseId":"t1"}},{"toolUse":{"input":{},"name":"analyze_code","toolUseId":"t2"}},{"text":"Not mine."}],"role":"assistant"}
    "#);
    let fine = driver
        .converse(&call(conversation(vec![Message::user("Go."), first, both])))
        .await
        .unwrap();
    assert_eq!(fine.message.text(), "3");
    assert!(ask(&aws, &[SONNET]).await.is_err());
    assert_eq!(aws.unexpected(), [format!("Converse with {SONNET} after the script's end")]);
}

#[tokio::test]
async fn the_fake_reviews_and_profiles_like_codeguru() {
    let aws = FakeAws::start().await;
    let finding = |line| Reviews::recommendation("a.py", line, "Close it.");
    aws.reviews(Reviews {
        pending: 1,
        recommendations: vec![finding(1), finding(2), finding(3)],
        page: 2,
        throttled: 1,
    });
    let settings = ReviewerSettings {
        wait: |_| Box::pin(std::future::ready(())),
        ..ReviewerSettings::new(
            "arn:aws:codeguru-reviewer:us-east-1:123456789012:association:11111111-2222-3333-4444-555555555555",
        )
    };
    let reviewer = Reviewer::new(&sdk(aws.url()), settings, None, || Timestamp(0));
    let file = ChangedFile {
        path: "a.py".into(),
        head: Some("x = 1\n".repeat(101).into()),
        ..ChangedFile::default()
    };
    let change = Change { base_sha: "b".repeat(40), head_sha: "a".repeat(40), files: vec![file] };
    let change = Arc::new(change);
    let binding = Binding {
        repository: "octo/shop".into(),
        repository_arn: String::new(),
        pull_request: Some(1),
        branch: "b".into(),
        head_sha: "a".repeat(40),
        profiling_group: None,
    };
    assert_eq!(reviewer.review(&binding, &change).await.unwrap().total_recommendations, 3);
    assert_eq!(
        reviewer.review(&binding, &change).await.unwrap().total_recommendations,
        3,
        "the name conflicts, and the review is found"
    );

    let request = ProfileRequest {
        profiling_group: "shop".into(),
        start: Timestamp(0),
        end: Timestamp(3_600_000),
    };
    let profiler = Profiler::new(&sdk(aws.url()));
    assert_eq!(profiler.samples(&request).await.unwrap(), None);
    aws.profiler_recommends(&[("Slow regex", "Compile it once.")]);
    for form in [ProfileForm::Json, ProfileForm::Ion, ProfileForm::GzippedJson] {
        aws.profile(
            form,
            json!({"callgraph": {"children": {"main": {"counts": {"WALL_TIME": 3}}}}}),
        );
        let samples = profiler.samples(&request).await.unwrap().unwrap();
        assert_eq!(
            (samples.stacks.len(), samples.recommendations.len(), samples.notes.len()),
            (1, 1, 0),
            "{form:?}"
        );
    }
    assert_eq!((aws.complaints(), aws.unexpected()), (vec![], vec![]));
}

#[tokio::test]
async fn the_fake_keeps_secrets_and_knows_no_more_than_it_was_told() {
    let aws = FakeAws::start().await;
    aws.secret("github-token", "t0ken");
    aws.parameter("/eco-coder/carbon-intensity/us-east-1", "380.5");
    let secrets = aws_sdk_secretsmanager::Client::new(&sdk(aws.url()));
    let secret = secrets.get_secret_value().secret_id("github-token").send().await.unwrap();
    assert_eq!(secret.secret_string(), Some("t0ken"));
    let parameters = ParameterStore::new(&sdk(aws.url()), None, || Timestamp(0));
    let carbon = CalculateCarbonFootprint::default().with_parameter_store(parameters);
    let input = json!({"cpu_time_seconds": 1.0, "ram_usage_mb": 100.0, "aws_region": "us-east-1", "execution_count": 1});
    let footprint = carbon.call(input).await.unwrap();
    assert_eq!(footprint["carbon_intensity_gco2_per_kwh"], 380.5);
    let unknown = secrets.get_secret_value().secret_id("other").send().await.unwrap_err();
    assert!(unknown.as_service_error().unwrap().is_resource_not_found_exception());
    assert!(secrets.list_secrets().send().await.is_err());
    assert_eq!(aws.unexpected(), ["POST /"]);
    assert!(env(aws.url()).contains(&("AWS_ENDPOINT_URL".to_owned(), aws.url().to_owned())));
}
