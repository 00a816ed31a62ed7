use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::scripted::{Act, Diary, Scripted, call, error};
use super::*;
use crate::budget::{Budget, Caps, MemoryLedger};
use crate::limit;
use crate::{Block, Conversation, Message, StopReason};

/// Models `a`, `b`, … at one driver.
fn routes(driver: &Arc<Scripted>, ids: &[&str]) -> Vec<Route> {
    ids.iter().map(|id| Route::new(Arc::clone(driver) as Arc<dyn ModelDriver>, id)).collect()
}

fn gateway(driver: &Arc<Scripted>, ids: &[&str]) -> Gateway {
    Gateway::new(routes(driver, ids), Parts::default())
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_three_times_and_then_another_model_is_asked() {
    let fails = || Act::Fail(Cause::Service);
    let driver = Scripted::new(vec![fails(), fails(), fails(), Act::Say("Hello.")]);
    let start = Instant::now();
    let reply = gateway(&driver, &["a", "b"]).converse(&call()).await.unwrap();
    assert_eq!(driver.models(), ["a", "a", "a", "b"]);
    assert!(start.elapsed() < Duration::from_secs(2), "the pauses are short");
    insta::assert_snapshot!(reply.notes.join("\n"), @"b answered instead of a: the model's service failed: so it said");
    assert_eq!(reply.message.text(), "Hello.");
}

#[tokio::test(start_paused = true)]
async fn a_model_is_tried_as_often_as_its_driver_says() {
    let fails = || Act::Fail(Cause::Service);
    let driver = Scripted::new(vec![fails(), fails(), fails()]).trying(1);
    gateway(&driver, &["a", "b", "c", "d"]).converse(&call()).await.unwrap();
    assert_eq!(driver.models(), ["a", "b", "c", "d"]);
    let driver = Scripted::new((0..4).map(|_| fails()).collect()).trying(5);
    gateway(&driver, &["a"]).converse(&call()).await.unwrap();
    assert_eq!(driver.models(), ["a"; 5]);
}

#[tokio::test(start_paused = true)]
async fn models_are_asked_in_order_and_each_refusal_is_said() {
    let driver = Scripted::new(vec![Act::Fail(Cause::NotServed), Act::Fail(Cause::NotServed)]);
    let reply = gateway(&driver, &["a", "b", "c"]).converse(&call()).await.unwrap();
    insta::assert_snapshot!(reply.notes.join("\n"), @"
    c answered instead of a: the model is not to be had: so it said
    c answered instead of b: the model is not to be had: so it said
    ");
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_first_failure_is_told_with_what_became_of_the_others() {
    let driver = Scripted::new(vec![
        Act::Error(error(Cause::NotServed).with_code("ResourceNotFoundException")),
        Act::Fail(Cause::BadRequest),
    ]);
    let error = gateway(&driver, &["a", "b"]).converse(&call()).await.unwrap_err();
    insta::assert_snapshot!(error, @"the model is not to be had: a: so it said; b: so it said");
    assert_eq!(error.provider_code.as_deref(), Some("ResourceNotFoundException"));
}

#[tokio::test(start_paused = true)]
async fn the_same_model_through_another_profile_comes_before_another_model() {
    let driver = Scripted::new(vec![Act::Fail(Cause::NotServed), Act::Fail(Cause::NotServed)]);
    let ids = [
        "us.anthropic.claude-sonnet-5-5",
        "us.amazon.nova-2-lite-v1:0",
        "eu.anthropic.claude-sonnet-5-5",
    ];
    let reply = gateway(&driver, &ids).converse(&call()).await.unwrap();
    assert_eq!(driver.models(), [ids[0], ids[2], ids[1]]);
    assert_eq!(reply.notes.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_names_a_model_gets_it_first_and_one_that_nobody_knows_is_refused() {
    let driver = Scripted::new(vec![Act::Fail(Cause::NotServed)]);
    let gateway = gateway(&driver, &["a", "b"]);
    let mut asked = call();
    asked.model = Some("b".to_owned());
    gateway.converse(&asked).await.unwrap();
    assert_eq!(driver.models(), ["b", "a"]);
    asked.model = Some("gpt\n-7".to_owned());
    let error = gateway.converse(&asked).await.unwrap_err();
    insta::assert_snapshot!(error, @r#"the model is not known: "gpt\n-7" is not configured; there are a, b"#);
}

#[tokio::test(start_paused = true)]
async fn sampling_parameters_that_are_refused_are_dropped_once_and_that_is_said() {
    let driver = Scripted::new(vec![Act::Fail(Cause::Sampling)]);
    let mut asked = call();
    asked.parameters.temperature = Some(0.1);
    asked.parameters.top_p = Some(0.9);
    let reply = gateway(&driver, &["a"]).converse(&asked).await.unwrap();
    insta::assert_snapshot!(reply.notes.join("\n"), @"a refused temperature and top_p, and was asked without them");
    let sent = driver
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|call| call.parameters.temperature)
        .collect::<Vec<_>>();
    assert_eq!(sent, [Some(0.1), None]);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_not_tried_again_and_another_driver_is() {
    let (first, second) =
        (Scripted::new(vec![Act::Fail(Cause::Auth)]), Scripted::named("other", Vec::new()));
    let mut ways = routes(&first, &["a", "b"]);
    ways.extend(routes(&second, &["c"]));
    let reply = Gateway::new(ways, Parts::default()).converse(&call()).await.unwrap();
    assert_eq!((first.models(), second.models()), (vec!["a".to_owned()], vec!["c".to_owned()]));
    insta::assert_snapshot!(reply.notes.join("\n"), @"c answered instead of a: no access: so it said");
}

/// The answer of a larger model, after a smaller one was told the conversation as it is and once in fewer words.
async fn packed_once_and_then_handed_on(driver: &Arc<Scripted>) -> Reply {
    let small = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let large = "anthropic.claude-sonnet-5-5";
    let repack: Repack = Arc::new(|conversation, number| {
        let messages = vec![Message::user("Shorter.")];
        (number == 0).then(|| Conversation { messages, ..conversation.clone() })
    });
    let parts = Parts { repack: Some(repack), ..Parts::default() };
    let reply =
        Gateway::new(routes(driver, &[small, large]), parts).converse(&call()).await.unwrap();
    assert_eq!(driver.models(), [small, small, large]);
    assert_eq!(driver.asked.lock().unwrap()[1].conversation.messages[0].text(), "Shorter.");
    reply
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_too_long_is_packed_smaller_and_then_goes_to_a_larger_model() {
    let too_long = || Act::Fail(Cause::ContextTooLong);
    let driver = Scripted::new(vec![too_long(), too_long()]);
    let reply = packed_once_and_then_handed_on(&driver).await;
    insta::assert_snapshot!(reply.notes.join("\n"), @"
    anthropic.claude-sonnet-5-5 answered instead of anthropic.claude-haiku-4-5-20251001-v1:0: the conversation does not fit the model: so it said
    the conversation was too long for anthropic.claude-haiku-4-5-20251001-v1:0, and was packed smaller
    ");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_reaches_the_end_of_the_context_is_packed_smaller_and_paid_for() {
    let full = || Act::Stop(StopReason::ContextWindowExceeded);
    let driver = Scripted::new(vec![full(), full(), full()]);
    let reply = packed_once_and_then_handed_on(&driver).await;
    assert_eq!(reply.stop, StopReason::ContextWindowExceeded, "what there is is handed on");
    assert_eq!((reply.usage.total(), reply.cost_usd), (330, Some(0.75)));
    insta::assert_snapshot!(reply.notes.join("\n"), @"
    anthropic.claude-sonnet-5-5 answered instead of anthropic.claude-haiku-4-5-20251001-v1:0: the conversation does not fit the model: its answer broke off at the end of its context
    the conversation was too long for anthropic.claude-haiku-4-5-20251001-v1:0, and was packed smaller
    ");
    assert_eq!(
        reply.chosen.as_deref(),
        Some(
            "anthropic.claude-sonnet-5-5 stands in for anthropic.claude-haiku-4-5-20251001-v1:0: the conversation does not fit the model"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_tool_use_is_sent_back_once_and_paid_for() {
    let malformed = || Act::Stop(StopReason::MalformedToolUse);
    let driver = Scripted::new(vec![malformed(), malformed()]);
    let reply = gateway(&driver, &["a", "b"]).converse(&call()).await.unwrap();
    assert_eq!(reply.stop, StopReason::MalformedToolUse, "the caller goes on without the model");
    assert_eq!((driver.models().len(), reply.usage.total(), reply.cost_usd), (2, 220, Some(0.5)));
    let asked = driver.asked.lock().unwrap();
    let last = asked[1].conversation.messages.last().unwrap();
    assert!(
        matches!(&last.content[..], [Block::Text(_), Block::Text(remark)] if remark.contains("could not be read"))
    );
    assert_eq!(
        asked[1].conversation.messages.len(),
        1,
        "two messages of one side would be refused"
    );
}

#[tokio::test(start_paused = true)]
async fn a_model_that_hangs_is_left_after_thirty_seconds() {
    let driver = Scripted::new(vec![Act::Hang]);
    let start = Instant::now();
    let reply = gateway(&driver, &["a", "b"]).converse(&call()).await.unwrap();
    assert_eq!((reply.model_id.as_str(), start.elapsed().as_secs()), ("b", 30));
    insta::assert_snapshot!(reply.notes.join("\n"), @"b answered instead of a: the model did not answer in time: no answer within 30 s");
}

#[tokio::test(start_paused = true)]
async fn nothing_outlasts_the_deadline_of_the_call() {
    let driver = Scripted::new((0..50).map(|_| Act::Hang).collect());
    let mut asked = call();
    asked.deadline = Instant::now() + Duration::from_secs(45);
    let start = Instant::now();
    let error = gateway(&driver, &["a", "b", "c"]).converse(&asked).await.unwrap_err();
    assert_eq!((error.cause, start.elapsed().as_secs()), (Cause::Timeout, 45));
    insta::assert_snapshot!(error, @"the model did not answer in time: a: no answer within 22.5 s; b: no answer within 15 s; c: the time for this reply is over");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_wants_a_long_rest_is_left_for_another_model_and_waited_for_where_there_is_none()
 {
    let busy = || Act::Error(error(Cause::Throttled).retry_after(Duration::from_secs(20)));
    let driver = Scripted::new(vec![busy()]);
    let start = Instant::now();
    gateway(&driver, &["a", "b"]).converse(&call()).await.unwrap();
    assert_eq!((driver.models(), start.elapsed().as_secs()), (vec!["a".into(), "b".into()], 0));
    let driver = Scripted::new(vec![busy()]);
    gateway(&driver, &["a"]).converse(&call()).await.unwrap();
    assert_eq!((driver.models(), start.elapsed().as_secs()), (vec!["a".into(), "a".into()], 20));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_goes_on_failing_is_not_asked_any_more() {
    let driver = Scripted::new((0..10).map(|_| Act::Fail(Cause::BadRequest)).collect());
    let failing =
        Scripted::named("failing", (0..100).map(|_| Act::Fail(Cause::Unreadable)).collect());
    let mut ways = routes(&failing, &["a"]);
    ways.extend(routes(&driver, &["b"]));
    let gateway = Gateway::new(ways, Parts::default());
    for _ in 0..10 {
        assert!(gateway.converse(&call()).await.is_err());
    }
    assert_eq!(failing.models().len(), 10, "ten failures open the breaker");
    let reply = gateway.converse(&call()).await.unwrap();
    insta::assert_snapshot!(reply.notes.join("\n"), @"b answered instead of a: the model failed too often and is left alone for a while: failing/a is tried again in 10 s");
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_leads_to_a_cheaper_model() {
    let driver = Scripted::new(Vec::new());
    let (dear, cheap) = ("anthropic.claude-sonnet-5-5", "amazon.nova-micro-v1:0");
    let caps = Caps { request_usd: Some(0.001), ..Caps::default() };
    let budget = Budget::new(caps, Arc::<MemoryLedger>::default(), || {
        contract::Timestamp(1_795_262_400_000)
    });
    let parts = Parts { budget: Some(budget), ..Parts::default() };
    let reply =
        Gateway::new(routes(&driver, &[dear, cheap]), parts).converse(&call()).await.unwrap();
    assert_eq!(driver.models(), [cheap], "the dear one was never asked");
    insta::assert_snapshot!(reply.notes.join("
"), @"amazon.nova-micro-v1:0 answered instead of anthropic.claude-sonnet-5-5: the budget does not allow this call: a call may cost 0.0010 US dollars, and this one may cost 0.0100 US dollars (8 tokens in, at most 1000 out); lower its max_tokens, ask a cheaper model, or raise `request_usd`");
}

#[tokio::test(start_paused = true)]
async fn a_model_without_a_price_is_passed_over_for_one_that_has_one() {
    let driver = Scripted::new(Vec::new());
    let (unpriced, priced) = ("mystery-7b", "anthropic.claude-sonnet-5-5");
    let caps = Caps { day_usd: Some(1.0), ..Caps::default() };
    let budget = Budget::new(caps, Arc::<MemoryLedger>::default(), || {
        contract::Timestamp(1_795_262_400_000)
    });
    let parts = Parts { budget: Some(budget), ..Parts::default() };
    let gateway = Gateway::new(routes(&driver, &[unpriced, "mystery-8b", priced]), parts);
    let reply = gateway.converse(&call()).await.unwrap();
    assert_eq!(driver.models(), [priced]);
    insta::assert_snapshot!(reply.notes.join("\n"), @r#"anthropic.claude-sonnet-5-5 answered instead of mystery-7b: the budget does not allow this call: the price of "mystery-7b" is not known, and dollars are capped: give its price in the file that `catalog` under [gateway] names, ask another model, or set `unpriced = "allow"`"#);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_observed_however_it_ends() {
    let driver = Scripted::new(vec![Act::Fail(Cause::Throttled), Act::Say("Hello."), Act::Hang]);
    let diary = Arc::new(Diary::default());
    let parts = Parts { observe: Arc::<Diary>::clone(&diary), ..Parts::default() };
    let gateway = Gateway::new(routes(&driver, &["a"]), parts);
    gateway.converse(&call()).await.unwrap();
    let canceled = tokio::time::timeout(Duration::from_secs(3), gateway.converse(&call())).await;
    assert!(canceled.is_err());
    insta::assert_snapshot!(diary.read(), @"
    a quota_exceeded: 0 s, 0 tokens
    a success: 0 s, 110 tokens
    a canceled: 3 s, 1008 tokens at most
    ");
    assert_eq!(gateway.snapshot()[0].in_flight, 0, "the place was given back");
}

#[tokio::test(start_paused = true)]
async fn a_full_house_leads_to_another_model() {
    let driver = Scripted::new(vec![Act::Hang]);
    let settings = limit::Settings { concurrency: 1, waiting: 0, ..limit::Settings::default() };
    let parts = Parts { limits: Arc::new(Limits::new(settings)), ..Parts::default() };
    let gateway = Arc::new(Gateway::new(routes(&driver, &["a", "b"]), parts));
    let first = tokio::spawn({
        let gateway = Arc::clone(&gateway);
        async move { gateway.converse(&call()).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let reply = gateway.converse(&call()).await.unwrap();
    assert_eq!(reply.model_id, "b");
    first.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_at_once_never_exceed_the_cap() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    struct Busy(AtomicUsize, AtomicUsize);
    #[async_trait]
    impl ModelDriver for Busy {
        fn name(&self) -> &'static str {
            "busy"
        }
        async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
            self.1.fetch_max(self.0.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.0.fetch_sub(1, Ordering::SeqCst);
            Ok(super::scripted::reply(call, "Hello.", StopReason::EndTurn))
        }
    }
    let driver = Arc::new(Busy(AtomicUsize::new(0), AtomicUsize::new(0)));
    let settings = limit::Settings { concurrency: 20, ..limit::Settings::default() };
    let parts = Parts { limits: Arc::new(Limits::new(settings)), ..Parts::default() };
    let route = Route::new(Arc::clone(&driver) as Arc<dyn ModelDriver>, "a");
    let gateway = Arc::new(Gateway::new(vec![route], parts));
    let calls = (0..1_000).map(|_| {
        let gateway = Arc::clone(&gateway);
        tokio::spawn(async move { gateway.converse(&call()).await.unwrap() })
    });
    for call in futures::future::join_all(calls).await {
        call.unwrap();
    }
    assert_eq!(driver.1.load(Ordering::SeqCst), 20, "as many as may, and no more");
    assert_eq!((gateway.snapshot()[0].in_flight, gateway.snapshot()[0].waiting), (0, 0));
}
