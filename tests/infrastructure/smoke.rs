//! The smoke test that follows each deployment: it passes where all is well, and only there.

use std::path::Path;
use std::process::{Command, Output};

use super::root;
use crate::world::World;

fn smoke(address: &str, secret: &str) -> Output {
    Command::new("python3")
        .arg("-B")
        .arg(root().join("tests/smoke.py"))
        .arg(format!("http://{address}/webhook"))
        .env("WEBHOOK_SECRET", secret)
        .env("no_proxy", "127.0.0.1")
        .current_dir(Path::new("/"))
        .output()
        .expect("python3")
}

#[tokio::test]
async fn a_deployment_that_answers_passes() {
    let world = World::serving().await;
    let output = smoke(world.address(), "It's a Secret to Everybody, the next one");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "signed ping: 200, forged ping: 401\n");
}

#[tokio::test]
async fn a_deployment_with_another_secret_fails() {
    let world = World::serving().await;
    let output = smoke(world.address(), "another secret");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn a_deployment_that_is_not_there_fails() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let output = smoke(&address, "secret");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
