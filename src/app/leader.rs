//! The models behind one driver, as reviews ask them: by the name and with the parameters of the settings.

use std::sync::Arc;

use async_trait::async_trait;
use model::definitions::AgentDefinition;
use model::{Call, Events, Listed, ModelDriver, ModelError, Parameters, Reply};
use tokio::time::Instant;

use crate::config::{DriverName, ModelConfig};
use crate::review::Lead;

/// `None`: the embedded planner leads, which is no model.
pub(super) fn of(
    driver: Arc<dyn ModelDriver>,
    config: &ModelConfig,
    definition: Option<AgentDefinition>,
) -> Option<Lead> {
    let name = Some(config.driver).filter(|name| *name != DriverName::Embedded)?.as_str();
    let parameters = Parameters {
        max_tokens: Some(config.max_tokens),
        temperature: Some(config.temperature),
        top_p: Some(config.top_p),
        ..Parameters::default()
    };
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
        let (own, mut told) = (&self.parameters, call.clone());
        if let Some(definition) = &self.definition {
            definition.lead(&mut told);
        }
        let parameters = &mut told.parameters;
        parameters.max_tokens = parameters.max_tokens.or(own.max_tokens);
        parameters.temperature = parameters.temperature.or(own.temperature);
        parameters.top_p = parameters.top_p.or(own.top_p);
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
