//! What clients write, however they write it: taken, fitted to a Bedrock that refuses what the real one refuses, or
//! refused with the way out.

use fake_bedrock::{Answer as Says, FakeBedrock, Reply, Settings};
use serde_json::{Value, json};

use crate::world::World;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const CHAT: &str = "/v1/chat/completions";
const INVOKE: &str = "/v1/invoke";

async fn world() -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n"));
    world.start_as(&["models", "serve"]);
    (world, bedrock)
}

/// What of the request was changed for the model.
fn changed(answer: &Value) -> Vec<&str> {
    let changes = answer["eco_coder"]["normalized"].as_array().or(answer["normalized"].as_array());
    let changes = changes.into_iter().flatten();
    changes.filter_map(|change| change["parameter"].as_str()).collect()
}

/// Each message of the last request to Bedrock.
fn told(bedrock: &FakeBedrock) -> String {
    let seen = bedrock.requests().pop().expect("a request");
    let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
    let messages = body["messages"].as_array().expect("a list");
    let lines = messages.iter().map(|message| {
        let blocks = message["content"].as_array().expect("a list").iter();
        let blocks = blocks.filter(|block| block.get("cachePoint").is_none());
        let blocks: Vec<String> = blocks.map(Value::to_string).collect();
        format!("{}: {}", message["role"], blocks.join(", "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_openai_takes_is_fitted_to_bedrock_and_said() {
    let (world, bedrock) = world().await;
    let user = json!({"role": "user", "content": "How is the weather in Oslo?"});
    let function = json!({"name": "weather", "arguments": "{\"town\": \"Oslo\"}"});
    let called = json!({"role": "assistant", "content": null,
        "tool_calls": [{"id": "call_1", "type": "function", "function": function}]});
    let answered = json!({"role": "tool", "tool_call_id": "call_1", "content": "Snow."});
    let strange = json!({"role": "assistant", "content": null,
        "tool_calls": [{"id": "functions|weather|0", "type": "function", "function": function}]});
    let answered_strange =
        json!({"role": "tool", "tool_call_id": "functions|weather|0", "content": "Snow."});
    let parameters = json!({"type": "object"});
    let tool =
        json!({"type": "function", "function": {"name": "weather", "parameters": parameters}});
    let conversations = [
        (json!({"messages": [user, called, answered], "max_tokens": 9}), "messages"),
        (
            json!({"messages": [user, strange, answered_strange], "max_tokens": 9, "tools": [tool]}),
            "messages",
        ),
        (
            json!({"messages": [{"role": "assistant", "content": "Hello."}, user], "max_tokens": 9}),
            "messages",
        ),
        (
            json!({"messages": [{"role": "system", "content": "Greet me."}], "max_tokens": 9}),
            "system",
        ),
        (
            json!({"messages": [user], "max_tokens": 9,
                "tools": [{"type": "function", "function": {"name": "weather", "parameters": {}}}]}),
            "tools.weather.input_schema.type",
        ),
    ];
    let mut lines = Vec::new();
    for (conversation, parameter) in conversations {
        bedrock.script([Says::says("Hello.")]);
        let (status, answer) = world.post(CHAT, &conversation.to_string()).await;
        assert_eq!((status, changed(&answer)), (200, vec![parameter]), "{answer}");
        lines.push(told(&bedrock));
    }
    insta::assert_snapshot!(lines.join("\n\n"), @r#"
"user": {"text":"How is the weather in Oslo?"}
"assistant": {"text":"[I called the tool weather (call_1) with {\"town\":\"Oslo\"}]"}
"user": {"text":"[The tool weather (call_1) answered]\nSnow."}

"user": {"text":"How is the weather in Oslo?"}
"assistant": {"toolUse":{"input":{"town":"Oslo"},"name":"weather","toolUseId":"607f8d94b0810e82"}}
"user": {"toolResult":{"content":[{"text":"Snow."}],"status":"success","toolUseId":"607f8d94b0810e82"}}

"user": {"text":"(nothing yet)"}
"assistant": {"text":"Hello."}
"user": {"text":"How is the weather in Oslo?"}

"user": {"text":"Greet me."}

"user": {"text":"How is the weather in Oslo?"}
"#);

    // With the form of an answer there is a tool, so what was called stays as it is.
    bedrock.script([Says::Says(Reply::uses(&[("call_2", "report", json!({"degrees": -3}))]))]);
    let schema = json!({"type": "object", "properties": {"degrees": {"type": "number"}}});
    let format =
        json!({"type": "json_schema", "json_schema": {"name": "report", "schema": schema}});
    let formed =
        json!({"messages": [user, called, answered], "max_tokens": 9, "response_format": format});
    let (status, answer) = world.post(CHAT, &formed.to_string()).await;
    assert_eq!((status, changed(&answer)), (200, vec!["response_format"]), "{answer}");
    assert_eq!(answer["choices"][0]["message"]["content"], "{\"degrees\":-3}");
    assert!(told(&bedrock).contains("toolResult"), "{}", told(&bedrock));

    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_role_in_a_row_are_one_in_both_dialects() {
    let (world, bedrock) = world().await;
    let said = |role: &str, content: &str| json!({"role": role, "content": content});
    let messages = [
        said("user", "Hello."),
        said("user", "Are you there?"),
        said("assistant", "Yes."),
        said("user", "Good."),
    ];
    let mut both = Vec::new();
    for path in [INVOKE, CHAT] {
        bedrock.script([Says::says("Fine.")]);
        let (status, answer) = world.post(path, &json!({"messages": messages}).to_string()).await;
        assert_eq!(status, 200, "{answer}");
        both.push(told(&bedrock));
    }
    insta::assert_snapshot!(both[0], @r#"
"user": {"text":"Hello."}, {"text":"Are you there?"}
"assistant": {"text":"Yes."}
"user": {"text":"Good."}
"#);
    assert_eq!(both[0], both[1]);
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_writes_null_for_what_it_leaves_out_is_served() {
    let (world, bedrock) = world().await;
    bedrock.script([Says::says("Hello."), Says::says("Hello."), Says::says("Hello.")]);
    let function =
        json!({"name": "weather", "description": null, "parameters": null, "strict": null});
    let chat = json!({
        "messages": [{"role": "user", "content": "Hello?", "tool_calls": null, "name": null}],
        "stream": null, "tools": [{"type": "function", "function": function}], "tool_choice": null,
        "stream_options": {"include_usage": null}, "stop": null, "functions": null, "function_call": null,
    });
    let (status, answer) = world.post(CHAT, &chat.to_string()).await;
    assert_eq!((status, &answer["object"]), (200, &json!("chat.completion")), "{answer}");
    let (status, answer) = world.post(INVOKE,
        &json!({"prompt": "Hello?", "params": null, "tools": null, "metadata": null, "system": null}).to_string(),
    )
    .await;
    assert_eq!((status, &answer["output_text"]), (200, &json!("Hello.")), "{answer}");
    let params = json!({"stop_sequences": null, "tool_choice": null, "max_tokens": null});
    let (status, answer) =
        world.post(INVOKE, &json!({"prompt": "Hello?", "params": params}).to_string()).await;
    assert_eq!((status, &answer["output_text"]), (200, &json!("Hello.")), "{answer}");
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_documentation_work_as_they_stand() {
    let (world, bedrock) = world().await;
    let documentation =
        &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/gateway.md"))
            .expect("the manual");
    let blocks = documentation.split("```json\n").skip(1);
    let [first, second]: [&str; 2] = blocks
        .map(|block| block.split("```").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .try_into()
        .expect("two examples");
    bedrock.script([
        Says::Says(Reply::uses(&[("call_1", "weather", json!({"town": "Oslo"}))])),
        Says::says("Yes."),
    ]);

    let (status, asked) = world.post(INVOKE, first).await;
    assert_eq!((status, changed(&asked)), (200, vec![]), "{asked}");
    let uses =
        documentation.split("`tool_uses` are `").nth(1).and_then(|rest| rest.split('`').next());
    let uses: Value = serde_json::from_str(uses.expect("an answer")).expect("JSON");
    assert_eq!(asked["tool_uses"], uses);

    let (status, answer) = world.post(INVOKE, second).await;
    assert_eq!((status, changed(&answer)), (200, vec![]), "{answer}");
    assert_eq!(answer["output_text"], "Yes.");
    insta::assert_snapshot!(told(&bedrock), @r#"
"user": {"text":"How is the weather in Oslo?"}
"assistant": {"text":"I look."}, {"toolUse":{"input":{"town":"Oslo"},"name":"weather","toolUseId":"call_1"}}
"user": {"toolResult":{"content":[{"json":{"degrees":-3,"sky":"snow"}}],"status":"success","toolUseId":"call_1"}}, {"text":"Do I need a coat?"}
"#);
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_in_words_of_json_with_the_way_out() {
    let (world, bedrock) = world().await;
    let hello = json!([{"role": "user", "content": "Hello?"}]);
    let requests = [
        (
            CHAT,
            json!({"messages": hello, "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}),
        ),
        (
            CHAT,
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": null}]}]}),
        ),
        (CHAT, json!({"messages": hello, "functions": [{"name": "weather"}]})),
        (CHAT, json!({"messages": hello, "max_tokens": -5})),
        (CHAT, json!("Hello?")),
        (INVOKE, json!([null, null, "Hello?"])),
        (INVOKE, json!({"prompt": "Hello?", "params": {"max_tokens": "5"}})),
        (INVOKE, json!({"prompt": "Hello?", "params": {"tool_choice": {"type": "maybe"}}})),
    ];
    let mut lines = Vec::new();
    for (path, request) in requests {
        let (status, answer) = world.post(path, &request.to_string()).await;
        assert_eq!((status, &answer["error"]["type"]), (400, &json!("bad_request")), "{answer}");
        let message = answer["error"]["message"].as_str().expect("a text");
        lines.push(
            message
                .rsplit_once("cannot be carried out: ")
                .map_or(message, |(_, why)| why)
                .to_owned(),
        );
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
`tool_choice` cannot allow some of the tools: leave the others out of `tools`
a part of the type "text" has no `text`
`functions` is not carried out here: declare `tools` and choose by `tool_choice`, and answer `tool_calls` by messages of the role tool
the body cannot be read: invalid value: integer `-5`, expected a whole number from 0 to 4294967295 at line 1 column 16
the body cannot be read: invalid type: string "Hello?", expected an object with `model` and `messages` at line 1 column 8
the body cannot be read: invalid type: a list, expected an object with `prompt` or `messages` at line 1 column 1
the body cannot be read: invalid type: string "5", expected a whole number from 0 to 4294967295 at line 1 column 27
`tool_choice` is {"type":"maybe"}: auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
"#);
    assert!(bedrock.requests().is_empty());
}
