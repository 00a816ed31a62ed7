//! A call as an agent makes it.

use std::path::PathBuf;
use std::time::Duration;

use contract::ToolSpec;
use serde_json::json;

use super::{AgentDefinition, Agents};
use crate::{Call, Conversation, ErrorKind, Message, Parameters};

fn agents() -> Agents {
    let definition = AgentDefinition {
        id: "carbon-explainer".to_owned(),
        name: "Carbon explainer".to_owned(),
        description: String::new(),
        driver: "bedrock".to_owned(),
        model: Some("us.amazon.nova-2-lite-v1:0".to_owned()),
        parameters: Parameters {
            temperature: Some(0.2),
            max_tokens: Some(500),
            ..Parameters::default()
        },
        tools: vec!["calculate_carbon_footprint".to_owned()],
        instructions: "Explain the footprint.".to_owned(),
        file: PathBuf::new(),
    };
    let tool = |name: &str| ToolSpec {
        name: name.to_owned(),
        description: String::new(),
        input_schema: json!({"type": "object"}),
    };
    let tools = vec![tool("calculate_carbon_footprint"), tool("analyze_code")];
    Agents::new(vec![definition], tools)
}

fn call() -> Call {
    let conversation = Conversation {
        system: "Be brief.".to_owned(),
        messages: vec![Message::user("How much is it?")],
        tools: Vec::new(),
    };
    Call::new(conversation, Duration::from_secs(30))
}

fn names(call: &Call) -> Vec<&str> {
    call.conversation.tools.iter().map(|tool| tool.name.as_str()).collect()
}

#[tokio::test]
async fn what_a_call_leaves_open_is_as_its_agent_says() {
    for by_model in [true, false] {
        let mut call = call();
        if by_model {
            call.model = Some("agent:carbon-explainer".to_owned());
        } else {
            call.metadata.agent_id = Some("carbon-explainer".to_owned());
        }
        agents().apply(&mut call).unwrap();
        assert_eq!(call.model.as_deref(), Some("bedrock/us.amazon.nova-2-lite-v1:0"));
        assert_eq!(call.metadata.agent_id.as_deref(), Some("carbon-explainer"));
        assert_eq!(
            (call.parameters.temperature, call.parameters.max_tokens),
            (Some(0.2), Some(500))
        );
        assert_eq!(call.conversation.system, "Explain the footprint.\n\nBe brief.");
        assert_eq!(names(&call), ["calculate_carbon_footprint"]);
    }
}

#[tokio::test]
async fn what_a_call_says_itself_stays() {
    let mut call = call();
    call.model = Some("gpt-4o".to_owned());
    call.metadata.agent_id = Some("carbon-explainer".to_owned());
    call.parameters.temperature = Some(0.9);
    agents().apply(&mut call).unwrap();
    assert_eq!(call.model.as_deref(), Some("gpt-4o"));
    assert_eq!((call.parameters.temperature, call.parameters.max_tokens), (Some(0.9), Some(500)));
}

#[tokio::test]
async fn what_neither_a_call_nor_its_agent_says_is_as_the_settings_say() {
    let settings = Parameters {
        max_tokens: Some(50),
        temperature: Some(0.5),
        top_p: Some(0.3),
        ..Parameters::default()
    };
    let of = |agents: Agents, agent: Option<&str>| {
        let mut call = call();
        call.metadata.agent_id = agent.map(ToOwned::to_owned);
        call.parameters.temperature = Some(0.9);
        agents.with_parameters(settings.clone()).apply(&mut call).unwrap();
        let Parameters { max_tokens, temperature, top_p, .. } = call.parameters;
        (max_tokens, temperature, top_p)
    };
    let plain = (Some(50), Some(0.9), Some(0.3));
    assert_eq!(of(agents(), Some("carbon-explainer")), (Some(500), Some(0.9), Some(0.3)));
    assert_eq!(of(agents(), None), plain);
    assert_eq!(of(Agents::default(), Some("nightly job")), plain);
}

#[tokio::test]
async fn an_agent_that_nobody_defined_is_told_which_there_are() {
    let said = |agents: &Agents, model: Option<&str>, agent: Option<&str>| {
        let mut call = call();
        call.model = model.map(ToOwned::to_owned);
        call.metadata.agent_id = agent.map(ToOwned::to_owned);
        let error = agents.apply(&mut call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        error.to_string()
    };
    let told = [
        said(&agents(), Some("agent:carbon-explaner"), None),
        said(&agents(), None, Some("triage")),
        said(&Agents::default(), Some("agent:triage"), None),
    ];
    insta::assert_snapshot!(told.join("\n"), @r#"
    the agent is not known: there is no agent "carbon-explaner"; nearest: carbon-explainer
    the agent is not known: there is no agent "triage"; there are carbon-explainer
    the agent is not known: there is no agent "triage"; none is defined: name their folder by `agents` under [gateway]
    "#);
}

#[tokio::test]
async fn without_agents_the_callers_own_name_is_no_more_than_that() {
    let mut named = call();
    named.metadata.agent_id = Some("nightly job".to_owned());
    let before = named.clone();
    Agents::default().apply(&mut named).unwrap();
    assert_eq!(named, before);
}
