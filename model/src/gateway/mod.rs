//! Many models behind one driver: within limits and budgets, with retries, and with fallbacks that are said.
//!
//! For every attempt: fit the call to the model, estimate it, reserve money, wait for a place, ask, settle. What to do
//! about a failure stands in `healing.rs`; which route that leads to is decided in `course.rs`, without I/O; this file
//! carries it out.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use self::attempt::Attempt;
use self::course::{Course, Moment, Step};
use self::route::Way;
use crate::limit::{Limits, Snapshot};
use crate::{Call, Cause, Change, Events, Listed, ModelDriver, ModelError, Reply};

mod attempt;
mod bounds;
mod course;
mod lesson;
mod observe;
mod parts;
mod patience;
mod repair;
mod route;
mod span;
mod stream;
mod unknown;
mod wasted;

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod converse_tests;
#[cfg(test)]
mod lesson_tests;
#[cfg(test)]
mod patience_tests;
#[cfg(test)]
mod stream_tests;
#[cfg(test)]
mod ways_tests;

pub use observe::{Attempted, Learned, Observe, Unobserved};
pub use parts::{AUTO, Decided, Fitting, Open, Order, Parts, Repack, Settings, Wait};
pub use route::{Route, is_named};

/// The driver that holds the others.
pub struct Gateway {
    ways: Arc<[Arc<Way>]>,
    /// So many of them stand in for each other; the others are asked only by name.
    usual: usize,
    parts: Parts,
}

impl Gateway {
    /// The first route answers; the others only when it cannot, in this order.
    pub fn new(routes: Vec<Route>, parts: Parts) -> Self {
        let ways = routes.into_iter().map(|route| Arc::new(Way::new(route, &parts)));
        let ways: Arc<[_]> = ways.collect();
        Self { usual: ways.len(), ways, parts }
    }

    /// With routes that are asked only by whoever names them.
    #[must_use]
    pub fn with_named(mut self, routes: Vec<Route>) -> Self {
        let named = routes.into_iter().map(|route| Arc::new(Way::new(route, &self.parts)));
        self.ways = self.ways.iter().cloned().chain(named).collect();
        self
    }

    /// The routes, in their order.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.ways.iter().map(|way| &way.route)
    }

    /// How it stands with each model and profile.
    pub fn snapshot(&self) -> Vec<Snapshot> {
        self.parts.limits.snapshot()
    }

    pub fn limits(&self) -> &Arc<Limits> {
        &self.parts.limits
    }
}

#[async_trait]
impl ModelDriver for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let ways = self.ways(call).await?;
        let mut course = self.course(&ways, call)?;
        loop {
            let error = match self.ask(&mut course, call).await {
                Ok(reply) => match course.on_reply(reply, self.parts.repack.as_ref()) {
                    Some(reply) => return Ok(reply),
                    None => continue,
                },
                Err(error) => error,
            };
            self.heal(&mut course, error, call.deadline).await?;
        }
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let ways = self.ways(call).await?;
        let mut course = self.course(&ways, call)?;
        loop {
            let error = match self.open(&mut course, call).await {
                Ok(Some(events)) => return Ok(events),
                Ok(None) => continue,
                Err(error) => error,
            };
            self.heal(&mut course, error, call.deadline).await?;
        }
    }

    /// What each driver lists. One that fails is left out, unless all do.
    async fn list(&self, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
        let mut drivers: Vec<&Arc<dyn ModelDriver>> = Vec::new();
        for way in self.ways.iter() {
            if !drivers.iter().any(|known| Arc::ptr_eq(known, &way.route.driver)) {
                drivers.push(&way.route.driver);
            }
        }
        let lists = drivers.iter().map(|driver| async {
            let listed = timeout_at(deadline, driver.list(deadline)).await;
            listed.unwrap_or_else(|_| Err(over())).inspect_err(|error| {
                tracing::warn!(driver = driver.name(), %error, "the driver listed no models");
            })
        });
        let lists = futures::future::join_all(lists).await;
        if lists.iter().all(Result::is_err) {
            return lists.into_iter().next().unwrap_or(Ok(Vec::new()));
        }
        Ok(lists.into_iter().flatten().flatten().collect())
    }
}

impl Gateway {
    /// The ways that the call may take: all that are configured, and one to a model that is not, if the call names it.
    async fn ways(&self, call: &Call) -> Result<Arc<[Arc<Way>]>, ModelError> {
        let Some(id) = named(call) else { return Ok(Arc::clone(&self.ways)) };
        if self.ways.iter().any(|way| way.answers_to(id)) {
            return Ok(Arc::clone(&self.ways));
        }
        let opened = match &self.parts.open {
            Some(open) => open(id.to_owned(), call.deadline).await,
            None => None,
        };
        let Some(route) = opened else {
            let Parts { catalog, open, .. } = &self.parts;
            return Err(unknown::unknown(&self.ways, catalog, open.is_some(), id));
        };
        let opened = Arc::new(Way::new(route, &self.parts));
        Ok(self.ways.iter().cloned().chain([opened]).collect())
    }

    fn course<'a>(&self, ways: &'a [Arc<Way>], call: &Call) -> Result<Course<'a>, ModelError> {
        let decided = self.decide(ways, call);
        let repacks = if self.parts.repack.is_some() { self.parts.settings.repacks } else { 0 };
        Course::new(ways, decided, call, repacks, self.parts.settings.repairs)
    }

    /// Of one model alone there is nothing to decide.
    fn decide(&self, ways: &[Arc<Way>], call: &Call) -> Decided {
        let left_to_us = match call.model.as_deref() {
            Some(id) => id == AUTO,
            None => self.parts.settings.orders_unnamed,
        };
        match &self.parts.order {
            Some(order) if left_to_us && self.usual > 1 => {
                let usual = ways.iter().take(self.usual);
                order(call, &usual.map(|way| &way.route).collect::<Vec<_>>())
            }
            _ => Decided { order: (0..self.usual).collect(), ..Decided::default() },
        }
    }

    /// One attempt, up to the reply.
    async fn ask(&self, course: &mut Course<'_>, call: &Call) -> Result<Reply, ModelError> {
        let (attempt, fitted, changes) = self.begin(course, call, false).await?;
        let (asked_at, ends) = (Instant::now(), attempt.patience().ends);
        let span = span::around(course.way());
        let asked = attempt.driver().converse(&fitted).instrument(span.clone());
        let answer = timeout_at(ends, asked).await;
        match answer.unwrap_or_else(|_| Err(late(asked_at, call.deadline))) {
            Ok(mut reply) => {
                if let Some(form) = attempt.form() {
                    form.tell(&mut reply);
                }
                attempt.succeed(&mut reply);
                reply.normalized.splice(0..0, changes);
                Ok(reply)
            }
            Err(error) => {
                span::failed(&span);
                attempt.fail(&error);
                Err(error)
            }
        }
    }

    /// Everything before the model is asked. What fails here has cost nothing.
    async fn begin(
        &self,
        course: &mut Course<'_>,
        call: &Call,
        streamed: bool,
    ) -> Result<(Attempt, Call, Vec<Change>), ModelError> {
        let mut fitted = course.next_call(call);
        let lesson = course.lesson(&self.parts.observe);
        let mut attempt = Attempt::new(course.way(), &self.parts, &fitted, streamed, lesson);
        let prepared = attempt.prepare(&mut fitted, &self.parts, course.others_at_hand()).await;
        course.on_estimate(attempt.most());
        match prepared {
            Ok(changes) => Ok((attempt, fitted, changes)),
            Err(error) => {
                attempt.fail(&error);
                Err(error)
            }
        }
    }

    /// Gets ready for another attempt, or says why there is none.
    async fn heal(
        &self,
        course: &mut Course<'_>,
        error: ModelError,
        deadline: Instant,
    ) -> Result<(), ModelError> {
        let gate = Arc::clone(&course.way().gate);
        let moment = Moment {
            left: deadline.saturating_duration_since(Instant::now()),
            random: fastrand::f64(),
            may_retry: &|| gate.may_retry(),
            repack: self.parts.repack.as_ref(),
        };
        let step = course.on_error(error, &moment);
        match step {
            Step::GiveUp(error) => Err(error),
            Step::Again(pause) => {
                if !pause.is_zero() {
                    (self.parts.wait)(pause).await;
                }
                Ok(())
            }
        }
    }
}

/// The model that the call names, if it names one.
fn named(call: &Call) -> Option<&str> {
    call.model.as_deref().filter(|id| *id != AUTO)
}

fn over() -> ModelError {
    ModelError::new(Cause::Timeout, "the time for this reply is over")
}

/// Nothing came since then.
fn late(since: Instant, deadline: Instant) -> ModelError {
    if Instant::now() >= deadline {
        return over();
    }
    let tenths = (since.elapsed().as_secs_f64() * 10.0).round();
    ModelError::new(Cause::Timeout, format!("no answer within {} s", tenths / 10.0))
}
