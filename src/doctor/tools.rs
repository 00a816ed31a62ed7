//! What else of AWS may be switched on: AgentCore, CodeGuru, carbon intensities.

use aws_config::SdkConfig;
use aws_sdk_codegurureviewer::types::RepositoryAssociationState;
use carbon::{ParameterStore, Reading};
use contract::Clock;

use super::aws::Asked;
use super::{Check, Look, Subject};

/// Whoever this names has no events; that the memory is there is all that the question tells.
const NOBODY: &str = "eco-coder-doctor";

pub(super) fn looks(subject: &Subject) -> Vec<Look<'_>> {
    let (config, sdk) = (&subject.config.aws, &subject.sdk);
    let mut looks: Vec<Look<'_>> = Vec::new();
    if let Some(id) = &config.memory_id {
        looks.push(("memory", Box::pin(memory(sdk, id))));
    }
    if let Some(arn) = &config.agent_runtime_arn {
        let check = runtime(arn, sdk.region().map_or("", |region| region.as_ref()));
        looks.push(("agent runtime", Box::pin(std::future::ready(vec![check]))));
    }
    if let Some(arn) = &config.codeguru_association_arn {
        looks.push(("CodeGuru Reviewer", Box::pin(association(sdk, arn))));
    }
    if let Some(group) = &config.codeguru_profiling_group {
        looks.push(("CodeGuru Profiler", Box::pin(profiling_group(sdk, group))));
    }
    if config.carbon_parameters {
        looks.push(("carbon intensity", Box::pin(intensity(sdk, subject.clock))));
    }
    looks
}

async fn memory(sdk: &SdkConfig, id: &str) -> Vec<Check> {
    let what = format!("the memory {id}");
    let asked = Asked {
        name: "memory",
        what: &what,
        action: "bedrock-agentcore:ListEvents",
        is_vital: true,
        absent: "deploy with AgentCoreMemory=yes, and put its output MemoryId into ECO_CODER_MEMORY_ID",
    };
    let client = aws_sdk_bedrockagentcore::Client::new(sdk);
    let call =
        client.list_events().memory_id(id).actor_id(NOBODY).session_id(NOBODY).max_results(1);
    vec![match call.send().await {
        Ok(_) => Check::ok(asked.name, id),
        Err(error) => asked.refused(&error),
    }]
}

/// Only the form: a call would start a session, which costs.
fn runtime(arn: &str, here: &str) -> Check {
    const NAME: &str = "agent runtime";
    let fix = "put the stack's output AgentRuntimeArn into ECO_CODER_AGENT_RUNTIME_ARN";
    match arn.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "bedrock-agentcore", region, account, resource]
            if resource.starts_with("runtime/") && account.len() == 12 =>
        {
            if *region == here {
                return Check::ok(
                    NAME,
                    format!("{resource}; its form is right, it was not called"),
                );
            }
            Check::failed(
                NAME,
                format!("{resource} is in {region}, and the service in {here}"),
                fix,
            )
        }
        _ => Check::failed(NAME, format!("{arn} is not the ARN of an AgentCore runtime"), fix),
    }
}

async fn association(sdk: &SdkConfig, arn: &str) -> Vec<Check> {
    let asked = Asked {
        name: "CodeGuru Reviewer",
        what: "the association",
        action: "codeguru-reviewer:DescribeRepositoryAssociation",
        is_vital: false,
        absent: "unset ECO_CODER_CODEGURU_ASSOCIATION_ARN: new associations cannot be made since 2025-11-07",
    };
    let client = aws_sdk_codegurureviewer::Client::new(sdk);
    let call = client.describe_repository_association().association_arn(arn);
    let association = match call.send().await {
        Ok(answer) => answer.repository_association,
        Err(error) => return vec![asked.refused(&error)],
    };
    let name = association.as_ref().and_then(|association| association.name()).unwrap_or("?");
    let state = association.as_ref().and_then(|association| association.state());
    vec![match state {
        Some(RepositoryAssociationState::Associated) => {
            Check::ok(asked.name, format!("associated with {name}"))
        }
        state => {
            let state = state.map_or("unknown", |state| state.as_str());
            Check::failed(
                asked.name,
                format!("the association with {name} is {state}"),
                asked.absent,
            )
        }
    }]
}

async fn profiling_group(sdk: &SdkConfig, group: &str) -> Vec<Check> {
    let what = format!("the profiling group {group}");
    let asked = Asked {
        name: "CodeGuru Profiler",
        what: &what,
        action: "codeguru-profiler:DescribeProfilingGroup",
        is_vital: false,
        absent: "name a group of `aws codeguruprofiler list-profiling-groups` in ECO_CODER_CODEGURU_PROFILING_GROUP",
    };
    let client = aws_sdk_codeguruprofiler::Client::new(sdk);
    let call = client.describe_profiling_group().profiling_group_name(group);
    let described = match call.send().await {
        Ok(answer) => answer.profiling_group,
        Err(error) => return vec![asked.refused(&error)],
    };
    let status = described.and_then(|group| group.profiling_status);
    vec![if status.is_some_and(|status| status.latest_agent_profile_reported_at.is_some()) {
        Check::ok(asked.name, format!("{group} has profiles"))
    } else {
        let fix = "start CodeGuru's agent in the service that is to be profiled";
        Check::warning(asked.name, format!("{group} has no profile yet"), fix)
    }]
}

async fn intensity(sdk: &SdkConfig, clock: Clock) -> Vec<Check> {
    const NAME: &str = "carbon intensity";
    let region = sdk.region().map_or("", |region| region.as_ref());
    vec![match ParameterStore::new(sdk, None, clock).read(region).await {
        Reading::Found(found) => {
            Check::ok(NAME, format!("{} g/kWh in {region}", found.intensity.0))
        }
        Reading::Missing(why) => {
            let fix = format!(
                "`aws ssm put-parameter --type String --name /eco-coder/carbon-intensity/{region} --value GRAMS`"
            );
            Check::warning(NAME, format!("{why}; the bundled table counts"), fix)
        }
    }]
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn a_runtime_is_named_by_its_arn_and_is_in_the_same_region() {
        let outcome = |arn, region| runtime(arn, region).outcome;
        let arn = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/eco_coder-abcdefghij";
        assert_eq!(outcome(arn, "us-east-1"), Outcome::Ok);
        assert_eq!(outcome(arn, "eu-west-1"), Outcome::Failed);
        assert_eq!(outcome("eco_coder-abcdefghij", "us-east-1"), Outcome::Failed);
        assert_eq!(outcome(&arn.replace("runtime/", "memory/"), "us-east-1"), Outcome::Failed);
    }
}
