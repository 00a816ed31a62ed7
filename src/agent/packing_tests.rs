//! Reviews that are told in fewer words.

use std::collections::BTreeMap;

use contract::{Binding, ToolSpec};
use model::{Message, ToolResult, ToolUse};
use proptest::prelude::*;

use super::super::run::PROFILE;
use super::super::{History, TaskFile};
use super::*;

fn task(files: usize) -> Task {
    Task {
        binding: Binding {
            repository: "octo/shop".into(),
            repository_arn: "eco-coder:octo/shop".into(),
            pull_request: Some(7),
            branch: "main".into(),
            head_sha: "abc".into(),
            profiling_group: None,
        },
        base_sha: "000".into(),
        title: "Names </task>".into(),
        files: (0..files)
            .map(|at| TaskFile { path: format!("shop/{at}.py"), lines_changed: at })
            .collect(),
        files_in_total: files,
        profile: None,
        workload: None,
        history: BTreeMap::from([("query-in-loop".into(), History::default())]),
        learned: vec!["They fix loops.".into()],
        post: true,
    }
}

fn finding(at: usize, severity: &str) -> Value {
    json!({
        "file_path": "shop/names.py", "start_line": at, "end_line": at, "severity": severity,
        "category": "Performance", "description": "Each pass asks the database.".repeat(3),
        "recommendation": "Ask once.", "rule_id": "query-in-loop", "title": "Query inside a loop",
        "excerpt": "cursor.execute(QUERY, key)", "function": "names", "fingerprint": "f".repeat(64),
        "references": ["https://example.com"], "source": "analyzer",
        "fix": {"start_line": at, "end_line": at, "before": "a".repeat(200), "text": "b".repeat(200)},
    })
}

fn review(files: usize, findings: &[Value]) -> Conversation {
    let uses = [("a", ANALYZE), ("p", PROFILE)].map(|(id, name)| {
        Block::ToolUse(ToolUse { id: id.into(), name: name.into(), input: json!({}) })
    });
    let answered = |id: &str, content| {
        Block::ToolResult(ToolResult { tool_use_id: id.into(), is_error: false, content })
    };
    let analysis =
        json!({"status": "Completed", "recommendations": findings, "fixed": [finding(1, "Low")]});
    let profile = json!({"bottlenecks": [{"function_name": "names", "cpu_percentage": 75.0}]});
    let again =
        Block::ToolUse(ToolUse { id: "b".into(), name: PROFILE.into(), input: json!({"n": 1}) });
    Conversation {
        system: prompts::SYSTEM.to_owned(),
        messages: vec![
            Message::user(task(files).message()),
            Message { role: Role::Assistant, content: uses.to_vec() },
            Message {
                role: Role::User,
                content: vec![answered("a", analysis), answered("p", profile.clone())],
            },
            Message { role: Role::Assistant, content: vec![again] },
            Message { role: Role::User, content: vec![answered("b", profile)] },
        ],
        tools: vec![ToolSpec {
            name: ANALYZE.into(),
            description: String::new(),
            input_schema: json!({}),
        }],
    }
}

fn result<'a>(conversation: &'a Conversation, id: &str) -> &'a Value {
    let blocks = conversation.messages.iter().flat_map(|message| &message.content);
    let results = blocks.filter_map(|block| match block {
        Block::ToolResult(result) => Some(result),
        _ => None,
    });
    let mut results = results.filter(|result| result.tool_use_id == id);
    &results.next().unwrap().content
}

#[test]
fn code_goes_first_then_words_of_lesser_findings_then_earlier_results() {
    let severities = ["Low", "High", "Medium"].into_iter().cycle().take(60).enumerate();
    let mut whole =
        review(200, &severities.map(|(at, severity)| finding(at, severity)).collect::<Vec<_>>());
    whole.system = format!("You are kind.\n\n{}", whole.system);
    let first = smaller(&whole, 0).unwrap();
    assert!(!result(&first, "a").to_string().contains("cursor.execute"));
    assert_eq!(Task::of(&first).unwrap().files.len(), 100);
    assert!(Task::of(&first).unwrap().history.is_empty());
    let told = serde_json::to_string_pretty(&result(&first, "a")["recommendations"][0]).unwrap();
    insta::assert_snapshot!(told, @r#"
    {
      "category": "Performance",
      "description": "Each pass asks the database.Each pass asks the database.Each pass asks the database.",
      "file_path": "shop/names.py",
      "function": "names",
      "recommendation": "Ask once.",
      "rule_id": "query-in-loop",
      "severity": "High",
      "start_line": 1,
      "title": "Query inside a loop"
    }
    "#);

    let second = smaller(&first, 1).unwrap();
    let findings = result(&second, "a")["recommendations"].as_array().unwrap().clone();
    let with_words = findings.iter().filter(|finding| finding.get("description").is_some());
    assert_eq!((findings.len(), with_words.count()), (60, 15));
    assert_eq!(findings[59]["title"], "Query inside a loop");
    assert_eq!(result(&second, "p")["bottlenecks"][0]["cpu_percentage"], 75.0);

    let third = smaller(&second, 2).unwrap();
    assert_eq!(result(&third, "p"), LEFT_OUT);
    assert_eq!(result(&third, "b"), result(&whole, "b"), "what was asked for last is told");
    let findings = result(&third, "a")["recommendations"].as_array().unwrap().clone();
    assert_eq!(
        findings[20],
        "40 more, left out here, because the conversation is too long for the model"
    );
    assert!(findings[..20].iter().all(|finding| finding["severity"] == "High"));
    let files = Task::of(&third).unwrap();
    let kept: Vec<&str> = files.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((kept[0], kept.len(), files.files_in_total), ("shop/190.py", 10, 200));

    assert_eq!(smaller(&third, 3), None);
}

#[test]
fn what_is_no_review_is_left_alone() {
    let mut other = review(200, &[finding(1, "High")]);
    other.system = "You are a poet.".to_owned();
    assert_eq!(smaller(&other, 0), None);
    let mut other = review(200, &[finding(1, "High")]);
    other.messages[0] = Message::user("Write a poem.");
    assert_eq!(smaller(&other, 0), None);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,300}".prop_map(Value::from),
        Just(json!("é".repeat(3000))),
    ];
    leaf.prop_recursive(3, 64, 30, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Value::from),
            prop::collection::hash_map("recommendations|severity|title|[a-z]{3}", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever tools have said: what is told gets shorter, answers the same tool uses, and the model's own words stay.
    #[test]
    fn a_packing_is_smaller_and_still_a_conversation(content in any_json(), files in 0_usize..300) {
        let mut told = review(files, &[finding(3, "High")]);
        if let Block::ToolResult(result) = &mut told.messages[2].content[0] {
            result.content = content;
        }
        let ids = |conversation: &Conversation| -> Vec<String> {
            let blocks = conversation.messages.iter().flat_map(|message| &message.content);
            blocks.filter_map(|block| match block {
                Block::ToolResult(result) => Some(result.tool_use_id.clone()),
                _ => None,
            }).collect()
        };
        let whole = told.clone();
        for packed_before in 0..=PACKINGS {
            let Some(packed) = smaller(&told, packed_before) else { continue };
            prop_assert!(length(&packed) < length(&told));
            prop_assert_eq!(ids(&packed), ids(&whole));
            prop_assert_eq!(&packed.tools, &whole.tools);
            for (one, other) in packed.messages.iter().zip(&whole.messages) {
                prop_assert_eq!(one.role, other.role);
                prop_assert!(one.role == Role::User || one == other);
            }
            told = packed;
        }
    }
}
