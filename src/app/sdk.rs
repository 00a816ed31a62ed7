//! What clients of AWS are made from.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use tokio::sync::OnceCell;

use crate::config::Config;

/// What every client is made from. Loaded once: a process has one configuration, and clients that share this share its
/// credentials, too, which are asked for once then.
pub(super) async fn sdk(config: &Config) -> &'static SdkConfig {
    static SDK: OnceCell<SdkConfig> = OnceCell::const_new();
    SDK.get_or_init(|| load(config)).await
}

async fn load(config: &Config) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest());
    let region = config.model.region.clone().or_else(|| config.aws.region.clone());
    match region {
        Some(region) => loader.region(Region::new(region)).load().await,
        None => loader.load().await,
    }
}
