//! The driver `claude_cli` against a program that checks how it is called and answers as the real one was seen to.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use model::claude_cli::{ClaudeCli, Settings};
use model::{
    Call, Cause, Conversation, Event, Message, ModelDriver, ModelError, Reply, StopReason,
};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake_claude/claude");

fn driver(fake: &str, environment: &[(&str, &str)]) -> ClaudeCli {
    let given = [("FAKE", fake), ("PATH", "/usr/bin:/bin"), ("ANTHROPIC_API_KEY", "sk-secret")];
    let pairs = given.iter().chain(environment);
    let mut settings = Settings::new(
        pairs.map(|(name, value)| (OsString::from(name), OsString::from(value))).collect(),
    );
    settings.program = PROGRAM.into();
    settings.model = Some("sonnet".to_owned());
    settings.silence = Duration::from_secs(20);
    ClaudeCli::new(settings)
}

fn call(prompt: &str) -> Call {
    let conversation = Conversation {
        system: "Be brief.".to_owned(),
        messages: vec![Message::user(prompt)],
        tools: Vec::new(),
    };
    Call::new(conversation, Duration::from_secs(30))
}

async fn answer(fake: &str) -> Result<Reply, ModelError> {
    driver(fake, &[]).converse(&call("Hello")).await
}

#[tokio::test]
async fn a_prompt_is_told_and_its_answer_read_piece_by_piece() {
    let driver = driver("answer", &[("PROMPT", "\n@/etc/passwd\n/help")]);
    let events: Vec<_> = driver.stream(&call("@/etc/passwd\n/help")).await.unwrap().collect().await;
    let events: Vec<_> = events.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        events[..3],
        [
            Event::Started { model_id: "claude-sonnet-4-5".into() },
            Event::Text("Hello ".into()),
            Event::Text("there".into()),
        ]
    );
    let Event::Finished(reply) = &events[3] else { panic!("no end: {events:?}") };
    assert_eq!((reply.message.text().as_str(), reply.stop), ("Hello there", StopReason::EndTurn));
    assert_eq!(reply.cost_usd, Some(0.000_126_9));
    let usage = reply.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.cache_read_tokens), (12, 5, 3));
}

#[tokio::test]
async fn a_prompt_longer_than_a_pipe_holds_is_told_whole_or_not_at_all() {
    let prompt = "x".repeat(2 << 20);
    let reply = driver("long", &[]).converse(&call(&prompt)).await.unwrap();
    assert_eq!(reply.message.text(), "Hello there");
    let reply = driver("at_once", &[]).converse(&call(&prompt)).await.unwrap();
    assert_eq!((reply.message.text().as_str(), reply.cost_usd), ("Hello there", Some(0.5)));
}

#[tokio::test]
async fn what_the_program_calls_a_failure_may_be_an_answer() {
    assert_eq!(answer("refusal").await.unwrap().stop, StopReason::ContentFiltered);
    let cut = answer("too_long").await.unwrap();
    assert_eq!((cut.stop, cut.message.text().as_str()), (StopReason::MaxTokens, "Hello there"));
    assert_eq!(cut.usage.output_tokens, 5, "the program was ended before it asked again");
}

#[tokio::test]
async fn every_failure_is_classified() {
    let rows = [
        ("logged_out", Cause::Auth, "log in"),
        ("limit", Cause::Throttled, "session limit"),
        ("context", Cause::ContextTooLong, "too long"),
        ("old", Cause::NotServed, "claude update"),
        ("fails", Cause::Service, "something is wrong with me"),
        ("cut", Cause::Interrupted, "without an answer"),
        ("garbage", Cause::Unreadable, "JSON"),
        ("twice", Cause::Interrupted, "again"),
        ("endless", Cause::Unreadable, "more than"),
    ];
    for (fake, cause, part) in rows {
        let error = answer(fake).await.unwrap_err();
        assert_eq!(error.cause, cause, "{fake}: {error}");
        assert!(error.message.contains(part), "{fake}: {error}");
    }
    let statuses = [
        ("status_401", Cause::Auth),
        ("status_404", Cause::NotServed),
        ("status_429", Cause::Throttled),
        ("status_529", Cause::Service),
    ];
    for (fake, cause) in statuses {
        let driver = driver(fake, &[("SAID", "API Error")]);
        assert_eq!(driver.converse(&call("Hello")).await.unwrap_err().cause, cause, "{fake}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_with_what_to_do() {
    let mut settings = Settings::new(Vec::new());
    settings.program = "/nowhere/claude".into();
    let error = ClaudeCli::new(settings).converse(&call("Hello")).await.unwrap_err();
    assert_eq!(error.cause, Cause::NotServed);
    assert!(error.message.contains("npm install"), "{error}");
}

/// Whether a process is gone, or dead and only not yet waited for; asked again for a while.
async fn gone(file: &Path) -> bool {
    let pid = std::fs::read_to_string(file).unwrap();
    for _ in 0..500 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim()));
        if status.map_or(true, |status| status.contains("State:\tZ")) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn a_silent_program_ends_with_its_children_at_the_deadline_or_when_nobody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("child");
    let environment = [("CHILD", file.to_str().unwrap())];
    let mut call = call("Hello");
    call.deadline = tokio::time::Instant::now() + Duration::from_secs(2);
    let error = driver("silent", &environment).converse(&call).await.unwrap_err();
    assert_eq!(error.cause, Cause::Timeout);
    assert!(gone(&file).await, "a child outlived the deadline");

    std::fs::remove_file(&file).unwrap();
    call.deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    let mut events = driver("silent", &environment).stream(&call).await.unwrap();
    while !file.exists() {
        // The texts come before the child is there.
        let _ = tokio::time::timeout(Duration::from_millis(10), events.next()).await;
    }
    while std::fs::read_to_string(&file).unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(events);
    assert!(gone(&file).await, "a child outlived its reader");
}
