//! Lessons in Bedrock AgentCore Memory: events of our own, and what its strategies concluded from them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_bedrockagentcore::Client;
use aws_sdk_bedrockagentcore::config::Builder;
use aws_sdk_bedrockagentcore::config::timeout::TimeoutConfig;
use aws_sdk_bedrockagentcore::types::{
    Content, Conversational, Event, MemoryContent, MemoryJsonData, PayloadType, Role,
    SearchCriteria,
};
use aws_smithy_types::DateTime;
use contract::hexadecimal;
use sha2::{Digest, Sha256};

use super::document::{document, value};
use super::memory::{Lesson, MOST_LESSONS, Recollection, SessionMemory};

/// One session per repository holds all its lessons: events are listed by session, and a lesson is wanted by
/// whichever pull request comes next.
const SESSION: &str = "pull-requests";
const ATTEMPT: Duration = Duration::from_secs(3);
const OPERATION: Duration = Duration::from_secs(8);
/// `ListEvents` returns 100 at a time; a pull request leaves an event for each push.
const MOST_PAGES: usize = 5;
const MOST_LEARNED: i32 = 10;
const LONGEST_LEARNED: usize = 500;
const QUESTION: &str =
    "Which findings do the maintainers of this repository fix, and which do they dismiss?";

pub struct AgentCoreMemory {
    client: Client,
    memory_id: String,
}

impl AgentCoreMemory {
    pub fn new(sdk: &SdkConfig, memory_id: impl Into<String>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let config = Builder::from(sdk).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), memory_id: memory_id.into() }
    }

    async fn lessons(&self, repository: &str) -> anyhow::Result<Vec<Lesson>> {
        let mut newest: BTreeMap<u64, Lesson> = BTreeMap::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self
                .client
                .list_events()
                .memory_id(&self.memory_id)
                .actor_id(actor(repository))
                .session_id(SESSION)
                .include_payloads(true)
                .max_results(100)
                .set_next_token(token)
                .send()
                .await
                .context(
                    "AgentCore Memory, ListEvents (the role needs bedrock-agentcore:ListEvents)",
                )?;
            for lesson in page.events().iter().filter_map(lesson_of) {
                let known = newest.get(&lesson.pull_request);
                if lesson.repository.eq_ignore_ascii_case(repository)
                    && known.is_none_or(|known| known.at <= lesson.at)
                {
                    newest.insert(lesson.pull_request, lesson);
                }
            }
            token = page.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                break;
            }
        }
        let mut lessons: Vec<Lesson> = newest.into_values().collect();
        lessons.sort_by_key(|lesson| std::cmp::Reverse(lesson.at));
        lessons.truncate(MOST_LESSONS);
        Ok(lessons)
    }

    async fn learned(&self, repository: &str) -> anyhow::Result<Vec<String>> {
        let question =
            SearchCriteria::builder().search_query(QUESTION).top_k(MOST_LEARNED).build()?;
        let found = self
            .client
            .retrieve_memory_records()
            .memory_id(&self.memory_id)
            .namespace(namespace(repository))
            .search_criteria(question)
            .max_results(MOST_LEARNED)
            .send()
            .await
            .context("AgentCore Memory, RetrieveMemoryRecords (the role needs bedrock-agentcore:RetrieveMemoryRecords)")?;
        let texts =
            found.memory_record_summaries().iter().filter_map(|record| match record.content() {
                Some(MemoryContent::Text(text)) => {
                    Some(text.chars().take(LONGEST_LEARNED).collect())
                }
                _ => None,
            });
        Ok(texts.collect())
    }
}

#[async_trait]
impl SessionMemory for AgentCoreMemory {
    /// What strategies concluded is an extra: without it the lessons still count.
    async fn recall(&self, repository: &str) -> anyhow::Result<Recollection> {
        let (lessons, learned) = tokio::join!(self.lessons(repository), self.learned(repository));
        let learned = learned.unwrap_or_else(|error| {
            tracing::warn!(
                repository,
                error = format!("{error:#}"),
                "nothing could be retrieved from AgentCore Memory"
            );
            Vec::new()
        });
        Ok(Recollection { lessons: lessons?, learned })
    }

    async fn remember(&self, lesson: &Lesson) -> anyhow::Result<()> {
        let told = Conversational::builder()
            .content(Content::Text(lesson.sentence()))
            .role(Role::Assistant)
            .build()?;
        let kept = serde_json::to_value(lesson).context("write a lesson")?;
        let kept = MemoryJsonData::builder().content(document(&kept)).build()?;
        self.client
            .create_event()
            .memory_id(&self.memory_id)
            .actor_id(actor(&lesson.repository))
            .session_id(SESSION)
            .event_timestamp(DateTime::from_millis(lesson.at.0))
            .payload(PayloadType::Conversational(told))
            .payload(PayloadType::Json(kept))
            // The same lesson again, after a crash, is the same event.
            .client_token(token(lesson))
            .send()
            .await
            .context(
                "AgentCore Memory, CreateEvent (the role needs bedrock-agentcore:CreateEvent)",
            )?;
        Ok(())
    }
}

fn lesson_of(event: &Event) -> Option<Lesson> {
    event.payload().iter().find_map(|payload| {
        let kept = payload.as_json().ok()?;
        serde_json::from_value(value(kept.content())).ok()
    })
}

/// A repository as an actor's id, which may hold `/` but no `.`. Escaped so that no two repositories share one.
fn actor(repository: &str) -> String {
    repository.to_ascii_lowercase().chars().fold("repository/".to_owned(), |mut id, letter| {
        match letter {
            'a'..='z' | '0'..='9' | '-' | '/' => id.push(letter),
            other => {
                let _ = write!(id, "_{:x}_", u32::from(other));
            }
        }
        id
    })
}

/// Where a memory's strategies put what they conclude of an actor, if they are made with `/eco-coder/{actorId}`, as in the template.
fn namespace(repository: &str) -> String {
    format!("/eco-coder/{}", actor(repository))
}

fn token(lesson: &Lesson) -> String {
    let name = format!("{}#{}@{}", lesson.repository, lesson.pull_request, lesson.at.0);
    hexadecimal::encode(&Sha256::digest(name))
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;
    use emulators::Emulators;

    use super::*;
    use crate::agent::RuleOutcome;

    fn lesson(pull_request: u64, at: i64, dismissed: u64) -> Lesson {
        Lesson {
            repository: "acme/shop.js".into(),
            pull_request,
            head_sha: "c0ffee".into(),
            at: Timestamp(at),
            rules: [("query-in-loop".to_owned(), RuleOutcome { dismissed, ..Default::default() })]
                .into(),
        }
    }

    /// The emulator has no `RetrieveMemoryRecords`, so this also shows that lessons count without it.
    #[tokio::test]
    async fn the_newest_lesson_of_each_pull_request_is_recalled() {
        let sdk = emulators::sdk(&Emulators::shared().aws_url);
        let memory = AgentCoreMemory::new(&sdk, "eco_coder-0123456789");
        for lesson in [lesson(1, 1_000, 0), lesson(2, 2_000, 1), lesson(1, 3_000, 2)] {
            memory.remember(&lesson).await.unwrap();
        }

        let recollection = memory.recall("Acme/Shop.js").await.unwrap();

        assert_eq!(recollection.lessons, [lesson(1, 3_000, 2), lesson(2, 2_000, 1)]);
        assert!(memory.recall("acme/other").await.unwrap().lessons.is_empty());
    }

    #[test]
    fn no_two_repositories_share_an_actor() {
        let ids = ["acme/shop", "acme/shop.js", "acme/shop_js", "acme/shop_2e_js", "ac/me-shop"]
            .map(actor);
        insta::assert_debug_snapshot!(ids, @r#"
        [
            "repository/acme/shop",
            "repository/acme/shop_2e_js",
            "repository/acme/shop_5f_js",
            "repository/acme/shop_5f_2e_5f_js",
            "repository/ac/me-shop",
        ]
        "#);
        assert_eq!(actor("Acme/Shop"), actor("acme/shop"), "GitHub does not tell them apart");
    }
}
