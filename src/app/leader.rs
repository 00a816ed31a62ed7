//! The models behind one driver, as reviews ask them: by the name and with the parameters of the settings.

use std::sync::Arc;

use async_trait::async_trait;
use model::definitions::AgentDefinition;
use model::{Call, Events, Listed, ModelDriver, ModelError, Parameters, Reply};
use tokio::time::Instant;

use crate::config::{DriverName, ModelConfig};
use crate::review::Lead;

/// For a turn of a review, where neither the agent nor the settings say: enough for what it says beside its tools, and
/// nearly the same words for the same change.
const MAX_TOKENS: u32 = 4096;
const TEMPERATURE: f32 = 0.1;
const TOP_P: f32 = 0.9;

/// `None`: the embedded planner leads, which is no model.
pub(super) fn of(
    driver: Arc<dyn ModelDriver>,
    config: &ModelConfig,
    definition: Option<AgentDefinition>,
) -> Option<Lead> {
    let name = Some(config.driver).filter(|name| *name != DriverName::Embedded)?.as_str();
    let mut parameters = config.parameters();
    parameters.fill(&Parameters {
        max_tokens: Some(MAX_TOKENS),
        temperature: Some(TEMPERATURE),
        top_p: Some(TOP_P),
        ..Parameters::default()
    });
    let tools = definition.as_ref().map(|own| own.tools.clone()).unwrap_or_default();
    let model = Arc::new(Leader { driver, name, definition, parameters });
    Some(Lead { model, tools, judge: None })
}

struct Leader {
    driver: Arc<dyn ModelDriver>,
    name: &'static str,
    /// The agent of the settings that reviews, if they have one.
    definition: Option<AgentDefinition>,
    parameters: Parameters,
}

impl Leader {
    /// What the call itself says comes first, and then what its agent does.
    fn told(&self, call: &Call) -> Call {
        let mut told = call.clone();
        if let Some(definition) = &self.definition {
            definition.lead(&mut told);
        }
        told.parameters.fill(&self.parameters);
        told
    }
}

#[async_trait]
impl ModelDriver for Leader {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        self.driver.converse(&self.told(call)).await
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        self.driver.stream(&self.told(call)).await
    }

    async fn list(&self, deadline: Instant) -> Result<Vec<Listed>, ModelError> {
        self.driver.list(deadline).await
    }
}
