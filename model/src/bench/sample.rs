//! A suite, and drivers that answer it as they are told, for tests of this area.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::report::Asked;
use super::run::{Contender, Settings};
use super::{Grams, Report, Suite, run};
use crate::{
    Block, Call, Cause, Event, Events, Metadata, ModelDriver, ModelError, Reply, StopReason, Usage,
};

pub(super) fn settings() -> Settings {
    Settings {
        seed: 0,
        repeat: 1,
        concurrency: 3,
        within: Duration::from_mins(1),
        metadata: Metadata::default(),
    }
}

/// `tasks` of them, in two groups; the right answer is always `a`.
pub(super) fn suite(tasks: usize) -> Suite {
    let task = |at: usize| {
        let group = if at.is_multiple_of(2) { "even" } else { "odd" };
        format!("{{id: task-{at}, group: {group}, given: 'task {at}', expect: {{label: a}}}}")
    };
    let tasks: Vec<_> = (0..tasks).map(task).collect();
    let groups =
        "[{id: even, ask: Which?, labels: [a, b]}, {id: odd, ask: Which?, labels: [a, b]}]";
    Suite::read(&format!("name: letters\ngroups: {groups}\ntasks: [{}]\n", tasks.join(", ")))
        .unwrap()
}

/// How a model answers a task, by its number.
pub(super) type Answers = fn(usize) -> Result<&'static str, Cause>;

struct Told {
    seconds: f64,
    answers: Answers,
}

#[async_trait]
impl ModelDriver for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let asked = call.conversation.messages[0].text();
        let task: usize = asked.rsplit(' ').next().unwrap().parse().unwrap();
        tokio::time::sleep(Duration::from_secs_f64(self.seconds * (1.0 + task as f64 / 10.0)))
            .await;
        let text =
            (self.answers)(task).map_err(|cause| ModelError::new(cause, "<no> \u{1b}[31m"))?;
        let mut reply = Reply::new("told", vec![Block::Text(text.into())], StopReason::EndTurn);
        reply.usage = Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() };
        reply.cost_usd = Some(self.seconds / 1000.0);
        Ok(reply)
    }

    /// Half a second before its end it begins.
    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let reply = self.converse(call).await?;
        let begin = Ok(Event::Text(String::new()));
        let more = Ok(Event::Text(reply.message.text()));
        let end = Ok(Event::Finished(Box::new(reply)));
        let rest = futures::stream::once(async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            more
        });
        let rest = futures::StreamExt::chain(rest, futures::stream::iter([end]));
        Ok(Box::pin(futures::StreamExt::chain(futures::stream::iter([begin]), rest)))
    }
}

pub(super) fn contender(model: &str, seconds: f64, answers: Answers) -> Contender {
    let asks = Ok(Arc::new(Told { seconds, answers }) as Arc<dyn ModelDriver>);
    Contender { model: model.into(), driver: "told".into(), asks }
}

/// One that is always right, one that is right of every third, one that fails now and then, one that cannot be asked.
pub(super) fn contenders() -> Vec<Contender> {
    vec![
        contender("good|model", 2.0, |_| Ok("a")),
        contender("poor", 0.5, |task| Ok(if task % 3 == 0 { "a" } else { "b" })),
        contender("shaky", 1.0, |task| if task % 5 == 0 { Err(Cause::Timeout) } else { Ok("a") }),
        Contender { model: "absent".into(), driver: "x".into(), asks: Err("no key <x>".into()) },
    ]
}

pub(super) async fn report() -> Report {
    let (suite, contenders, settings) = (suite(30), contenders(), settings());
    let ran = run(&suite, &contenders, &settings, std::future::pending(), |_| {}).await;
    let asked = Asked {
        tasks: 30,
        groups: suite.groups.iter().map(|group| group.id.clone()).collect(),
        repeat: 1,
        seed: 0,
        concurrency: 3,
        began: "2026-11-22T10:00:00Z".into(),
    };
    Report::of(&suite, &contenders, ran, asked, &|_, tokens| {
        Some(Grams { low: tokens as f64 / 1000.0, high: tokens as f64 / 300.0 })
    })
}
