//! Who leads reviews where a model does: whom to ask, which tools to offer, and who hears how it went.

use std::sync::Arc;

use contract::Tool;
use model::ModelDriver;
use model::router::Conduct;

use crate::agent::{Leader, Run, Task};
use crate::report::claims::Checked;

/// Told of a review's task, of the model that led it, and of how that went.
pub type Judge = Arc<dyn Fn(&Task, &str, Conduct) + Send + Sync>;

/// A model that leads reviews.
#[derive(Clone)]
pub struct Lead {
    pub model: Arc<dyn ModelDriver>,
    /// Names of the tools that it is offered of those that a review has; empty: all.
    pub tools: Vec<String>,
    /// `None` where nobody learns from it.
    pub judge: Option<Judge>,
}

impl Lead {
    pub(super) fn offered(&self, mut tools: Vec<Arc<dyn Tool>>) -> Vec<Arc<dyn Tool>> {
        tools.retain(|tool| self.tools.is_empty() || self.tools.contains(&tool.spec().name));
        tools
    }

    /// Tells how a finished review went. Of several models nobody knows whose the words are, and a model that had no
    /// more money or time is not judged by what the planner made of its review.
    pub(super) fn tell(&self, task: impl FnOnce() -> Task, run: &Run, words: &Checked) {
        let (Some(judge), [model]) = (&self.judge, run.models.as_slice()) else { return };
        let conduct = run.conduct();
        if run.leader == Leader::Planner && !conduct.replaced {
            return;
        }
        let count = |sentences: usize| u32::try_from(sentences).unwrap_or(u32::MAX);
        let (supported, unsupported) = (count(words.supported), count(words.removed));
        judge(&task(), model, Conduct { supported, unsupported, ..conduct });
    }
}
