//! Whom the router asks.

use std::time::Duration;

use super::*;
use crate::catalog::lookup;

const NOW: Timestamp = Timestamp(1_795_262_400_000);
const STRONG: &str = "global.anthropic.claude-opus-5";
const MIDDLE: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";
const CHEAP: &str = "global.amazon.nova-2-lite-v1:0";

fn candidate(id: &str) -> Candidate {
    Candidate { model: lookup(id), driver: "bedrock", left_alone: None }
}

fn three() -> Vec<Candidate> {
    [STRONG, MIDDLE, CHEAP].map(candidate).to_vec()
}

fn question(candidates: &[Candidate]) -> Question<'_> {
    Question {
        now: NOW,
        task: Task::Review,
        size: Size { lines: 250, files: 3, languages: 1 },
        input_tokens: 20_000,
        max_tokens: 4_000,
        needs_tools: true,
        budget: None,
        candidates,
    }
}

const MEDIUM: Work = Work { task: Task::Review, complexity: Complexity::Medium };

fn outcome(id: &str, usable: f64) -> Outcome {
    Outcome {
        at: NOW,
        model_id: id.to_owned(),
        task: MEDIUM.task,
        complexity: MEDIUM.complexity,
        usable,
        latency: Duration::from_secs(8),
        cost_usd: 0.01,
    }
}

/// An answer of this quality, or a failure.
fn learn(experience: &mut Experience, id: &str, quality: Option<f64>) {
    experience.record(&outcome(id, f64::from(u8::from(quality.is_some()))));
    if let Some(quality) = quality {
        experience.judge(id, MEDIUM, quality, NOW);
    }
}

fn order(decision: &Decision) -> Vec<&str> {
    decision.order.iter().map(|considered| considered.model_id.as_str()).collect()
}

#[test]
fn a_decision_says_why_each_model_is_in_or_out() {
    let mut candidates = three();
    candidates.push(Candidate {
        left_alone: Some("it failed 9 of its last 10 calls and is left alone for 20 s".to_owned()),
        ..candidate("us.anthropic.claude-sonnet-5-5")
    });
    candidates.push(candidate("meta.llama3-8b-instruct-v1:0"));
    candidates.push(candidate("mistral.mistral-large-2402-v1:0"));
    let question = Question { input_tokens: 40_000, ..question(&candidates) };
    let mut experience = Experience::default();
    for quality in [Some(0.9), None, Some(0.8)] {
        learn(&mut experience, MIDDLE, quality);
    }
    insta::assert_snapshot!(decide(&question, &experience, None), @"
medium change; a US dollar costs 0.500 of quality
1. global.anthropic.claude-opus-5: value 0.721, quality 0.854, $0.2250, 10.0 s, nothing seen of it yet
2. global.anthropic.claude-haiku-4-5-20251001-v1:0: value 0.562, quality 0.596, $0.0310, 9.2 s (nine of ten within 8 s), 3 outcomes, 1 failed, 2 judged
3. global.amazon.nova-2-lite-v1:0: value 0.461, quality 0.488, $0.0145, 10.0 s, nothing seen of it yet
out: us.anthropic.claude-sonnet-5-5: it failed 9 of its last 10 calls and is left alone for 20 s
out: meta.llama3-8b-instruct-v1:0: it takes no tools
out: mistral.mistral-large-2402-v1:0: about 40000 tokens do not fit its 32000
");
}

#[test]
fn a_decision_gives_its_reason_in_one_sentence() {
    let reason =
        |candidates: &[Candidate], experience: &Experience, left_usd: Option<f64>, explore| {
            let budget = left_usd.map(|left_usd| Money { left_usd, calls: 100 });
            let question = Question { budget, ..question(candidates) };
            decide(&question, experience, explore).reason().unwrap_or_default()
        };
    let (nothing, mut slow) = (Experience::default(), Experience::default());
    slow.record(&Outcome { latency: Duration::from_mins(10), ..outcome(STRONG, 1.0) });
    let reasons = [
        reason(&three(), &nothing, None, None),
        reason(&three(), &nothing, Some(2.0), None),
        reason(&three(), &slow, None, None),
        reason(&[candidate("nobody.knows"), candidate(CHEAP)], &nothing, Some(9.0), None),
        reason(&three(), &nothing, None, Some(4)),
        reason(&[], &nothing, None, None),
    ];
    insta::assert_snapshot!(reasons.join("\n"), @"
    The router chose global.anthropic.claude-opus-5: of 3 models, the best answers to a medium change are expected of it
    The router chose global.amazon.nova-2-lite-v1:0: it takes about $0.0085 instead of $0.1250, which makes up for an expected quality of 0.49 instead of global.anthropic.claude-opus-5's 0.85
    The router chose global.anthropic.claude-haiku-4-5-20251001-v1:0: it takes about 10 s instead of 158 s, which makes up for an expected quality of 0.61 instead of global.anthropic.claude-opus-5's 0.85
    The router chose global.amazon.nova-2-lite-v1:0: no other model could be asked
    The router chose global.anthropic.claude-opus-5 to try out how well it does
    ");
}

#[test]
fn the_same_question_has_the_same_answer() {
    let candidates = three();
    let mut experience = Experience::default();
    learn(&mut experience, CHEAP, Some(0.7));
    for explore in [None, Some(3)] {
        let first = decide(&question(&candidates), &experience, explore);
        for _ in 0..50 {
            assert_eq!(decide(&question(&candidates), &experience, explore), first);
        }
    }
}

#[test]
fn a_model_that_fails_is_left() {
    let candidates = three();
    let mut experience = Experience::default();
    let first = order(&decide(&question(&candidates), &experience, None))[0].to_owned();
    for _ in 0..10 {
        learn(&mut experience, &first, None);
    }
    let decision = decide(&question(&candidates), &experience, None);
    assert_eq!(order(&decision).last(), Some(&first.as_str()), "{decision}");
}

#[test]
fn a_model_that_is_left_alone_is_not_asked_however_good_it_is() {
    let mut candidates = three();
    candidates[0].left_alone = Some("its breaker is open".to_owned());
    let decision = decide(&question(&candidates), &Experience::default(), None);
    assert!(!order(&decision).contains(&STRONG));
    assert_eq!(decision.out[0].reason, "its breaker is open");
}

#[test]
fn less_money_left_makes_dear_models_worth_less() {
    let candidates = three();
    let first = |left_usd| {
        let budget = Some(Money { left_usd, calls: 100 });
        let question = Question { budget, ..question(&candidates) };
        let decision = decide(&question, &Experience::default(), None);
        order(&decision).first().map(|id| (*id).to_owned())
    };
    assert_eq!(first(1000.0).as_deref(), Some(STRONG));
    assert_eq!(first(2.0).as_deref(), Some(CHEAP));
    assert_eq!(first(0.0), None, "without money nobody is asked");
}

#[test]
fn a_model_without_a_price_is_not_asked_on_a_budget() {
    let candidates = [candidate("nobody.knows")];
    let budget = Some(Money { left_usd: 100.0, calls: 1 });
    let decision =
        decide(&Question { budget, ..question(&candidates) }, &Experience::default(), None);
    assert!(decision.order.is_empty());
    let decision = decide(&question(&candidates), &Experience::default(), None);
    assert_eq!(order(&decision), ["nobody.knows"]);
}

proptest::proptest! {
    #[test]
    fn nobody_is_asked_who_may_cost_more_than_is_left(
        left_usd in 0.0_f64..0.5,
        calls in 0_u32..50,
        input_tokens in 0_u64..150_000,
        max_tokens in 1_u32..10_000,
        seed in proptest::option::of(0_u64..100),
    ) {
        let candidates = three();
        let budget = Some(Money { left_usd, calls });
        let question = Question { input_tokens, max_tokens, budget, ..question(&candidates) };
        let decision = decide(&question, &Experience::default(), seed);
        proptest::prop_assert_eq!(decision.order.len() + decision.out.len(), candidates.len());
        for considered in &decision.order {
            let most = cost(&lookup(&considered.model_id), &question, max_tokens).unwrap();
            proptest::prop_assert!(most <= left_usd);
            proptest::prop_assert!(considered.value.is_finite());
        }
        proptest::prop_assert!(decision.order.is_sorted_by(|one, other| one.value >= other.value));
    }
}

/// Three models of equal price at whose quality the priors guess wrong: the one that is thought least of is the best.
fn asked_in_simulation(explore: bool, seed: u64) -> (Vec<String>, Experience) {
    let truth = [(STRONG, 0.35), (MIDDLE, 0.5), (CHEAP, 0.9)];
    let candidates = three();
    let question = Question { input_tokens: 500, max_tokens: 200, ..question(&candidates) };
    let mut world = fastrand::Rng::with_seed(seed);
    let mut experience = Experience::default();
    let mut asked = Vec::new();
    for round in 0..300 {
        let decision = decide(&question, &experience, explore.then_some(seed * 1000 + round));
        let first = decision.order[0].model_id.clone();
        let (_, rate) = truth.iter().find(|(id, _)| *id == first).unwrap();
        let quality = (world.f64() < *rate).then_some(1.0);
        learn(&mut experience, &first, quality);
        asked.push(first);
    }
    (asked, experience)
}

#[test]
fn the_best_of_three_models_is_learned_from_outcomes() {
    for seed in 0..10 {
        let (asked, experience) = asked_in_simulation(true, seed);
        let best = asked[200..].iter().filter(|id| *id == CHEAP).count();
        assert!(best >= 80, "seed {seed}: the best model was asked {best} times of the last 100");
        let candidates = three();
        assert_eq!(order(&decide(&question(&candidates), &experience, None))[0], CHEAP);
    }
}

#[test]
fn nothing_is_tried_out_where_exploring_is_off() {
    let candidates = three();
    let mut experience = Experience::default();
    for _ in 0..50 {
        learn(&mut experience, STRONG, Some(0.95));
    }
    for _ in 0..200 {
        assert_eq!(order(&decide(&question(&candidates), &experience, None))[0], STRONG);
    }
    let tried = (0..200).filter(|&seed| {
        order(&decide(&question(&candidates), &experience, Some(seed)))[0] != STRONG
    });
    assert!(tried.count() > 0, "with exploring on, others are tried now and then");
}
