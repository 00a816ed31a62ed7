//! Which models can be invoked here: foundation models on demand, and inference profiles.

use std::collections::HashMap;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{BedrockDriver, settings};
use crate::pieces::Pieces;
use crate::{Cause, Listed, ModelError};

/// A thousand profiles are on a page.
const MOST_PAGES: usize = 20;
const LONGEST_PAGE: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Models {
    #[serde(default)]
    model_summaries: Vec<Summary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    model_id: String,
    model_name: Option<String>,
    provider_name: Option<String>,
    #[serde(default)]
    output_modalities: Vec<String>,
    #[serde(default)]
    inference_types_supported: Vec<String>,
    model_lifecycle: Option<Lifecycle>,
}

#[derive(Deserialize)]
struct Lifecycle {
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profiles {
    #[serde(default)]
    inference_profile_summaries: Vec<Profile>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    inference_profile_id: String,
    inference_profile_arn: String,
    inference_profile_name: Option<String>,
    status: Option<String>,
    r#type: Option<String>,
    #[serde(default)]
    models: Vec<ProfileModel>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileModel {
    model_arn: Option<String>,
}

pub(super) async fn list(
    driver: &BedrockDriver,
    deadline: Instant,
) -> Result<Vec<Listed>, ModelError> {
    let models: Models = get(driver, "/foundation-models", deadline).await?;
    let mut profiles = Vec::new();
    let mut path = "/inference-profiles?maxResults=1000".to_owned();
    for _ in 0..MOST_PAGES {
        let page: Profiles = get(driver, &path, deadline).await?;
        profiles.extend(page.inference_profile_summaries);
        let Some(token) = page.next_token.filter(|token| !token.is_empty()) else { break };
        let token = settings::segment(&token)?;
        path = format!("/inference-profiles?maxResults=1000&nextToken={token}");
    }
    Ok(invocable(models.model_summaries, profiles))
}

async fn get<T: DeserializeOwned>(
    driver: &BedrockDriver,
    path: &str,
    deadline: Instant,
) -> Result<T, ModelError> {
    let uri = format!("{}{path}", driver.settings.control());
    let answer = driver.ask(Method::GET, uri, Pieces::default(), None, deadline).await?;
    let body = answer.bytes(LONGEST_PAGE, deadline).await?;
    serde_json::from_slice(&body).map_err(|error| {
        ModelError::new(Cause::Unreadable, format!("Bedrock's list of models: {error}"))
    })
}

/// Newer models are served through profiles alone, and answer their own id with "on-demand throughput isn't supported".
fn invocable(models: Vec<Summary>, profiles: Vec<Profile>) -> Vec<Listed> {
    let vendors: HashMap<String, (Option<String>, bool)> = models
        .iter()
        .map(|model| (model.model_id.clone(), (model.provider_name.clone(), model.writes())))
        .collect();
    let foundation = models.into_iter().filter(Summary::is_on_demand).map(|model| Listed {
        id: model.model_id,
        name: model.model_name,
        vendor: model.provider_name,
        form: "foundation-model",
    });
    let profiles = profiles.into_iter().filter_map(|profile| {
        let arn = profile.models.first().and_then(|model| model.model_arn.as_deref());
        let model = arn.and_then(|arn| vendors.get(arn.rsplit('/').next().unwrap_or(arn)));
        // A model of another region is not in this one's list, and gets the benefit of the doubt.
        let writes = model.is_none_or(|(_, writes)| *writes);
        (profile.status.as_deref() == Some("ACTIVE") && writes).then(|| Listed {
            vendor: model.and_then(|(vendor, _)| vendor.clone()),
            // An application's profile is known by its ARN alone.
            id: match profile.r#type.as_deref() {
                Some("APPLICATION") => profile.inference_profile_arn,
                _ => profile.inference_profile_id,
            },
            name: profile.inference_profile_name,
            form: "inference-profile",
        })
    });
    foundation.chain(profiles).collect()
}

impl Summary {
    fn writes(&self) -> bool {
        self.output_modalities.iter().any(|modality| modality == "TEXT")
    }

    fn is_on_demand(&self) -> bool {
        let active = self.model_lifecycle.as_ref().and_then(|cycle| cycle.status.as_deref());
        let on_demand = self.inference_types_supported.iter().any(|way| way == "ON_DEMAND");
        self.writes() && on_demand && active.is_none_or(|status| status == "ACTIVE")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_ids_that_can_be_invoked_are_listed() {
        let model = |id: &str, modality: &str, way: &str, status: &str| {
            json!({"modelId": id, "modelName": id, "providerName": "Vendor",
                "outputModalities": [modality], "inferenceTypesSupported": [way],
                "modelLifecycle": {"status": status}})
        };
        let models = json!({"modelSummaries": [
            model("a.on-demand", "TEXT", "ON_DEMAND", "ACTIVE"),
            model("a.profile-only", "TEXT", "INFERENCE_PROFILE", "ACTIVE"),
            model("a.image", "IMAGE", "ON_DEMAND", "ACTIVE"),
            model("a.legacy", "TEXT", "ON_DEMAND", "LEGACY"),
            model("a.provisioned", "TEXT", "PROVISIONED", "ACTIVE"),
        ]});
        let profile = |id: &str, of: &str, form: &str, status: &str| {
            json!({"inferenceProfileId": id, "inferenceProfileName": id, "status": status,
                "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:1:x/{id}"), "type": form,
                "models": [{"modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{of}")}]})
        };
        let profiles = json!({"inferenceProfileSummaries": [
            profile("us.a.profile-only", "a.profile-only", "SYSTEM_DEFINED", "ACTIVE"),
            profile("us.a.image", "a.image", "SYSTEM_DEFINED", "ACTIVE"),
            profile("us.a.elsewhere", "a.elsewhere", "SYSTEM_DEFINED", "ACTIVE"),
            profile("us.a.off", "a.profile-only", "SYSTEM_DEFINED", "DELETED"),
            profile("team", "a.profile-only", "APPLICATION", "ACTIVE"),
        ]});
        let models: Models = serde_json::from_value(models).unwrap();
        let profiles: Profiles = serde_json::from_value(profiles).unwrap();
        let listed = invocable(models.model_summaries, profiles.inference_profile_summaries);
        let listed = listed
            .iter()
            .map(|one| format!("{} {} {}", one.form, one.id, one.vendor.as_deref().unwrap_or("?")));
        insta::assert_snapshot!(listed.collect::<Vec<_>>().join("\n"), @"
        foundation-model a.on-demand Vendor
        inference-profile us.a.profile-only Vendor
        inference-profile us.a.elsewhere ?
        inference-profile arn:aws:bedrock:us-east-1:1:x/team Vendor
        ");
    }
}
