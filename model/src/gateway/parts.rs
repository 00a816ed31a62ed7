//! What a gateway is made of besides its routes.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::observe::{Observe, Unobserved};
use super::route::Route;
use crate::budget::Budget;
use crate::catalog::{Catalog, Model};
use crate::limit::{self, Limits};
use crate::normalize::{Fit, Fitted};
use crate::router::Work;
use crate::{Block, Call, Conversation};

/// The call leaves the model to the gateway, as one that names none does.
pub const AUTO: &str = "auto";

/// How to wait. The service waits for real; tests pass a function that does not.
pub type Wait = fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// What makes calls ones that this model takes, through the driver of this name. Asked for once a route.
pub type Fitting = fn(&Model, &str) -> Fit;

/// A smaller packing of a conversation that was too long, the first or a further one; `None` where there is none.
pub type Repack = Arc<dyn Fn(&Conversation, u8) -> Option<Conversation> + Send + Sync>;

/// Decides in which order routes are tried for a call that leaves that to the gateway.
pub type Order = Arc<dyn Fn(&Call, &[&Route]) -> Decided + Send + Sync>;

/// What was decided for one call.
#[derive(Debug, Clone, Default)]
pub struct Decided {
    /// The routes by their place.
    pub order: Vec<usize>,
    /// For the reader, a line each.
    pub why: Vec<String>,
    /// The same in one sentence.
    pub reason: Option<String>,
    /// What the call was taken for.
    pub work: Option<Work>,
    /// Tokens of the conversation, if they were counted for it.
    pub estimated: Option<u64>,
}

/// A way to a model that is not configured, until a deadline; `None` where nobody knows the model.
pub type Open = Arc<
    dyn Fn(String, Instant) -> Pin<Box<dyn Future<Output = Option<Route>> + Send>> + Send + Sync,
>;

/// How a gateway behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For one attempt: up to the reply, or up to the first event.
    pub attempt: Duration,
    /// Between two events of a stream.
    pub silence: Duration,
    /// For a place at one model; then another model is asked.
    pub place: Duration,
    /// How often a call may be packed smaller.
    pub repacks: u8,
    /// How often a model is told what was wrong with its answer.
    pub repairs: u8,
    /// Whether a call that names no model leaves the order to `Parts::order`, as one that names [`AUTO`] does.
    pub orders_unnamed: bool,
    /// What may come out where neither the call nor the catalog says.
    pub usual_output: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(30),
            silence: Duration::from_mins(1),
            place: Duration::from_secs(10),
            repacks: 2,
            repairs: 1,
            orders_unnamed: false,
            usual_output: 4096,
        }
    }
}

/// The parts; the default ones limit concurrency, and nothing else.
#[derive(Clone)]
pub struct Parts {
    pub limits: Arc<Limits>,
    pub budget: Option<Arc<Budget>>,
    pub fitting: Fitting,
    pub observe: Arc<dyn Observe>,
    pub repack: Option<Repack>,
    /// `None`: as configured.
    pub order: Option<Order>,
    /// `None`: only what is configured is asked.
    pub open: Option<Open>,
    /// Names the models that somebody may have meant.
    pub catalog: Arc<Catalog>,
    pub settings: Settings,
    pub wait: Wait,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            limits: Arc::new(Limits::new(limit::Settings::default())),
            budget: None,
            fitting: |_, _| Arc::new(|call, _| Ok(as_it_is(call))),
            observe: Arc::new(Unobserved),
            repack: None,
            order: None,
            open: None,
            catalog: Arc::new(Catalog::bundled()),
            settings: Settings::default(),
            wait: |duration| Box::pin(tokio::time::sleep(duration)),
        }
    }
}

fn as_it_is(call: &Call) -> Fitted {
    Fitted { changes: Vec::new(), input_tokens: by_length(&call.conversation), form: None }
}

/// Three bytes a token: English has more, and code and other scripts rarely fewer.
fn by_length(conversation: &Conversation) -> u64 {
    let blocks = conversation.messages.iter().flat_map(|message| &message.content);
    let told: usize = blocks.map(length).sum();
    let tools: usize = conversation
        .tools
        .iter()
        .map(|tool| tool.description.len() + tool.input_schema.to_string().len())
        .sum();
    (told + tools + conversation.system.len()).div_ceil(3) as u64
}

fn length(block: &Block) -> usize {
    match block {
        Block::Text(words) => words.len(),
        Block::RedactedReasoning(text) => text.len(),
        Block::Reasoning { text, signature } => {
            text.len() + signature.as_ref().map_or(0, String::len)
        }
        Block::ToolUse(tool_use) => tool_use.name.len() + tool_use.input.to_string().len(),
        Block::ToolResult(result) => result.content.to_string().len(),
    }
}
