//! What becomes of files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

const TOOLS: [&str; 5] = [
    "analyze_code",
    "profile_code_performance",
    "read_measurements",
    "calculate_carbon_footprint",
    "post_github_comment",
];

const NEEDS: [(&str, &[&str]); 1] = [("poster", &["post_github_comment"])];

/// What a folder of these files holds; the folder's own name is taken out of what is said.
fn loaded(
    files: &[(&str, &str)],
    defaults: &Defaults,
) -> Result<Vec<AgentDefinition>, Vec<DefinitionError>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let catalog = Catalog::bundled();
    let known = Known { catalog: &catalog, tools: &TOOLS, needs: &NEEDS };
    let prefix = format!("{}/", folder.path().display());
    load(folder.path(), defaults, known).map_err(|mut mistakes| {
        for mistake in &mut mistakes {
            mistake.problem = mistake.problem.replace(&prefix, "");
            mistake.file = mistake.file.strip_prefix(folder.path()).unwrap().to_owned();
        }
        mistakes
    })
}

fn said(files: &[(&str, &str)]) -> String {
    let mistakes = loaded(files, &Defaults::default()).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn markdown_and_json_say_the_same() {
    let markdown = "---\nname: Reviewer\ndescription: Reads.\nprovider: bedrock\nbedrockModel: us.amazon.nova-2-lite-v1:0\ntemperature: 0.1\ntools: [analyze_code]\n---\n\nRead the change.\n";
    let json = r#"{"id": "reviewer-json", "name": "Reviewer", "description": "Reads.", "model_driver": "bedrock",
        "model_id": "us.amazon.nova-2-lite-v1:0", "params": {"temperature": 0.1}, "tools": ["analyze_code"],
        "prompt": "Read the change."}"#;
    let files = [
        ("reviewer.md", markdown),
        ("z.json", json),
        ("README.md", "For people."),
        ("notes.txt", ""),
    ];
    let agents = loaded(&files, &Defaults::default()).unwrap();
    let [mut first, second] = <[_; 2]>::try_from(agents).unwrap();
    assert_eq!(first.id, "reviewer");
    assert_eq!(first.instructions, "Read the change.");
    first.id.clone_from(&second.id);
    first.file.clone_from(&second.file);
    assert_eq!(first, second);
}

#[test]
fn what_a_file_leaves_out_is_as_the_global_settings_say() {
    let defaults = Defaults {
        driver: "anthropic".to_owned(),
        model: Some("claude-haiku-4-5".to_owned()),
        parameters: Parameters {
            max_tokens: Some(500),
            temperature: Some(0.5),
            ..Parameters::default()
        },
    };
    let plain = "---\nname: Plain\ntemperature: 0.0\n---\nDo.";
    let other = "---\nname: Other\nprovider: embedded\n---\nDo.";
    let agents = loaded(&[("a.md", plain), ("b.md", other)], &defaults).unwrap();
    assert_eq!(
        (agents[0].driver.as_str(), agents[0].model.as_deref()),
        ("anthropic", Some("claude-haiku-4-5"))
    );
    assert_eq!(
        (agents[0].parameters.temperature, agents[0].parameters.max_tokens),
        (Some(0.0), Some(500))
    );
    assert_eq!((agents[1].driver.as_str(), agents[1].model.as_deref()), ("embedded", None));
}

#[test]
fn an_unknown_model_or_driver_is_told_which_there_are() {
    let model =
        "---\nname: A\nprovider: bedrock\nbedrockModel: us.anthropic.claude-sonet-5-5\n---\nDo.";
    let driver = "{\n  \"id\": \"b\",\n  \"name\": \"B\",\n  \"model_driver\": \"bedrok\",\n  \"prompt\": \"Do.\"\n}";
    let direct = "---\nname: C\nprovider: anthropic\nmodel: anthropic.claude-haiku-4-5\n---\nDo.";
    let files = [("a.md", model), ("b.json", driver), ("c.md", direct)];
    let mistakes = loaded(&files, &Defaults::default()).unwrap_err();
    assert!(mistakes.iter().all(|mistake| mistake.cause == Cause::UnknownModel));
    insta::assert_snapshot!(said(&files), @"
a.md:4: `us.anthropic.claude-sonet-5-5` is no model of bedrock that is known here; nearest: us.anthropic.claude-sonnet-5-5, us.anthropic.claude-sonnet-5, us.anthropic.claude-sonnet-4-6
b.json:4: there is no driver `bedrok`; did you mean bedrock? (drivers: embedded, bedrock, anthropic, openai, claude_cli)
c.md:4: `anthropic.claude-haiku-4-5` is no model of anthropic that is known here; nearest: claude-haiku-4-5, claude-haiku-4-5-20251001
");
}

#[test]
fn tools_are_known_ones_and_those_that_an_agent_needs() {
    let poster = |tools: &str| format!("---\nname: P\n{tools}---\nPost.");
    let (near, without) =
        (poster("tools: [post_github_coment]\n"), poster("tools: [analyze_code]\n"));
    insta::assert_snapshot!(said(&[("a.md", near.as_str()), ("poster.md", without.as_str())]), @"
    a.md:3: there is no tool `post_github_coment`; did you mean post_github_comment? (tools: analyze_code, profile_code_performance, read_measurements, calculate_carbon_footprint, post_github_comment)
    poster.md:3: `poster` cannot do its work without the tool `post_github_comment`: name it, or leave `tools` out
    ");
    for tools in ["", "tools: []\n", "tools: [analyze_code, post_github_comment]\n"] {
        assert!(loaded(&[("poster.md", poster(tools).as_str())], &Defaults::default()).is_ok());
    }
}

#[test]
fn every_mistake_names_its_file_and_line() {
    let large = format!("---\nname: L\n---\n{}", "x".repeat(70_000));
    let files = [
        ("a.md", "No front matter."),
        ("b.md", "---\nname: B\ncolour: green\n---\nDo."),
        ("c.md", "---\nname: C\ntemperature: hot\n---\nDo."),
        ("d.md", "---\nname: D\ntemperature: 3\n---\nDo."),
        ("e.md", "---\nname: E\ntools: [analyze_code, run_shell]\n---\nDo."),
        ("f.md", "---\nname: F\n---\n\n"),
        ("g.json", "{\n  \"id\": \"g\",\n  \"name\": \"G\", \"prompt\": \"\"\n}"),
        ("h.json", "{\n  \"id\": \"H!\",\n  \"name\": \"H\", \"prompt\": \"Do.\"\n}"),
        ("i.json", "{\n  \"id\": \"i\",,\n}"),
        (
            "j.md",
            "---\nname: J\nprovider: openai\nbedrockModel: us.amazon.nova-2-lite-v1:0\n---\nDo.",
        ),
        ("k.md", "---\nname: K\n"),
        ("l.md", large.as_str()),
    ];
    insta::assert_snapshot!(said(&files), @r#"
a.md:1: it does not begin with front matter between two lines of ---
b.md:3: there is no field `colour` (fields: name, description, provider, bedrockModel, model, maxTokens, temperature, topP, stopSequences, tools)
c.md:3: `temperature` is "hot" and not a number
d.md:3: `temperature` is not between 0 and 2
e.md:3: there is no tool `run_shell` (tools: analyze_code, profile_code_performance, read_measurements, calculate_carbon_footprint, post_github_comment)
f.md:1: it tells its model nothing; write what the agent is to do
g.json:1: it tells its model nothing; write what the agent is to do
h.json:2: `H!` is no id: write 1 to 64 lower-case letters, digits and hyphens
i.json:2: key must be a string
j.md:4: `bedrockModel` goes with `provider: bedrock` and without `model`
k.md:1: it does not begin with front matter between two lines of ---
l.md:1: it cannot be read: it is larger than 65536 bytes
"#);
}

#[test]
fn two_agents_of_one_id_are_refused() {
    let markdown = "---\nname: A\n---\nDo.";
    let json = r#"{"id": "a", "name": "A", "prompt": "Do."}"#;
    insta::assert_snapshot!(said(&[("a.md", markdown), ("b.json", json)]), @"b.json:1: the id `a` is also that of a.md");
}

#[test]
fn a_folder_that_is_not_there_is_a_mistake() {
    let catalog = Catalog::bundled();
    let known = Known { catalog: &catalog, tools: &TOOLS, needs: &NEEDS };
    let mistakes = load(Path::new("nowhere"), &Defaults::default(), known).unwrap_err();
    insta::assert_snapshot!(mistakes[0], @"nowhere:1: it cannot be read: No such file or directory (os error 2)");
}

#[test]
fn json_needs_no_more_than_its_schema_requires() {
    let smallest = r#"{"id": "smallest", "name": "Smallest"}"#;
    let usual = r#"{
        "id": "usual", "name": "Usual", "model_driver": "bedrock", "model_id": "us.amazon.nova-2-lite-v1:0",
        "params": {"max_tokens": 300}, "tools": ["analyze_code"]
    }"#;
    let agents = loaded(&[("a.json", smallest), ("b.json", usual)], &Defaults::default()).unwrap();
    assert_eq!([&agents[0].instructions, &agents[1].instructions], ["", ""]);
    assert_eq!(agents[1].parameters.max_tokens, Some(300));
}

#[test]
fn the_fields_that_are_read_are_those_of_the_schema() {
    let schema = serde_json::to_value(schemars::schema_for!(JsonDefinition)).unwrap();
    let told = said(&[("a.json", r#"{"id": "a", "name": "A", "x": 1, "params": {"y": 2}}"#)]);
    let read = told.lines().filter_map(|line| {
        let fields = line.split_once("(fields: ")?.1.trim_end_matches(')').split(", ");
        Some(fields.map(ToOwned::to_owned).collect::<BTreeSet<String>>())
    });
    let in_schema = [&schema, &schema["$defs"]["JsonParameters"]].map(|object| {
        object["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>()
    });
    assert_eq!(read.collect::<Vec<_>>(), in_schema);
}

#[test]
fn all_mistakes_of_a_file_are_told_in_the_words_of_its_form() {
    let markdown = "---\nprovider: bedrok\nbedrockModel: us.amazon.nova-2-lite-v1:0\ntemperature: hot\nmaxTokens: 1.5\ntopP: 2\ntools: analyze_code, post\nname: 5\ntemprature: 1\n---\n";
    let json = "{\n  \"id\": \"B\",\n  \"params\": {\"top_p\": 2, \"max_tokens\": \"many\", \"seed\": 1},\n  \"tools\": [\"analyse_code\", \"x\"],\n  \"id\": \"b\"\n}";
    let params = r#"{"id": "d", "name": "D", "params": 3, "tools": [3]}"#;
    let files = [
        ("a.md", markdown),
        ("b.json", json),
        ("c.json", "[1, 2]"),
        ("d.json", params),
        ("e.md", "---\n- name\n---\nDo."),
        ("f.md", "---\n---\nDo."),
        ("g.md", "---\nname: [G\n---\nDo."),
        ("h.md", "---\nname: H\nname: I\n---\nDo."),
        ("i.md", "---\nname\n---\nDo."),
    ];
    insta::assert_snapshot!(said(&files), @r#"
a.md:1: it tells its model nothing; write what the agent is to do
a.md:2: there is no driver `bedrok`; did you mean bedrock? (drivers: embedded, bedrock, anthropic, openai, claude_cli)
a.md:4: `temperature` is "hot" and not a number
a.md:5: `maxTokens` is 1.5 and not a whole number
a.md:6: `topP` is not between 0 and 1
a.md:7: `tools` is a text and not a list: write [analyze_code, post]
a.md:8: `name` is a number and not a text: write it in quotes
a.md:9: there is no field `temprature`; did you mean temperature? (fields: name, description, provider, bedrockModel, model, maxTokens, temperature, topP, stopSequences, tools)
b.json:1: it has no `name`
b.json:2: `id` is written twice
b.json:3: `max_tokens` is "many" and not a whole number
b.json:3: there is no field `seed` (fields: max_tokens, temperature, top_p, stop_sequences)
b.json:3: `top_p` is not between 0 and 1
b.json:4: there is no tool `analyse_code`; did you mean analyze_code? (tools: analyze_code, profile_code_performance, read_measurements, calculate_carbon_footprint, post_github_comment)
b.json:4: there is no tool `x` (tools: analyze_code, profile_code_performance, read_measurements, calculate_carbon_footprint, post_github_comment)
c.json:1: there are no fields here, each with its name and value
d.json:1: `params` is a number and not an object with fields
d.json:1: not all of `tools` are texts
e.md:2: there are no fields here, each with its name and value
f.md:1: it has no `name`
g.md:2: unclosed bracket '['
h.md:3: duplicate mapping key: name
i.md:2: there are no fields here, each with its name and value
"#);
}

#[test]
fn the_agents_that_come_with_the_program_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agent-definitions");
    let catalog = Catalog::bundled();
    let known = Known { catalog: &catalog, tools: &TOOLS, needs: &NEEDS };
    let agents = load(&folder, &Defaults::default(), known).unwrap();
    let ids: Vec<&str> = agents.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(ids, ["carbon-explainer", "reviewer", "triage"]);
    for agent in agents {
        assert!(!agent.description.is_empty(), "{}", agent.id);
        let model = agent.model.as_deref().map(|id| catalog.lookup(id));
        assert!(model.is_none_or(|model| model.price.is_some()), "{} cannot be priced", agent.id);
    }
}

#[test]
fn the_published_schema_is_current() {
    let schema =
        serde_json::to_string_pretty(&schemars::schema_for!(JsonDefinition)).unwrap() + "\n";
    assert!(
        include_str!("../../../docs/agent.schema.json") == schema,
        "write this to docs/agent.schema.json:\n{schema}"
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(---\n)?[ -~\n]{0,200}(---\n)?[ -~\n]{0,50}") {
        let catalog = Catalog::bundled();
        let known = Known { catalog: &catalog, tools: &TOOLS, needs: &NEEDS };
        for name in ["a.md", "a.json"] {
            if let Ok(written) = file::read(Path::new(name), &text) {
                let _ = check::check(written, Path::new(name), &Defaults::default(), known);
            }
        }
    }
}
