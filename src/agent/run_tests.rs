//! A run told what happened, asked what to do.

use std::time::Duration;

use contract::{Binding, ToolSpec};
use serde_json::json;

use super::*;
use model::Usage;

fn run() -> Run {
    let binding = Binding {
        repository: "octo/shop".into(),
        repository_arn: "eco-coder:octo/shop".into(),
        pull_request: None,
        branch: "main".into(),
        head_sha: "abc".into(),
        profiling_group: None,
    };
    let task = Task {
        binding,
        base_sha: "000".into(),
        title: String::new(),
        files: Vec::new(),
        files_in_total: 0,
        profile: None,
        workload: None,
        history: std::collections::BTreeMap::new(),
        learned: Vec::new(),
        post: true,
    };
    let tools = [ANALYZE, CARBON, POST].map(|name| ToolSpec {
        name: name.into(),
        description: String::new(),
        input_schema: json!({}),
    });
    Run::new("run".into(), &task, tools.to_vec(), Leader::Model, Budget::default())
}

fn says(stop: StopReason, content: Vec<Block>) -> Reply {
    let mut reply = Reply::new("m", content, stop);
    reply.usage = Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() };
    reply.cost_usd = Some(0.01);
    reply
}

fn uses(names: &[(&str, &str)]) -> Vec<Block> {
    names
        .iter()
        .map(|(id, name)| {
            Block::ToolUse(ToolUse {
                id: (*id).into(),
                name: (*name).into(),
                input: json!({"of": name}),
            })
        })
        .collect()
}

fn result(id: &str) -> ToolResult {
    ToolResult { tool_use_id: id.into(), is_error: false, content: json!({"status": "success"}) }
}

fn told(run: &mut Run, reply: Reply) {
    run.on_reply(reply, Duration::from_secs(1));
}

#[test]
fn several_tool_uses_are_answered_in_one_message_and_posting_comes_last() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE), ("p", POST), ("x", CARBON)])));
    let Step::CallTools(first) = run.step() else { panic!("tools expected") };
    assert_eq!(first.iter().map(|tool_use| tool_use.id.as_str()).collect::<Vec<_>>(), ["a", "x"]);
    run.on_tool_result(result("x"), Duration::ZERO);
    run.on_tool_result(result("a"), Duration::ZERO);
    let Step::CallTools(last) = run.step() else { panic!("posting expected") };
    assert_eq!(last[0].id, "p");
    run.on_tool_result(result("p"), Duration::ZERO);
    assert_eq!(run.step(), Step::Finished);
    let answers = run.conversation.messages.last().unwrap();
    assert_eq!((answers.role, answers.content.len()), (Role::User, 3));
}

#[test]
fn two_postings_in_one_turn_go_one_by_one() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE), ("p", POST), ("q", POST)])));
    run.on_tool_result(result("a"), Duration::ZERO);
    for id in ["p", "q"] {
        let Step::CallTools(next) = run.step() else { panic!("a posting expected") };
        assert_eq!(next.iter().map(|tool_use| tool_use.id.as_str()).collect::<Vec<_>>(), [id]);
        run.on_tool_result(result(id), Duration::ZERO);
    }
    assert_eq!(run.step(), Step::Finished);
}

#[test]
fn a_run_read_back_from_its_checkpoint_calls_only_what_is_open() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE), ("x", CARBON)])));
    run.on_tool_result(result("a"), Duration::ZERO);
    let resumed: Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
    assert_eq!(resumed, run);
    let Step::CallTools(open) = resumed.step() else { panic!("tools expected") };
    assert_eq!(open.iter().map(|tool_use| tool_use.id.as_str()).collect::<Vec<_>>(), ["x"]);
}

#[test]
fn a_repeated_call_is_answered_from_what_is_known() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE)])));
    run.on_tool_result(result("a"), Duration::ZERO);
    told(&mut run, says(StopReason::ToolUse, uses(&[("b", ANALYZE)])));
    assert_eq!(run.step(), Step::Ask(Leader::Model));
    assert_eq!(run.calls.len(), 1);
}

#[test]
fn nothing_is_posted_before_the_change_is_analyzed() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("p", POST)])));
    assert_eq!(run.step(), Step::Ask(Leader::Model));
    let Block::ToolResult(refusal) = &run.conversation.messages.last().unwrap().content[0] else {
        panic!("result expected")
    };
    assert!(refusal.is_error);
}

#[test]
fn every_way_to_stop_leads_on() {
    let leads_to = |stop| {
        let mut run = run();
        told(&mut run, says(stop, vec![Block::Text("…".into())]));
        (run.leader, run.step())
    };
    let cut_off = leads_to(StopReason::MaxTokens);
    assert_eq!(cut_off, (Leader::Model, Step::Ask(Leader::Model)));
    for stop in [
        StopReason::MalformedModelOutput,
        StopReason::MalformedToolUse,
        StopReason::GuardrailIntervened,
        StopReason::ContentFiltered,
        StopReason::ContextWindowExceeded,
        StopReason::Unknown,
        StopReason::EndTurn,
        StopReason::StopSequence,
    ] {
        assert_eq!(leads_to(stop), (Leader::Planner, Step::Ask(Leader::Planner)), "{stop:?}");
    }
}

#[test]
fn a_reply_cut_off_inside_a_tool_use_is_not_executed() {
    let mut run = run();
    told(&mut run, says(StopReason::MaxTokens, uses(&[("a", ANALYZE)])));
    assert_eq!(run.step(), Step::Ask(Leader::Model));
    assert_eq!(
        run.conversation.messages.len(),
        1,
        "the cut-off reply is dropped, and roles still alternate"
    );
    told(&mut run, says(StopReason::MaxTokens, uses(&[("a", ANALYZE)])));
    assert_eq!(run.leader, Leader::Planner);
}

#[test]
fn a_spent_budget_hands_over_to_the_planner_and_says_so() {
    let mut run = run();
    run.budget.turns = 1;
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE)])));
    run.on_tool_result(result("a"), Duration::ZERO);
    assert_eq!(run.step(), Step::Ask(Leader::Planner));
    assert_eq!(run.handed_over.as_deref(), Some("its 1 turns were used"));
}

#[test]
fn a_model_that_forgets_to_post_is_reminded_once() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE)])));
    run.on_tool_result(result("a"), Duration::ZERO);
    told(&mut run, says(StopReason::EndTurn, vec![Block::Text("done".into())]));
    assert_eq!(run.step(), Step::Ask(Leader::Model));
    told(&mut run, says(StopReason::EndTurn, vec![Block::Text("done".into())]));
    assert_eq!(run.step(), Step::Ask(Leader::Planner));
}

#[test]
fn a_tool_that_is_not_declared_is_asked_about_and_never_called() {
    let mut run = run();
    run.on_reply(says(StopReason::ToolUse, uses(&[("1", "read_file")])), Duration::ZERO);
    assert_eq!(run.step(), Step::Ask(Leader::Model));
    assert!(run.conversation.messages[0].text().contains("there is no tool \"read_file\""));
    assert!(run.conversation.messages.iter().all(|message| message.tool_uses().next().is_none()));
}

#[test]
fn a_run_counts_how_its_model_behaves_and_not_what_the_planner_does() {
    let mut run = run();
    told(&mut run, says(StopReason::ToolUse, uses(&[("p", POST)])));
    assert_eq!(run.conduct(), Conduct { calls: 1, misfits: 1, ..Conduct::default() });
    told(&mut run, says(StopReason::MaxTokens, Vec::new()));
    told(&mut run, says(StopReason::ToolUse, uses(&[("a", ANALYZE), ("x", CARBON)])));
    run.on_misfit();
    let repaired = Conduct { calls: 3, misfits: 2, repaired: true, ..Conduct::default() };
    assert_eq!(run.conduct(), repaired);
    run.on_tool_result(result("a"), Duration::ZERO);
    run.on_tool_result(result("x"), Duration::ZERO);
    told(&mut run, says(StopReason::MaxTokens, Vec::new()));
    assert_eq!(run.conduct(), Conduct { replaced: true, ..repaired });
    told(&mut run, says(StopReason::ToolUse, uses(&[("planner-1", CARBON)])));
    run.on_misfit();
    assert_eq!(run.conduct(), Conduct { replaced: true, ..repaired });
}

#[test]
fn a_model_without_money_or_with_a_service_that_fails_was_not_replaced_for_what_it_said() {
    let mut spent = run();
    spent.budget.turns = 1;
    told(&mut spent, says(StopReason::MaxTokens, Vec::new()));
    let mut failed = run();
    failed.on_model_error(&ModelError::new(model::Cause::Timeout, "late"), Duration::ZERO);
    for run in [spent, failed] {
        assert_eq!((run.leader, run.conduct().replaced), (Leader::Planner, false));
    }
}
