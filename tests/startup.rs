//! A server that cannot start says what is wrong and what to do, and exits with 2.

use crate::world::World;

/// What a server says that does not start.
fn refusal(world: &World, arguments: &[&str]) -> String {
    let ended = world.run(&[&["serve"], arguments].concat());
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    ended.stderr.replace(&world.folder.path().display().to_string(), "FOLDER")
}

fn write(world: &World, name: &str, text: &str) {
    std::fs::write(world.folder.path().join(name), text).expect("a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_missing_is_said_at_once() {
    let mut world = World::new().await;
    for name in ["ECO_CODER_WEBHOOK_SECRET", "ECO_CODER_ALLOW", "ECO_CODER_GITHUB_TOKEN"] {
        world.set(name, "");
    }

    insta::assert_snapshot!(refusal(&world, &[]), @"
    error: the settings cannot be used:
      - no webhook secret: set ECO_CODER_WEBHOOK_SECRET to the secret of the webhook at GitHub, or ECO_CODER_WEBHOOK_SECRET_ID to its name in AWS Secrets Manager
      - no repository is allowed: set `allow` under [server], or ECO_CODER_ALLOW, to `owner/name`, `owner/*` or `*`
      - no GitHub credentials: set GITHUB_TOKEN, or `app_id` and `app_private_key_file` under [github]
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_make_no_sense_are_named_with_what_would() {
    let mut world = World::new().await;
    world.set("ECO_CODER_LISTEN", "localhost");
    world.set("ECO_CODER_WORKERS", "many");
    world.set("ECO_CODER_DRIVER", "oracle");
    world.set("ECO_CODER_GITHUB_API_URL", "api.github.com");
    world.set("ECO_CODER_GITHUB_APP_ID", "abc");

    insta::assert_snapshot!(refusal(&world, &[]), @r#"
    error: the settings cannot be used:
      - GitHub's `api_url` is "api.github.com", which is not an http(s) address
      - ECO_CODER_GITHUB_APP_ID is "abc", which is not a number
      - `listen` is "localhost", which is not an address with a port such as 127.0.0.1:8080
      - ECO_CODER_WORKERS is "many", which is not a number
      - ECO_CODER_DRIVER is "oracle"; the drivers are embedded, bedrock, anthropic, openai, claude_cli
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_nobody_knows_is_named_with_its_line() {
    let world = World::new().await;
    world.settings("[server]\nalow = ['octo/*']\n");

    let said = refusal(&world, &[]);
    let (said, known) = said.split_once(", expected one of ").expect("the known keys");

    assert!(known.contains("`allow`"), "{known}");
    insta::assert_snapshot!(said, @"
    error: the settings cannot be used:
      - eco-coder.toml: TOML parse error at line 2, column 1
          |
        2 | alow = ['octo/*']
          | ^^^^
        unknown field `alow`
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settings_file_that_is_asked_for_and_missing_is_named() {
    let world = World::new().await;

    insta::assert_snapshot!(refusal(&world, &["--config", "nowhere.toml"]), @"
    error: the settings cannot be used:
      - nowhere.toml cannot be read: No such file or directory (os error 2)
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_that_cannot_be_read_is_named() {
    let mut world = World::new().await;
    world.set("ECO_CODER_GITHUB_APP_ID", "4242");
    world.set("ECO_CODER_GITHUB_APP_PRIVATE_KEY_FILE", "nowhere.pem");

    insta::assert_snapshot!(refusal(&world, &[]), @"
    error: the settings cannot be used:
      - the App's private key nowhere.pem cannot be read: No such file or directory (os error 2)
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_that_is_none_is_said_to_be() {
    let mut world = World::new().await;
    world.set("ECO_CODER_GITHUB_APP_ID", "4242");
    write(&world, "key.pem", "not a key");
    world.set("ECO_CODER_GITHUB_APP_PRIVATE_KEY_FILE", "key.pem");

    let said = refusal(&world, &[]);

    insta::assert_snapshot!(said, @"error: the private key of the GitHub App is not an RSA key in PEM form");
    assert!(!said.contains("not a key"), "a key is never shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allow_list_that_cannot_be_read_is_named() {
    let mut world = World::new().await;
    world.set("ECO_CODER_ALLOW", "octo");

    insta::assert_snapshot!(refusal(&world, &[]), @r#"error: "octo" is not a pattern for repositories: it must read owner/name, owner/* or *"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_where_nothing_can_be_written_is_named() {
    let mut world = World::new().await;
    world.set("ECO_CODER_DATABASE", "/proc/eco-coder.db");
    insta::assert_snapshot!(refusal(&world, &[]), @"error: the database /proc/eco-coder.db: No such file or directory (os error 2); make the folder writable, or name another file");

    write(&world, "a-file", "");
    world.set("ECO_CODER_DATABASE", "a-file/eco-coder.db");
    insta::assert_snapshot!(refusal(&world, &[]), @"error: the database a-file/eco-coder.db: its folder cannot be made: File exists (os error 17); name a file in a folder that is writable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let world = World::new().await;
    write(&world, "eco-coder.db", &"Dear diary, ".repeat(500));

    insta::assert_snapshot!(refusal(&world, &[]), @"error: the database FOLDER/eco-coder.db: file is not a database; move the file away and a new one is made, or restore it from a backup");

    let text = std::fs::read_to_string(world.database()).expect("the file");
    assert!(text.starts_with("Dear diary, Dear diary,") && text.len() == 6000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_the_same_database_is_refused() {
    let world = World::serving().await;

    insta::assert_snapshot!(refusal(&world, &[]), @"error: the database FOLDER/eco-coder.db: another server has it open; end that one, or name another file");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_named() {
    let world = World::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();

    let said = refusal(&world, &["--listen", &address]);

    assert_eq!(said, format!("error: listen on {address}: Address already in use (os error 98)\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_secret_is_never_shown() {
    let mut world = World::serving().await;
    world.wait_for_log("listening");
    let log = format!("{:?}", world.log());
    assert!(!log.contains("It's a Secret") && !log.contains(crate::world::github::TOKEN), "{log}");
    world.kill();
}
