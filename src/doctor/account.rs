//! Region, credentials and account: without them there is no point in asking AWS anything else.

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::Client;
use tokio::time::timeout;

use super::aws::Asked;
use super::{Check, DEADLINE};

/// What was seen, and whether AWS can be asked.
pub(super) async fn look(sdk: &SdkConfig) -> (Vec<Check>, bool) {
    let Some(region) = sdk.region() else {
        let fix = "set AWS_REGION, or `region` under [aws], as in eu-west-1";
        return (vec![Check::failed("region", "none is set", fix)], false);
    };
    let mut checks = vec![Check::ok("region", region.to_string())];
    let usable = timeout(DEADLINE, credentials(sdk)).await.unwrap_or(Err("no answer".into()));
    if let Err(why) = usable {
        let fix = "`aws configure`, `aws sso login`, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; on AWS, a role";
        checks.push(Check::failed("credentials", why, fix));
        return (checks, false);
    }
    checks.push(timeout(DEADLINE, identity(sdk)).await.unwrap_or_else(|_| Check::late("account")));
    (checks, true)
}

async fn credentials(sdk: &SdkConfig) -> Result<(), String> {
    let provider = sdk.credentials_provider().ok_or("there are none")?;
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("there are none that can be used: {error}")),
    }
}

async fn identity(sdk: &SdkConfig) -> Check {
    let asked = Asked {
        name: "account",
        what: "the account",
        action: "sts:GetCallerIdentity",
        is_vital: true,
        absent: "give credentials that have not expired",
    };
    match Client::new(sdk).get_caller_identity().send().await {
        Ok(identity) => {
            let (account, arn) = (identity.account(), identity.arn());
            Check::ok(asked.name, format!("{}, as {}", account.unwrap_or("?"), arn.unwrap_or("?")))
        }
        Err(error) => asked.refused(&error),
    }
}
