//! The course of one call: which way it takes, what is left to try, and what the reader is told. Without I/O.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::stream;

use super::lesson::Lesson;
use super::observe::Observe;
use super::parts::{Decided, Repack};
use super::repair;
use super::route::{Way, ordered};
use super::wasted::Wasted;
use crate::healing::{self, Action, Fresh, Others, Route as Kind, State};
use crate::limit::backoff;
use crate::router::Work;
use crate::{Call, Cause, Conversation, Event, Events, ModelError, Reply, Usage};

pub(super) struct Course<'a> {
    ways: &'a [Arc<Way>],
    /// Untried, in order.
    rest: Vec<usize>,
    at: usize,
    state: State,
    conversation: Arc<Conversation>,
    estimated: Option<u64>,
    /// Whether the call says how to sample.
    samples: bool,
    /// Attempts at this way.
    tried: u8,
    repacked: u8,
    /// Of the call, and of this way alone.
    notes: Vec<String>,
    own_notes: Vec<String>,
    refusals: Vec<(usize, ModelError)>,
    most: Usage,
    /// What the call was taken for, and why this order was chosen for it.
    work: Option<Work>,
    /// Of this way.
    lesson: Option<Arc<Lesson>>,
    routing: Vec<String>,
    reason: Option<String>,
    wasted: Option<Wasted>,
}

/// What the world says at the moment of a failure.
pub(super) struct Moment<'a> {
    pub(super) left: Duration,
    /// In [0, 1).
    pub(super) random: f64,
    /// Takes a retry from the budget of retries.
    pub(super) may_retry: &'a (dyn Fn() -> bool + Sync),
    pub(super) repack: Option<&'a Repack>,
}

pub(super) enum Step {
    /// Another attempt after a pause.
    Again(Duration),
    GiveUp(ModelError),
}

impl<'a> Course<'a> {
    pub(super) fn new(
        ways: &'a [Arc<Way>],
        decided: Decided,
        call: &Call,
        repacks: u8,
        repairs: u8,
    ) -> Result<Self, ModelError> {
        let mut order = ordered(ways, decided.order, super::named(call))?;
        let at = order.remove(0);
        let samples = call.parameters.temperature.is_some() || call.parameters.top_p.is_some();
        let state = State {
            routes: order.len() as u8,
            others: Others::default(),
            repacks,
            repairs,
            samples,
            tries: ways[at].retries,
            patient: true,
        };
        Ok(Self {
            ways,
            rest: order,
            at,
            state,
            conversation: Arc::clone(&call.conversation),
            estimated: decided.estimated,
            samples,
            tried: 0,
            repacked: 0,
            notes: Vec::new(),
            own_notes: Vec::new(),
            refusals: Vec::new(),
            most: Usage::default(),
            work: decided.work,
            lesson: None,
            routing: decided.why,
            reason: decided.reason,
            wasted: None,
        })
    }

    pub(super) fn way(&self) -> &'a Arc<Way> {
        &self.ways[self.at]
    }

    /// What is learned of this way, where it was chosen for what the call is.
    pub(super) fn lesson(&mut self, observe: &Arc<dyn Observe>) -> Option<Arc<Lesson>> {
        let (way, work) = (Arc::clone(self.way()), self.work?);
        let lesson = self.lesson.get_or_insert_with(|| Arc::new(Lesson::new(&way, work, observe)));
        Some(Arc::clone(lesson))
    }

    /// Ways that could still be tried in place of this one.
    pub(super) fn others_at_hand(&self) -> usize {
        self.rest.iter().filter(|&&at| !self.ways[at].gate.is_left_alone()).count()
    }

    /// The call as this attempt makes it.
    pub(super) fn next_call(&mut self, call: &Call) -> Call {
        self.tried = self.tried.saturating_add(1);
        let mut parameters = call.parameters.clone();
        if !self.state.samples {
            (parameters.temperature, parameters.top_p) = (None, None);
        }
        Call {
            model: Some(self.way().route.model.id.clone()),
            known: Some(Arc::clone(&self.way().route.model)),
            conversation: Arc::clone(&self.conversation),
            estimated: self.estimated,
            parameters,
            form: call.form.clone(),
            others: call.others.clone(),
            metadata: call.metadata.clone(),
            deadline: call.deadline,
        }
    }

    pub(super) fn on_estimate(&mut self, most: Usage) {
        self.most = most;
    }

    /// `None`: the answer is unusable, and another attempt is made.
    pub(super) fn on_reply(&mut self, mut reply: Reply, repack: Option<&Repack>) -> Option<Reply> {
        if let Some(cause) = repair::cause_of(reply.stop)
            && self.heals(cause, repack)
        {
            self.wasted = Some(Wasted::of(&reply).and(self.wasted.take()));
            return None;
        }
        if let Some(wasted) = self.wasted.take() {
            wasted.add_to(&mut reply);
        }
        reply.notes.splice(0..0, self.told());
        reply.routing = self.take_routing();
        reply.chosen = self.chosen();
        Some(reply)
    }

    /// Gets ready for another attempt after an answer that is a failure, if anything may come of one.
    fn heals(&mut self, cause: Cause, repack: Option<&Repack>) -> bool {
        self.state.others = self.others();
        let action = self.action(cause, repack);
        match action {
            Action::Repair => self.repair(cause),
            Action::Repack => self.stay(action),
            Action::Take(kind) => {
                let error =
                    ModelError::new(cause, "its answer broke off at the end of its context");
                self.take(kind, error);
            }
            Action::Again | Action::WithoutSampling | Action::GiveUp => return false,
        }
        true
    }

    /// What the table says. A packing that is not to be had is not counted on.
    fn action(&mut self, cause: Cause, repack: Option<&Repack>) -> Action {
        let action = healing::action(&self.state, cause);
        if action == Action::Repack && !self.repack(repack) {
            self.state.repacks = 0;
            return healing::action(&self.state, cause);
        }
        action
    }

    /// The same for a stream that ended before it said anything.
    pub(super) fn on_finished(
        &mut self,
        heard: VecDeque<Event>,
        repack: Option<&Repack>,
    ) -> Option<Events> {
        let mut events = Vec::with_capacity(heard.len());
        for event in heard {
            events.push(Ok(match event {
                Event::Finished(reply) => Event::Finished(Box::new(self.on_reply(*reply, repack)?)),
                other => other,
            }));
        }
        Some(Box::pin(stream::iter(events)))
    }

    pub(super) fn take_routing(&mut self) -> Vec<String> {
        std::mem::take(&mut self.routing)
    }

    /// In one sentence. Whoever stands in was not chosen; the full story of that is in the notes.
    pub(super) fn chosen(&mut self) -> Option<String> {
        let reason = self.reason.take();
        let Some((refused, error)) = self.refusals.first() else { return reason };
        let (own, other) = (self.way().said(), self.ways[*refused].said());
        Some(format!("{own} stands in for {other}: {}", error.said()))
    }

    pub(super) fn take_wasted(&mut self) -> Option<Wasted> {
        self.wasted.take()
    }

    pub(super) fn on_error(&mut self, error: ModelError, moment: &Moment<'_>) -> Step {
        if moment.left.is_zero() {
            return self.give_up(error);
        }
        let cause = healing::cause_of(&error);
        let pause = backoff::pause(self.tried, error.retry_after, moment.random, moment.left)
            .filter(|_| self.is_worth_waiting(error.retry_after));
        self.state.others = self.others();
        self.state.patient = pause.is_some();
        let mut action = self.action(cause, moment.repack);
        if action == Action::Again && !(moment.may_retry)() {
            self.state.patient = false;
            action = healing::action(&self.state, cause);
        }
        match action {
            Action::GiveUp => return self.give_up(error),
            Action::Repair => self.repair(cause),
            Action::Take(kind) => self.take(kind, error),
            Action::Again | Action::WithoutSampling | Action::Repack => self.stay(action),
        }
        let pause =
            if action == Action::Again { pause.unwrap_or_default() } else { Duration::ZERO };
        Step::Again(pause)
    }

    /// A service that wants to be left alone for long is left for another model, where there is one.
    fn is_worth_waiting(&self, asked: Option<Duration>) -> bool {
        self.rest.is_empty() || asked.is_none_or(|asked| asked <= backoff::LONGEST)
    }

    fn others(&self) -> Others {
        let any = |kind| self.rest.iter().any(|&at| self.fits(kind, at));
        Others {
            profile: any(Kind::Profile),
            larger: any(Kind::Larger),
            cheaper: any(Kind::Cheaper),
            driver: any(Kind::OtherDriver),
            at_hand: self.others_at_hand() > 0,
        }
    }

    fn fits(&self, kind: Kind, at: usize) -> bool {
        let (own, other) = (self.way(), &self.ways[at]);
        match kind {
            Kind::Profile => other.is_same_model(own),
            Kind::Larger => other.is_larger_than(own),
            Kind::OtherDriver => !other.is_same_driver(own),
            Kind::Cheaper => {
                let cost = |way: &Way| way.route.model.cost(self.most);
                // A model without a price is refused for that alone, so any that has one may fit.
                cost(other).is_some_and(|other| cost(own).is_none_or(|own| other < own))
            }
            Kind::Next => true,
        }
    }

    fn stay(&mut self, action: Action) {
        if action == Action::WithoutSampling {
            self.own_notes.push(format!(
                "{} refused temperature and top_p, and was asked without them",
                self.way().said()
            ));
        }
        self.state = self.state.after(action, self.fresh());
    }

    fn repair(&mut self, cause: Cause) {
        self.notes.push(repair::said(&self.way().said(), cause));
        self.tell(repair::with_remark(&self.conversation, cause));
        self.state = self.state.after(Action::Repair, self.fresh());
    }

    fn repack(&mut self, repack: Option<&Repack>) -> bool {
        let Some(smaller) = repack.and_then(|repack| repack(&self.conversation, self.repacked))
        else {
            return false;
        };
        self.repacked += 1;
        self.notes.push(format!(
            "the conversation was too long for {}, and was packed smaller",
            self.way().said()
        ));
        self.tell(Arc::new(smaller));
        true
    }

    fn tell(&mut self, conversation: Arc<Conversation>) {
        (self.conversation, self.estimated) = (conversation, None);
    }

    /// What is too small, too dear or behind the same refused credentials is not asked later, either.
    fn take(&mut self, kind: Kind, error: ModelError) {
        let keep = !matches!(kind, Kind::Profile | Kind::Next);
        let fitting: Vec<usize> =
            self.rest.iter().copied().filter(|&at| self.fits(kind, at)).collect();
        // The table takes a kind only where there is one.
        let Some(&next) = fitting.first() else { return };
        if keep {
            self.rest = fitting;
        }
        self.rest.retain(|&at| at != next);
        tracing::warn!(model = self.way().said(), %error, "the model gave no reply");
        self.refusals.push((self.at, error));
        (self.at, self.tried, self.lesson) = (next, 0, None);
        self.own_notes.clear();
        self.state = self.state.after(Action::Take(kind), self.fresh());
    }

    fn fresh(&self) -> Fresh {
        Fresh {
            routes: self.rest.len() as u8,
            others: Others::default(),
            samples: self.samples,
            tries: self.way().retries,
        }
    }

    /// Why this model answers, and what was done to the call.
    pub(super) fn told(&mut self) -> Vec<String> {
        let id = self.way().said();
        let fallbacks = self.refusals.iter().map(|(refused, error)| {
            format!("{id} answered instead of {}: {error}", self.ways[*refused].said())
        });
        let mut told: Vec<String> = fallbacks.collect();
        told.append(&mut self.notes);
        told.append(&mut self.own_notes);
        told
    }

    /// What the first model failed with, which is the one that was wanted, and what became of the others.
    fn give_up(&mut self, error: ModelError) -> Step {
        self.refusals.push((self.at, error));
        let texts: Vec<String> = self
            .refusals
            .iter()
            .map(|(at, error)| format!("{}: {}", self.ways[*at].said(), error.message))
            .collect();
        let first = self.refusals.swap_remove(0).1;
        Step::GiveUp(ModelError { message: texts.join("; "), ..first })
    }
}
