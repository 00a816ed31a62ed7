//! The gateways that are compared, each started as its users start it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use emulators::tools;

use crate::Failure;
use crate::callers::Dialect;
use crate::process::Running;

pub(crate) const KEY: &str = "sk-for-the-benchmark";
/// Of the key, SHA-256.
const KEYS_DIGEST: &str = "c4b901f047acda8db7f8146449cfc8852cf952c1eb3f5c8c9187cad758bde3f5";
/// Whose price is known, so that the budget has something to count.
pub(crate) const MODEL: &str = "gpt-4o-mini";

static SERVICE: OnceLock<SocketAddr> = OnceLock::new();

pub(crate) struct Gateway {
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
    start: fn(SocketAddr, u16, &Path) -> Result<Command, Failure>,
}

pub(crate) fn all(service: SocketAddr) -> Vec<Gateway> {
    let _ = SERVICE.set(service);
    let gateway = |name, dialect, start| Gateway { name, dialect, start };
    vec![
        gateway("bare proxy, axum", Dialect::OpenAi, |service, port, _| bare(service, port, 0)),
        gateway("bare proxy, 25 us busy", Dialect::OpenAi, |service, port, _| {
            bare(service, port, 25)
        }),
        gateway("eco-coder to Bedrock", Dialect::Own, to_bedrock),
        gateway("eco-coder, Bedrock key", Dialect::Own, to_bedrock_with_key),
        gateway("eco-coder, OpenAI form", Dialect::OpenAi, to_openai),
        gateway("Portkey 1.15.2", Dialect::OpenAi, |_, port, _| Ok(portkey(port))),
        gateway("LiteLLM 1.74.9", Dialect::OpenAi, litellm),
    ]
}

/// Ours, asking this service as if it were Bedrock.
pub(crate) fn ours_to(service: SocketAddr) -> Gateway {
    let _ = SERVICE.set(service);
    Gateway { name: "eco-coder to Bedrock", dialect: Dialect::Own, start: to_bedrock }
}

/// Where Portkey is told to ask.
pub(crate) fn custom_host() -> String {
    SERVICE.get().map(|service| format!("http://{service}/v1")).unwrap_or_default()
}

impl Gateway {
    pub(crate) async fn start(&self) -> Result<Running, Failure> {
        let service = *SERVICE.get().ok_or("the service is not started")?;
        Running::start(|port, folder| (self.start)(service, port, folder)).await
    }
}

/// The release binary, with everything on that the settings can switch on.
fn ours(folder: &Path, port: u16, driver: &str) -> Result<Command, Failure> {
    let settings = format!(
        r#"[server]
listen = "127.0.0.1:{port}"
database = "{}"
[model]
{driver}
[gateway]
qps = 1000000.0
concurrency = 256
[gateway.caps]
day_usd = 1000000.0
month_usd = 10000000.0
agent_usd = 1000000.0
[[gateway.keys]]
name = "bench"
sha256 = "{KEYS_DIGEST}"
"#,
        folder.join("gateway.db").display()
    );
    let file = folder.join("eco-coder.toml");
    std::fs::write(&file, settings)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_eco-coder"));
    command.arg("--config").arg(file).args(["models", "serve"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_CONFIG_FILE", "/dev/null");
    command.env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null").env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
    Ok(command)
}

fn to_bedrock(service: SocketAddr, port: u16, folder: &Path) -> Result<Command, Failure> {
    let driver = "driver = \"bedrock\"\nmodels = [\"us.amazon.nova-2-lite-v1:0\"]";
    let mut command = ours(folder, port, driver)?;
    command.env("AWS_ENDPOINT_URL", format!("http://{service}"));
    Ok(command)
}

/// With an API key of Bedrock's, which takes the place of a signature.
fn to_bedrock_with_key(service: SocketAddr, port: u16, folder: &Path) -> Result<Command, Failure> {
    let mut command = to_bedrock(service, port, folder)?;
    command.env("AWS_BEARER_TOKEN_BEDROCK", KEY);
    Ok(command)
}

fn to_openai(service: SocketAddr, port: u16, folder: &Path) -> Result<Command, Failure> {
    let mut command = ours(folder, port, &format!("driver = \"openai\"\nmodels = [\"{MODEL}\"]"))?;
    command.env("OPENAI_BASE_URL", format!("http://{service}/v1")).env("OPENAI_API_KEY", KEY);
    Ok(command)
}

fn bare(service: SocketAddr, port: u16, busy_us: u64) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(crate::bare::ARGUMENT);
    command.args([port.to_string(), service.to_string(), busy_us.to_string()]);
    Ok(command)
}

fn portkey(port: u16) -> Command {
    let mut command = Command::new("node");
    command.arg(tools::portkey()).arg(format!("--port={port}")).arg("--headless");
    command.env("NODE_ENV", "production");
    command
}

fn litellm(service: SocketAddr, port: u16, folder: &Path) -> Result<Command, Failure> {
    let settings = format!(
        "model_list:\n  - model_name: {MODEL}\n    litellm_params:\n      model: openai/{MODEL}\n      api_base: http://{service}/v1\n      api_key: {KEY}\nlitellm_settings:\n  telemetry: false\n"
    );
    let file: PathBuf = folder.join("litellm.yaml");
    std::fs::write(&file, settings)?;
    let mut command = Command::new(tools::litellm());
    command.arg("--config").arg(file).args(["--host", "127.0.0.1", "--num_workers", "1", "--port"]);
    command.arg(port.to_string()).env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    command.env("NO_PROXY", "*").env("LITELLM_MODE", "PRODUCTION");
    Ok(command)
}
