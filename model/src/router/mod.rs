//! Which model to ask for a task, and why.
//!
//! Every candidate that can answer at all gets a value, and the highest is asked first:
//!
//! ```text
//! value = quality - λ_usd · cost - λ_s · latency
//! λ_usd = 0.2 / (money left / calls still to come)
//! ```
//!
//! `quality` is, for model, task and complexity, the mean of one Beta distribution times that of another. The first is how
//! good answers are: the prior of `data/capabilities.json`, which weighs six outcomes, and what was judged since. The
//! second is the share of them that can be used at all: six that can, and all that were seen since, a failure as 0. So an
//! answer that nobody judges says nothing about how good answers are, and failures weigh as much as they are frequent.
//! How answers are judged stands in `judgment.rs`. `cost` and `latency` are means of
//! the answers that could be used, begun with what the price table and ten seconds say, which weigh three of them.
//! What was seen fades with time, as `experience.rs` says. The formula for λ_usd says that a
//! call which takes exactly its share of the money may be 0.2 better than one that is free, and not less; so less money
//! left makes dear models worth less. Without a budget a dollar is worth half a quality. A second is worth 0.002.
//!
//! The same question gets the same answer. Only where a seed is given is quality drawn instead (Thompson sampling), and
//! then the same seed draws the same.

mod beta;
mod capability;
mod complexity;
mod experience;
mod explanation;
mod judgment;

use contract::Timestamp;

use crate::catalog::Model;
use crate::{Usage, normalize};

pub use self::complexity::{Complexity, Size, Task, Work};
use self::experience::Expected;
pub use self::experience::{Experience, Outcome};
pub use self::judgment::{Conduct, usable};

/// Quality that a call may cost if it takes its whole share of the money.
const QUALITY_OF_A_SHARE: f64 = 0.2;
const QUALITY_OF_A_DOLLAR: f64 = 0.5;
const QUALITY_OF_A_SECOND: f64 = 0.002;
/// Until more is seen. A model's first words take seconds, a long review a minute.
const PRIOR_LATENCY_SECONDS: f64 = 10.0;
const PRIOR_WEIGHT: f64 = 3.0;

/// What is to be asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub now: Timestamp,
    pub task: Task,
    pub size: Size,
    /// Estimated.
    pub input_tokens: u64,
    pub max_tokens: u32,
    pub needs_tools: bool,
    pub budget: Option<Money>,
    /// In the order of the settings, which decides between equals.
    pub candidates: &'a [Candidate],
}

/// What may still be spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Money {
    pub left_usd: f64,
    /// That it must last for, this one included.
    pub calls: u32,
}

/// A model that may be asked, and whether it answers at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub model: Model,
    /// `bedrock`, `anthropic`, and so on.
    pub driver: &'static str,
    /// Why it is left alone: the breaker is open, or whatever else is wrong with it.
    pub left_alone: Option<String>,
}

/// The answer: whom to ask in which order, and who is out.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub complexity: Complexity,
    pub order: Vec<Considered>,
    pub out: Vec<Out>,
    /// Quality that a dollar costs.
    pub quality_per_usd: f64,
    /// Whether something was tried out.
    pub explored: bool,
}

/// A candidate that can answer, and what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    pub model_id: String,
    pub value: f64,
    pub quality: f64,
    pub cost_usd: Option<f64>,
    pub latency_seconds: f64,
    pub latency_p90_seconds: Option<f64>,
    pub outcomes: u64,
    pub failures: u64,
    /// Answers of which somebody said how good they were.
    pub judged: u64,
}

/// A candidate that cannot answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    pub model_id: String,
    pub reason: String,
}

/// Puts the candidates in order. `explore` is a seed: another for each decision, none for no exploring.
pub fn decide(question: &Question<'_>, experience: &Experience, explore: Option<u64>) -> Decision {
    let complexity = Complexity::of(question.size);
    let quality_per_usd = quality_per_usd(question.budget);
    let mut random = explore.map(fastrand::Rng::with_seed);
    let (mut order, mut out) = (Vec::new(), Vec::new());
    for candidate in question.candidates {
        if let Some(reason) = excluded(candidate, question) {
            out.push(Out { model_id: candidate.model.id.clone(), reason });
            continue;
        }
        let expected =
            experience.expected(&candidate.model.id, question.task, complexity, question.now);
        let quality = match &mut random {
            Some(random) => expected.draw(random),
            None => expected.quality(),
        };
        order.push(considered(candidate, question, expected, quality, quality_per_usd));
    }
    // Stable: of equals, the settings' first stays first.
    order.sort_by(|one, other| other.value.total_cmp(&one.value));
    Decision { complexity, order, out, quality_per_usd, explored: explore.is_some() }
}

fn quality_per_usd(budget: Option<Money>) -> f64 {
    let Some(money) = budget else { return QUALITY_OF_A_DOLLAR };
    // Below a millionth of a dollar nothing can be bought anyway.
    let share = (money.left_usd / f64::from(money.calls.max(1))).max(1e-6);
    QUALITY_OF_A_SHARE / share
}

/// Why a candidate cannot answer.
fn excluded(candidate: &Candidate, question: &Question<'_>) -> Option<String> {
    let model = &candidate.model;
    if let Some(reason) = &candidate.left_alone {
        return Some(reason.clone());
    }
    if question.needs_tools && !normalize::takes_tools(&model.id, candidate.driver) {
        return Some("it takes no tools".to_owned());
    }
    if let Some(context) =
        model.context.filter(|&context| question.input_tokens > u64::from(context))
    {
        return Some(format!("about {} tokens do not fit its {context}", question.input_tokens));
    }
    let money = question.budget?;
    let Some(most) = cost(model, question, question.max_tokens) else {
        return Some("its price is not known, and there is a budget".to_owned());
    };
    // Written so that money that is not a number buys nothing.
    let affordable = most <= money.left_usd;
    (!affordable).then(|| format!("it may cost ${most:.4}, and ${:.4} are left", money.left_usd))
}

fn considered(
    candidate: &Candidate,
    question: &Question<'_>,
    expected: Expected,
    quality: f64,
    quality_per_usd: f64,
) -> Considered {
    // Most answers are far shorter than they may be.
    let by_table = cost(&candidate.model, question, question.max_tokens / 4);
    let seen = expected.answers;
    let blend =
        |prior: f64, mean: f64| (prior * PRIOR_WEIGHT + mean * seen) / (PRIOR_WEIGHT + seen);
    let cost_usd = match (by_table, expected.cost_usd) {
        (Some(prior), Some(mean)) => Some(blend(prior, mean)),
        (by_table, mean) => by_table.or(mean),
    };
    let latency_seconds = expected
        .latency_seconds
        .map_or(PRIOR_LATENCY_SECONDS, |mean| blend(PRIOR_LATENCY_SECONDS, mean));
    Considered {
        model_id: candidate.model.id.clone(),
        value: quality
            - quality_per_usd * cost_usd.unwrap_or_default()
            - QUALITY_OF_A_SECOND * latency_seconds,
        quality,
        cost_usd,
        latency_seconds,
        latency_p90_seconds: expected.latency_p90_seconds,
        outcomes: expected.outcomes,
        failures: expected.failures,
        judged: expected.judged,
    }
}

fn cost(model: &Model, question: &Question<'_>, output_tokens: u32) -> Option<f64> {
    let usage = Usage {
        input_tokens: question.input_tokens,
        output_tokens: u64::from(output_tokens),
        ..Usage::default()
    };
    model.cost(usage)
}

#[cfg(test)]
mod tests;
