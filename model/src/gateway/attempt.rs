//! One attempt at one model: what is put aside for it, and what is given back however it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::bounds;
use super::lesson::{self, Lesson};
use super::observe::{Attempted, Observe};
use super::parts::Parts;
use super::patience::Patience;
use super::route::Way;
use crate::budget::{Quote, Reservation};
use crate::cost::Beginning;
use crate::formed::Asked;
use crate::limit::{Outcome, Permit, burn};
use crate::normalize::Fitted;
use crate::router;
use crate::{Call, Cause, Change, Event, Metadata, ModelDriver, ModelError, Reply, Usage};

/// Dropped before its end, it counts as canceled: what was told to the model, and what a stream said until then, is
/// what it used. Of a reply that nobody waited for nobody knows; it counts as the longest that it could be.
pub(super) struct Attempt {
    way: Arc<Way>,
    observe: Arc<dyn Observe>,
    metadata: Metadata,
    streamed: bool,
    begun: Instant,
    asked: Option<Instant>,
    deadline: Instant,
    /// The longest that an attempt is waited for, and how long this one is.
    longest: Duration,
    patience: Patience,
    first_event: Option<Duration>,
    last_event: Option<Instant>,
    said_bytes: u64,
    most: Usage,
    permit: Option<Permit>,
    money: Option<Reservation>,
    ended: bool,
    /// Where what became of it is learned from.
    lesson: Option<Arc<Lesson>>,
    /// How the form of the answer was asked for.
    form: Option<Asked>,
    usable: Option<f64>,
    /// What a cache could hold of the call.
    beginning: Option<Beginning>,
}

impl Attempt {
    pub(super) fn new(
        way: &Arc<Way>,
        parts: &Parts,
        call: &Call,
        streamed: bool,
        lesson: Option<Arc<Lesson>>,
    ) -> Self {
        let begun = Instant::now();
        Self {
            way: Arc::clone(way),
            observe: Arc::clone(&parts.observe),
            metadata: call.metadata.clone(),
            streamed,
            begun,
            asked: None,
            deadline: call.deadline,
            longest: parts.settings.attempt,
            patience: Patience { ends: call.deadline, latest: call.deadline },
            first_event: None,
            last_event: None,
            said_bytes: 0,
            most: Usage::default(),
            permit: None,
            money: None,
            ended: false,
            lesson,
            form: None,
            usable: None,
            beginning: None,
        }
    }

    /// Fits the call, and gets money and a place for it. After that the service counts as asked. `others`: models that
    /// could still be asked in place of this one.
    pub(super) async fn prepare(
        &mut self,
        call: &mut Call,
        parts: &Parts,
        others: usize,
    ) -> Result<Vec<Change>, ModelError> {
        let model = &self.way.route.model;
        let Fitted { mut changes, input_tokens, form } = (self.way.fit)(call, model)?;
        self.form = form;
        changes.extend(bounds::bound(call, model, input_tokens, parts));
        let output = call.parameters.max_tokens.or(model.max_output_tokens);
        let output = output.unwrap_or(parts.settings.usual_output);
        self.most = Usage { input_tokens, output_tokens: u64::from(output), ..Usage::default() };
        let deadline = call.deadline.min(Instant::now() + parts.settings.place);
        if let Some(budget) = &parts.budget {
            let quote = Quote::of(model, input_tokens, call.parameters.max_tokens);
            self.money = Some(budget.reserve(&call.metadata, &quote, deadline).await?);
        }
        if model.caches && self.observe.wants_prefix() {
            let estimated = input_tokens as f64 / self.way.token_factor;
            self.beginning = Beginning::of(&call.conversation, estimated);
        }
        let reserve = burn::reserved(input_tokens, u64::from(output));
        self.permit = Some(self.way.gate.admit(reserve, deadline).await?);
        let now = Instant::now();
        self.asked = Some(now);
        self.patience = Patience::of_attempt(now, self.deadline, self.longest, others);
        Ok(changes)
    }

    /// The most that it can use; nothing before it is estimated.
    pub(super) fn most(&self) -> Usage {
        self.most
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    pub(super) fn driver(&self) -> &dyn ModelDriver {
        &*self.way.route.driver
    }

    /// How the form of the answer was asked for, if one was.
    pub(super) fn form(&self) -> Option<&Asked> {
        self.form.as_ref()
    }

    /// A piece was said.
    pub(super) fn hear(&mut self, event: &Event) {
        if self.first_event.is_none() {
            self.first_event = self.asked.map(|asked| asked.elapsed());
        }
        self.last_event = Some(Instant::now());
        self.said_bytes += match event {
            Event::Text(text) | Event::Reasoning(text) => text.len() as u64,
            Event::ToolUseInput { fragment, .. } => fragment.len() as u64,
            Event::Started { .. } | Event::ToolUseStarted { .. } | Event::Finished(_) => 0,
        };
    }

    /// The first piece was said; the rest may take as long as the call.
    pub(super) fn commit(&mut self) {
        self.patience = Patience { ends: self.deadline, latest: self.deadline };
    }

    pub(super) fn succeed(mut self, reply: &mut Reply) {
        let model = &self.way.route.model;
        // Without a count of tokens there is no cost to state.
        if reply.usage != Usage::default() && (reply.cost_usd.is_none() || model.price_is_own) {
            reply.cost_usd = model.cost(reply.usage).or(reply.cost_usd);
        }
        if let Some(money) = self.money.take() {
            let settled = money.settle(reply.cost_usd);
            reply.notes.extend(settled.warnings.iter().map(ToString::to_string));
        }
        let bill = Bill {
            usage: reply.usage,
            is_estimated: reply.usage_is_estimated,
            cost_usd: reply.cost_usd,
        };
        self.usable = self.lesson.as_ref().map(|_| router::usable(reply, self.form.is_some()));
        self.end(Outcome::Success, &bill, None);
    }

    pub(super) fn fail(mut self, error: &ModelError) {
        let worked = self.said_bytes > 0 || may_have_worked(error.cause);
        let bill = if self.asked.is_some() && worked { self.unknown() } else { Bill::default() };
        self.pay(&bill);
        self.end(self.outcome_of(error.cause), &bill, Some(error));
    }

    /// A service that says itself that something took too long has failed; for one that was not waited for any longer it
    /// depends on how long that was.
    fn outcome_of(&self, cause: Cause) -> Outcome {
        let now = Instant::now();
        match self.last_event.or(self.asked) {
            Some(heard) if cause == Cause::Timeout && now >= self.patience.ends => {
                Outcome::of_silence(now - heard, self.longest)
            }
            _ => Outcome::from(cause),
        }
    }

    /// What a call used of which the end is not known.
    fn unknown(&self) -> Bill {
        let output =
            if self.streamed { self.said_bytes.div_ceil(3) } else { self.most.output_tokens };
        let usage = Usage { output_tokens: output.min(self.most.output_tokens), ..self.most };
        Bill { usage, is_estimated: true, cost_usd: self.way.route.model.cost(usage) }
    }

    fn pay(&mut self, bill: &Bill) {
        match self.money.take() {
            Some(money) if bill.usage == Usage::default() => money.release(),
            Some(money) => drop(money.cancel(bill.cost_usd)),
            None => {}
        }
    }

    fn end(&mut self, outcome: Outcome, bill: &Bill, error: Option<&ModelError>) {
        self.ended = true;
        let is_guess = bill.is_estimated && !self.streamed && outcome != Outcome::Success;
        if let Some(permit) = self.permit.take() {
            let used = burn::used(bill.usage, self.way.output_rate);
            // The longest answer that there could be, at the rate of output, is far more than is likely.
            let reserved = permit.reserved();
            permit.settle(outcome, if is_guess { used.min(reserved) } else { used });
        }
        let usable = match error {
            Some(error) => lesson::is_the_models(outcome, error.cause).then_some(0.0),
            None => self.usable,
        };
        if let (Some(lesson), Some(usable), Some(asked)) = (&self.lesson, usable, self.asked) {
            lesson.hear(usable, asked.elapsed(), bill.cost_usd);
        }
        let asked = self.asked.unwrap_or_else(Instant::now);
        self.observe.attempted(&Attempted {
            driver: self.way.route.driver.name(),
            model_id: &self.way.route.model.id,
            profile: self.way.route.profile.as_deref(),
            metadata: &self.metadata,
            streamed: self.streamed,
            asked: self.asked.is_some(),
            outcome,
            error,
            queued: asked.saturating_duration_since(self.begun),
            latency: asked.elapsed(),
            first_event: self.first_event,
            usage: bill.usage,
            usage_is_estimated: bill.is_estimated,
            output_is_guess: is_guess,
            cost_usd: bill.cost_usd,
            prefix: self.beginning.map(|beginning| beginning.of_told(bill.usage.told())),
        });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let bill = if self.asked.is_some() { self.unknown() } else { Bill::default() };
        self.pay(&bill);
        self.end(Outcome::Canceled, &bill, None);
    }
}

#[derive(Default)]
struct Bill {
    usage: Usage,
    is_estimated: bool,
    cost_usd: Option<f64>,
}

/// Whether tokens may have been counted though there is no reply.
fn may_have_worked(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Timeout
            | Cause::Interrupted
            | Cause::Unreadable
            | Cause::MalformedToolUse
            | Cause::ContentBlocked
    )
}
