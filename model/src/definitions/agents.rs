//! The agents of a deployment, and a call as one of them makes it.

use std::sync::Arc;

use contract::ToolSpec;

use super::AgentDefinition;
use crate::catalog::nearest_of;
use crate::{Call, Cause, ModelError, Parameters};

/// A call names its agent by this before the agent's id, in place of a model.
pub const PREFIX: &str = "agent:";
/// Ids come from outside; of longer ones only the beginning is repeated.
const LONGEST_SHOWN: usize = 64;
const MOST_LISTED: usize = 20;

/// All agents, by their ids.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    definitions: Vec<AgentDefinition>,
    /// Those that can be offered without a run that they are bound to.
    tools: Vec<ToolSpec>,
    parameters: Parameters,
}

impl Agents {
    pub fn new(definitions: Vec<AgentDefinition>, tools: Vec<ToolSpec>) -> Self {
        Self { definitions, tools, parameters: Parameters::default() }
    }

    /// With what holds for every call that neither says it itself nor names an agent that does.
    #[must_use]
    pub fn with_parameters(self, parameters: Parameters) -> Self {
        Self { parameters, ..self }
    }

    pub fn definitions(&self) -> &[AgentDefinition] {
        &self.definitions
    }

    pub fn get(&self, id: &str) -> Option<&AgentDefinition> {
        self.definitions.iter().find(|definition| definition.id == id)
    }

    /// Fills in what the call leaves open as its agent is defined, and what that leaves open as the settings say. Its agent is named by `agent:NAME` as its model, or
    /// by `agent_id` in its metadata. Where no agents are defined, `agent_id` is a name of the caller's own, for logs
    /// and accounts.
    pub fn apply(&self, call: &mut Call) -> Result<(), ModelError> {
        self.lead(call)?;
        call.parameters.fill(&self.parameters);
        Ok(())
    }

    fn lead(&self, call: &mut Call) -> Result<(), ModelError> {
        if let Some(id) = call.model.as_deref().and_then(|model| model.strip_prefix(PREFIX)) {
            call.metadata.agent_id = Some(id.to_owned());
            call.model = None;
        } else if self.definitions.is_empty() {
            return Ok(());
        }
        let Some(id) = call.metadata.agent_id.as_deref() else { return Ok(()) };
        let definition = self.get(id).ok_or_else(|| self.unknown(id))?;
        definition.lead(call);
        if call.conversation.tools.is_empty() {
            let named = self.tools.iter().filter(|tool| definition.tools.contains(&tool.name));
            let offered: Vec<ToolSpec> = named.cloned().collect();
            if !offered.is_empty() {
                Arc::make_mut(&mut call.conversation).tools = offered;
            }
        }
        Ok(())
    }

    fn unknown(&self, id: &str) -> ModelError {
        let shown: String = id.chars().take(LONGEST_SHOWN).collect();
        let ids = || self.definitions.iter().map(|definition| definition.id.as_str());
        let near = nearest_of(id, ids());
        let which = if self.definitions.is_empty() {
            "none is defined: name their folder by `agents` under [gateway]".to_owned()
        } else if near.is_empty() {
            format!("there are {}", ids().take(MOST_LISTED).collect::<Vec<_>>().join(", "))
        } else {
            format!("nearest: {}", near.join(", "))
        };
        ModelError::new(Cause::UnknownAgent, format!("there is no agent {shown:?}; {which}"))
    }
}

impl AgentDefinition {
    /// The model as a call names it: `bedrock/us.amazon.nova-2-lite-v1:0`.
    pub fn asks(&self) -> Option<String> {
        self.model.as_ref().map(|model| format!("{}/{model}", self.driver))
    }

    /// Model, parameters and instructions for a call; what the call says itself goes before the first two, and follows
    /// the last.
    pub fn lead(&self, call: &mut Call) {
        call.model = call.model.take().or_else(|| self.asks());
        call.parameters.fill(&self.parameters);
        let system = &mut Arc::make_mut(&mut call.conversation).system;
        let told = [self.instructions.as_str(), system.as_str()];
        *system = told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
    }
}
