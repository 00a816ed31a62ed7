//! Decides the next step of a run. No I/O: what happened is told to it, what to do is asked of it.
//!
//! A run serializes whole, so a checkpoint after each step is all that a restart needs.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Budget, Spent, Task, prompts};
use model::router::Conduct;
use model::{
    Block, Conversation, Message, ModelError, Reply, Role, StopReason, ToolResult, ToolUse,
};

pub const ANALYZE: &str = "analyze_code";
pub const PROFILE: &str = "profile_code_performance";
pub const MEASURED: &str = "read_measurements";
pub const CARBON: &str = "calculate_carbon_footprint";
pub const POST: &str = "post_github_comment";

/// More tool uses than this in one reply are refused one by one.
const MOST_TOOL_USES: usize = 16;
/// A reply that cannot be used is asked for again this often in a run.
const MOST_REPAIRS: u32 = 1;

/// One execution of a review by an agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: String,
    pub conversation: Conversation,
    pub leader: Leader,
    /// Why the planner took over from the model, if it did.
    pub handed_over: Option<String>,
    /// Every finished tool call in order: the evidence of the report.
    pub calls: Vec<Call>,
    pub budget: Budget,
    pub spent: Spent,
    /// The models that answered, and what their drivers noted.
    pub models: Vec<String>,
    /// Why these, in a sentence each, where the gateway chose or one stood in for another.
    #[serde(default)]
    pub chosen: Vec<String>,
    pub notes: Vec<String>,
    /// Tool uses of the last reply, and what is known of them so far.
    pending: Vec<Pending>,
    repairs: u32,
    #[serde(default)]
    conduct: Conduct,
    /// The closing words, once the run is over.
    closing: Option<String>,
}

/// Who leads the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Leader {
    Model,
    Planner,
}

/// A finished tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: String,
    pub tool: String,
    pub input: Value,
    pub is_error: bool,
    pub output: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pending {
    tool_use: ToolUse,
    result: Option<ToolResult>,
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub enum Step {
    Ask(Leader),
    /// To be called side by side.
    CallTools(Vec<ToolUse>),
    Finished,
}

impl Call {
    /// The last successful call of a tool.
    pub fn last<'a>(calls: &'a [Self], tool: &str) -> Option<&'a Self> {
        calls.iter().rev().find(|call| call.tool == tool && !call.is_error)
    }
}

impl Run {
    pub fn new(
        id: String,
        task: &Task,
        tools: Vec<contract::ToolSpec>,
        leader: Leader,
        budget: Budget,
    ) -> Self {
        let conversation = Conversation {
            system: prompts::SYSTEM.to_owned(),
            messages: vec![Message::user(task.message())],
            tools,
        };
        let mut run = Self {
            id,
            conversation,
            leader,
            handed_over: None,
            calls: Vec::new(),
            budget,
            spent: Spent::default(),
            models: Vec::new(),
            chosen: Vec::new(),
            notes: Vec::new(),
            pending: Vec::new(),
            repairs: 0,
            conduct: Conduct::default(),
            closing: None,
        };
        run.keep_to_budget();
        run
    }

    pub fn step(&self) -> Step {
        if self.closing.is_some() {
            return Step::Finished;
        }
        let open: Vec<&ToolUse> = self
            .pending
            .iter()
            .filter(|pending| pending.result.is_none())
            .map(|pending| &pending.tool_use)
            .collect();
        if open.is_empty() {
            return Step::Ask(self.leader);
        }
        // What is posted is made of the other results, so it waits for them.
        let (posting, others): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|tool_use| tool_use.name == POST);
        // Postings go one by one: two at once would both find no comment, and write one each.
        let next = if others.is_empty() { posting.into_iter().take(1).collect() } else { others };
        Step::CallTools(next.into_iter().cloned().collect())
    }

    /// The closing words of a finished run.
    pub fn closing(&self) -> Option<&str> {
        self.closing.as_deref()
    }

    /// What the last successful call of a tool returned.
    pub fn output_of(&self, tool: &str) -> Option<&Value> {
        Call::last(&self.calls, tool).map(|call| &call.output)
    }

    pub fn on_reply(&mut self, reply: Reply, elapsed: Duration) {
        self.account(&reply, elapsed);
        match reply.stop {
            StopReason::EndTurn | StopReason::StopSequence => self.on_end(reply.message),
            StopReason::ToolUse => self.on_tool_uses(reply.message),
            StopReason::MaxTokens => self.repair("it was cut off at the token limit; answer in fewer words and call tools one at a time"),
            // The gateway has told the model what was wrong, and the model has answered the same once more.
            StopReason::MalformedToolUse => self.replace("the model called a tool in a form that cannot be read, and so again when it was told"),
            StopReason::MalformedModelOutput => self.replace("the model answered in a form that cannot be read, and so again when it was told"),
            StopReason::GuardrailIntervened => self.hand_over("a guardrail stepped in"),
            StopReason::ContentFiltered => self.hand_over("the provider filtered the answer"),
            StopReason::ContextWindowExceeded => self.hand_over("the conversation outgrew the model's context"),
            StopReason::Unknown => self.hand_over("the model stopped for a reason that is not known here"),
        }
        self.keep_to_budget();
    }

    /// A model that fails never ends a run: the planner goes on from what is known.
    pub fn on_model_error(&mut self, error: &ModelError, elapsed: Duration) {
        self.spent.add_time(elapsed);
        self.hand_over(&error.to_string());
    }

    /// A call of the model's did not fit its tool.
    pub fn on_misfit(&mut self) {
        self.conduct.misfits += u32::from(self.leader == Leader::Model);
    }

    /// How the model behaved; of its words a run knows nothing.
    pub fn conduct(&self) -> Conduct {
        Conduct { repaired: self.repairs > 0, ..self.conduct }
    }

    pub fn on_tool_result(&mut self, result: ToolResult, elapsed: Duration) {
        let Some(pending) = self
            .pending
            .iter_mut()
            .find(|pending| pending.tool_use.id == result.tool_use_id && pending.result.is_none())
        else {
            return;
        };
        let ToolUse { id, name, input } = pending.tool_use.clone();
        self.calls.push(Call {
            id,
            tool: name,
            input,
            is_error: result.is_error,
            output: result.content.clone(),
        });
        pending.result = Some(result);
        self.spent.add_time(elapsed);
        self.answer_when_complete();
    }

    fn account(&mut self, reply: &Reply, elapsed: Duration) {
        self.spent.add_time(elapsed);
        if self.leader == Leader::Planner {
            return;
        }
        self.spent.turns += 1;
        self.spent.usage += reply.usage;
        match reply.cost_usd {
            Some(usd) => {
                self.spent.usd += usd;
                self.spent.last_turn_usd = usd;
            }
            None => self.spent.unpriced_turns += 1,
        }
        if !self.models.contains(&reply.model_id) {
            self.models.push(reply.model_id.clone());
            // Of each model the first reason: from turn to turn only its figures change.
            self.chosen.extend(reply.chosen.clone());
        }
        for note in &reply.notes {
            if !self.notes.contains(note) {
                self.notes.push(note.clone());
            }
        }
    }

    fn on_end(&mut self, message: Message) {
        if self.leader == Leader::Model && self.output_of(ANALYZE).is_none() {
            return self.replace("the model ended before the change was analyzed");
        }
        let posting = self.conversation.tools.iter().any(|tool| tool.name == POST);
        let words = message.text();
        self.conversation.messages.push(message);
        if posting && self.leader == Leader::Model && self.posted().is_none() {
            // The words are fine; only the posting is missing.
            self.continue_with(format!("Call `{POST}` now, with your words as `report_markdown`."));
            return self.spend_repair("the model ended without posting its report");
        }
        self.closing = Some(words);
    }

    fn on_tool_uses(&mut self, message: Message) {
        let uses: Vec<ToolUse> = message.tool_uses().cloned().collect();
        if uses.is_empty() {
            return self.repair("it said that it uses a tool and named none");
        }
        if has_repeated_id(&uses) {
            return self.repair("two of its tool uses had the same id");
        }
        if let Some(name) = self.unknown_tool(&uses) {
            // Kept, such a use would make the whole conversation invalid to a service that checks names.
            return self.repair(&format!("there is no tool {name:?}; use the ones declared"));
        }
        self.conversation.messages.push(message);
        if self.leader == Leader::Model {
            self.conduct.calls += uses.len() as u32;
        }
        self.pending = uses
            .iter()
            .enumerate()
            .map(|(index, tool_use)| Pending {
                result: self.known(index, tool_use, &uses),
                tool_use: tool_use.clone(),
            })
            .collect();
        let refused =
            |pending: &&Pending| pending.result.as_ref().is_some_and(|known| known.is_error);
        let refused = self.pending.iter().filter(refused).count();
        (0..refused).for_each(|_| self.on_misfit());
        self.answer_when_complete();
    }

    fn unknown_tool(&self, uses: &[ToolUse]) -> Option<String> {
        let declared = |name: &str| self.conversation.tools.iter().any(|tool| tool.name == name);
        let unknown = uses.iter().find(|tool_use| !declared(&tool_use.name))?;
        Some(unknown.name.chars().take(64).collect())
    }

    /// A result that needs no call: a repeat of a finished one, or a use that cannot be granted.
    fn known(&self, index: usize, tool_use: &ToolUse, uses: &[ToolUse]) -> Option<ToolResult> {
        let refuse = |text: &str| {
            Some(ToolResult {
                tool_use_id: tool_use.id.clone(),
                is_error: true,
                content: Value::String(text.to_owned()),
            })
        };
        if index >= MOST_TOOL_USES {
            return refuse("too many tool uses in one turn");
        }
        let analyzing = uses.iter().any(|other| other.name == ANALYZE);
        if tool_use.name == POST
            && !analyzing
            && !self.calls.iter().any(|call| call.tool == ANALYZE)
        {
            return refuse("call `analyze_code` before you post");
        }
        let repeated = self.calls.iter().find(|call| {
            call.tool == tool_use.name && call.input == tool_use.input && !call.is_error
        })?;
        Some(ToolResult {
            tool_use_id: tool_use.id.clone(),
            is_error: false,
            content: repeated.output.clone(),
        })
    }

    /// Every tool use is answered, in one message, before anything else is said.
    fn answer_when_complete(&mut self) {
        if self.pending.is_empty() || self.pending.iter().any(|pending| pending.result.is_none()) {
            return;
        }
        let results = self
            .pending
            .drain(..)
            .filter_map(|pending| pending.result)
            .map(Block::ToolResult)
            .collect();
        self.conversation.messages.push(Message { role: Role::User, content: results });
        if self.posted().is_some() {
            // A further turn could only chat.
            self.closing = Some(String::new());
        }
        self.keep_to_budget();
    }

    /// The result of the posting, once it succeeded.
    pub fn posted(&self) -> Option<&Value> {
        self.output_of(POST).filter(|output| output["status"] == "success")
    }

    /// Drops a reply that cannot be used and asks once more.
    fn repair(&mut self, why: &str) {
        self.continue_with(format!("Your last answer could not be used: {why}."));
        self.spend_repair(&format!("the model's answers could not be used: {why}"));
    }

    fn spend_repair(&mut self, why: &str) {
        self.repairs += 1;
        if self.repairs > MOST_REPAIRS {
            self.replace(why);
        }
    }

    /// The model had its chance.
    fn replace(&mut self, why: &str) {
        self.conduct.replaced |= self.leader == Leader::Model;
        self.hand_over(why);
    }

    /// Adds words of ours, keeping to the alternation of roles.
    fn continue_with(&mut self, words: String) {
        match self.conversation.messages.last_mut() {
            Some(last) if last.role == Role::User => last.content.push(Block::Text(words.into())),
            _ => self.conversation.messages.push(Message::user(words)),
        }
    }

    fn hand_over(&mut self, why: &str) {
        if self.leader == Leader::Planner {
            // The planner cannot be at a loss; if it is, the run ends with what is known.
            self.closing = Some(String::new());
            return;
        }
        self.leader = Leader::Planner;
        self.handed_over = Some(why.to_owned());
    }

    fn keep_to_budget(&mut self) {
        // What the model has asked for is still done: its last wish may be the posting, after which it is not needed.
        if self.leader == Leader::Planner || self.closing.is_some() || !self.pending.is_empty() {
            return;
        }
        if let Some(why) = self.budget.exceeded_by(&self.spent) {
            self.hand_over(&why);
        }
    }
}

fn has_repeated_id(uses: &[ToolUse]) -> bool {
    uses.iter()
        .enumerate()
        .any(|(index, tool_use)| uses.iter().take(index).any(|earlier| earlier.id == tool_use.id))
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
