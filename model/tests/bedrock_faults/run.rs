//! Runs one case against a server of its own.

use std::sync::Arc;
use std::time::Duration;

use contract::{Timestamp, ToolSpec};
use fake_bedrock::{Answer, Credentials, FakeBedrock, Settings as Fake};
use futures::StreamExt;
use model::bedrock::wire::{Access, BedrockDriver, Settings};
use model::{Call, Cause, Conversation, ErrorKind, Event, Message, ModelDriver, ModelError, Reply};
use serde_json::json;

use crate::case::{Case, Expected, Service, WHATEVER, Wait};

/// What the driver did.
struct Outcome {
    /// Text that came piece by piece.
    heard: String,
    result: Result<Reply, ModelError>,
    /// Events after the last one.
    surplus: usize,
}

/// Sentences on where the driver differs from what is expected.
pub(crate) async fn differences(case: &Case, client: model::http::Client) -> Vec<String> {
    let fake = FakeBedrock::start(Fake::default()).await.unwrap();
    let mut settings = Settings::new("us-east-1", access(), || Timestamp(1_780_000_000_000));
    settings.silence = case.silence;
    settings.runtime_endpoint = Some(endpoint(case, &fake).await);
    if let Service::Answers(answer) = &case.service {
        fake.script([answer.clone(), Answer::says("a second attempt")]);
    }
    let driver = BedrockDriver::new(settings, client);
    // The driver keeps the deadline by itself; this only ends a case where it does not.
    let patience = case.deadline + Duration::from_secs(20);
    let Ok(outcome) = tokio::time::timeout(patience, ask(&driver, case)).await else {
        return vec![format!("{}: the deadline passed unnoticed", title(case))];
    };
    let mut found = compare(&case.expected, &outcome);
    let complaints = fake.complaints();
    if matches!(case.service, Service::Answers(_)) && !complaints.is_empty() {
        found.push(format!("the service refuses the request: {}", complaints.join("; ")));
    }
    let attempts = fake.requests().len();
    if attempts != usize::from(matches!(case.service, Service::Answers(_))) {
        found.push(format!("{attempts} attempts"));
    }
    found.iter().map(|difference| format!("{}: {difference}", title(case))).collect()
}

fn title(case: &Case) -> String {
    let way = if case.is_streaming { "stream" } else { "converse" };
    format!("{way}, {}", case.name)
}

fn access() -> Access {
    let known = Credentials::default();
    let credentials = aws_credential_types::Credentials::new(
        known.access_key_id,
        known.secret_access_key,
        None,
        None,
        "tests",
    );
    Access::Credentials(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
}

async fn endpoint(case: &Case, fake: &FakeBedrock) -> String {
    match case.service {
        Service::Answers(_) => fake.url(),
        Service::WithoutTls => fake.url().replace("http://", "https://"),
        Service::Nobody => {
            // Of a port that was just free nobody else makes use so soon.
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        }
    }
}

async fn ask(driver: &BedrockDriver, case: &Case) -> Outcome {
    let mut call = Call::new(conversation(), case.deadline);
    call.model = Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0".to_owned());
    let none = |result| Outcome { heard: String::new(), result, surplus: 0 };
    if !case.is_streaming {
        return none(driver.converse(&call).await);
    }
    let mut events = match driver.stream(&call).await {
        Ok(events) => events,
        Err(error) => return none(Err(error)),
    };
    let (mut heard, mut last, mut surplus) = (String::new(), None, 0);
    while let Some(event) = events.next().await {
        if last.is_some() {
            surplus += 1;
            continue;
        }
        match event {
            Ok(Event::Text(text)) => heard.push_str(&text),
            Ok(Event::Finished(reply)) => last = Some(Ok(*reply)),
            Ok(_) => {}
            Err(error) => last = Some(Err(error)),
        }
    }
    let result = last.unwrap_or_else(|| {
        Err(ModelError::new(Cause::BadRequest, "the events ended without a last one"))
    });
    Outcome { heard, result, surplus }
}

fn conversation() -> Arc<Conversation> {
    Arc::new(Conversation {
        system: "You look at things.".to_owned(),
        messages: vec![Message::user("How is it?")],
        tools: vec![ToolSpec {
            name: "look".to_owned(),
            description: "Looks at a place".to_owned(),
            input_schema: json!({"type": "object", "properties": {"at": {"type": "string"}}}),
        }],
    })
}

fn compare(expected: &Expected, outcome: &Outcome) -> Vec<String> {
    let mut found = Vec::new();
    if outcome.surplus > 0 {
        found.push(format!("{} events after the last one", outcome.surplus));
    }
    match (expected, &outcome.result) {
        (Expected::Fails { causes, after, heard }, Err(error)) => {
            if !causes.contains(&error.cause) {
                found.push(format!("{causes:?} expected, and it is {:?} ({error})", error.cause));
            } else if error.kind() != kind(error.cause) {
                found.push(format!("{:?} is {:?}", error.cause, error.kind()));
            }
            if !after.holds(error.retry_after) {
                found.push(format!("wait {after:?} expected, and it is {:?}", error.retry_after));
            }
            if *heard != WHATEVER && outcome.heard != *heard {
                found.push(format!(
                    "{heard:?} expected before it, and {:?} was heard",
                    outcome.heard
                ));
            }
            if error.message.len() > 2500 || error.message.contains("secret") {
                found.push(format!("the message says too much: {:.200}", error.message));
            }
        }
        (Expected::Answers { stop, holds }, Ok(reply)) => {
            if reply.stop != *stop {
                found.push(format!("{stop:?} expected, and it stopped by {:?}", reply.stop));
            }
            let missing = holds.iter().filter(|(_, holds)| !holds(reply));
            found.extend(missing.map(|(what, _)| format!("{what}: {reply:?}")));
            // Nothing of a count may overflow what is summed from it.
            let _ = reply.usage.total();
        }
        (Expected::Fails { causes, .. }, Ok(reply)) => {
            found.push(format!("{causes:?} expected, and it answers {:?}", reply.message));
        }
        (Expected::Answers { .. }, Err(error)) => {
            found.push(format!("an answer expected, and it fails: {:?} ({error})", error.cause));
        }
    }
    found
}

impl Wait {
    fn holds(self, told: Option<Duration>) -> bool {
        match self {
            Self::Unknown => told.is_none(),
            Self::Exactly(wait) => told == Some(wait),
            Self::AtMost(wait) => told.is_some_and(|told| told <= wait),
        }
    }
}

/// The six kinds that callers see, as the gateway's contract groups the causes.
fn kind(cause: Cause) -> ErrorKind {
    match cause {
        Cause::Auth => ErrorKind::AuthError,
        Cause::Throttled => ErrorKind::QuotaExceeded,
        Cause::BadRequest | Cause::Sampling | Cause::ContextTooLong | Cause::NotServed => {
            ErrorKind::BadRequest
        }
        Cause::ContentBlocked => ErrorKind::ContentBlocked,
        Cause::Timeout => ErrorKind::Timeout,
        Cause::Service
        | Cause::Unreachable
        | Cause::Interrupted
        | Cause::Unreadable
        | Cause::MalformedToolUse => ErrorKind::ProviderError,
        other => panic!("Bedrock does not cause {other:?}"),
    }
}
