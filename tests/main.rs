//! The stories: a signed delivery in, one comment out, and all that can go wrong between.
#![expect(unreachable_pub, reason = "the worlds are shared between stories")]

#[cfg(test)]
mod agentcore;
#[cfg(test)]
mod architecture;
#[cfg(test)]
#[cfg(feature = "aws")]
mod aws;
#[cfg(test)]
#[cfg(feature = "aws")]
mod aws_models;
#[cfg(test)]
#[cfg(feature = "aws")]
mod aws_stack;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod bench;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
#[cfg(feature = "aws")]
mod doctor;
#[cfg(test)]
#[cfg(feature = "aws")]
mod doctor_models;
#[cfg(test)]
mod footprint;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_agents;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_healing;
#[cfg(test)]
mod gateway_llama;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_models;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_parameters;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_routing;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_shapes;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_shell;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod gateway_stop;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod measure;
#[cfg(test)]
mod memory;
#[cfg(test)]
#[cfg(feature = "aws")]
mod infrastructure;
#[cfg(test)]
#[cfg(feature = "aws")]
mod lambda;
#[cfg(test)]
#[cfg(feature = "aws")]
mod models;
#[cfg(test)]
mod models_cost;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod pushes;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scan;
#[cfg(test)]
#[cfg(feature = "bedrock")]
mod secrets;
#[cfg(test)]
mod startup;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod world;
