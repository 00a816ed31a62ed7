//! Credentials, planted wherever a call of a model has a place for them: none is in a hundred megabytes of logs.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use fake_bedrock::{Answer as Says, FakeBedrock, Settings};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::world::{Answer, World, request, wait};

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
/// How much is written before it is looked through.
const LOGGED: u64 = 100_000_000;
const AT_A_TIME: usize = 8;
/// Stands in every credential, so that a part of one is found, too.
const PLANTED: &str = "PLANT3D";
/// Stands beside them, so that it shows whether what surrounds them was logged at all.
const HARMLESS: &str = "heron";
/// A credential without any form; the gateway has it from its environment.
const KEY_OF_SERVICE: &str = "key PLANT3D of no form";

/// Made up, all of them.
fn credentials() -> Vec<String> {
    let private = format!(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA{PLANTED}+/q5\n{PLANTED}Yw0=\n-----END RSA PRIVATE KEY-----"
    );
    vec![
        format!("AKIA{PLANTED}AAAABBBB1"),
        format!("AWS_SECRET_ACCESS_KEY=wJalrXUt{PLANTED}/K7MDENG+bPxRfiCY"),
        format!(r#"{{"SecretAccessKey": "wJalrXUt{PLANTED}/K7MDENG", "Expiration": 1}}"#),
        format!("ghp_{PLANTED}e42F292c6912E7710c838347Ae17"),
        format!("github_pat_11{PLANTED}0abcdefghijk_xyz"),
        format!("sk-ant-api03-{PLANTED}-0123456789abcdefAA"),
        format!("sk-proj-{PLANTED}0123456789abcdef"),
        format!("Authorization: Bearer {PLANTED}0123456789abcdef"),
        format!("Proxy-Authorization: Basic dXNl{PLANTED}cGFzc3dvcmQ="),
        format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{PLANTED}MTIz.SflKxw{PLANTED}RJSM"),
        format!("postgres://app:{PLANTED}-pw@db.local/shop"),
        format!(r#"{{"api_key": "{PLANTED}d081884c7d659a2f"}}"#),
        format!("password={PLANTED}hunter2hunter2"),
        private,
    ]
}

/// As part of an address.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let encoded: Vec<String> = text
        .bytes()
        .map(
            |byte| {
                if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect();
    encoded.concat()
}

/// Every credential as it stands, in JSON, in JSON in JSON, and in an address, each behind `apart`.
fn planted(apart: &str) -> String {
    let in_json = |text: &str| json!({ "said": text }).to_string();
    let forms = credentials().into_iter().flat_map(|credential| {
        let once = in_json(&credential);
        let twice = in_json(&once);
        let address = format!("/login?next={}", percent_encoded(&credential));
        [credential, once, twice, address]
    });
    forms.flat_map(|form| [apart.to_owned(), form, apart.to_owned()]).collect()
}

/// So much before them that what the log cuts off is cut at every place in turn.
fn prompt(number: usize) -> String {
    let before = number * 61 % 8000;
    format!("{HARMLESS} {}{}", "a b ".repeat(before / 4), planted("\n"))
}

/// Takes six times its length in a log.
fn answer(number: usize) -> String {
    let before = number * 37 % 8000;
    format!("{HARMLESS} {}{}{}", "\u{1}".repeat(before), planted("\u{1}"), "\u{1}".repeat(8000))
}

/// A gateway whose log is a file.
struct Gateway {
    child: Child,
    address: String,
    log: PathBuf,
}

impl Gateway {
    fn start(world: &World) -> Self {
        let log = world.folder.path().join("gateway.log");
        let child = world
            .command(&["models", "serve"])
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a file"))
            .spawn()
            .expect("the binary starts");
        let address = wait(|| {
            let said = std::fs::read_to_string(&log).ok()?;
            let mut lines =
                said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines.find_map(|line| line["context"]["address"].as_str().map(str::to_owned))
        });
        Self { child, address: address.expect("it listens"), log }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let trace = format!("00-ghp_{PLANTED}{}-1", "0".repeat(20));
        let bearer = format!("Bearer {PLANTED}0123456789abcdef");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("x-api-key", "sk-ant-PLANT3D0123456789abcdef"),
            ("traceparent", trace.as_str()),
            ("X-Request-Id", "ghp_PLANT3D0123456789abcdef"),
        ];
        request(&self.address, "POST", path, &headers, body.to_string().as_bytes()).await
    }

    async fn ask(&self, number: usize) {
        let uses = json!({"type": "text", "text": "x"});
        let credentials = credentials();
        let one = &credentials[number % credentials.len()];
        let metadata = json!({"agent_id": one, "task_id": percent_encoded(one), "trace_id": one});
        let invoked =
            json!({"prompt": prompt(number), "metadata": metadata, "params": {"max_tokens": 100}});
        let call = json!({"id": "call_1", "type": "function", "function": {"name": "read", "arguments": json!({"path": one}).to_string()}});
        let tool = json!({"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}});
        let chat = json!({"model": NOVA, "max_tokens": 100, "stream": true, "tools": [tool], "messages": [
            {"role": "user", "content": [uses, {"type": "text", "text": prompt(number)}]},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": prompt(number + 1)},
        ]});
        match number % 4 {
            0 => self.post("/v1/invoke", &invoked).await,
            1 => self.post("/v1/invoke-stream", &invoked).await,
            2 => self.post("/v1/chat/completions", &chat).await,
            _ => {
                let mut unknown = invoked;
                if number % 40 == 3 {
                    unknown["model_id"] = one.as_str().into();
                }
                self.post(&format!("/v1/invoke?key={}", percent_encoded(one)), &unknown).await
            }
        };
    }

    fn logged(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |found| found.len())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first place where a credential shows, with what stands around it.
fn leak(log: &str) -> Option<&str> {
    let at = log.find(PLANTED)?;
    let from = log.floor_char_boundary(at.saturating_sub(200));
    let to = log.floor_char_boundary((at + 100).min(log.len()));
    Some(&log[from..to])
}

fn read(path: &Path) -> String {
    String::from_utf8(std::fs::read(path).expect("readable")).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_is_in_a_hundred_megabytes_of_logs() {
    let bedrock = FakeBedrock::start(Settings { keeps: false, ..Settings::default() });
    let bedrock = bedrock.await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    for (name, value) in [
        ("OPENAI_API_KEY", KEY_OF_SERVICE),
        ("REDACT_PROMPTS", "false"),
        ("ECO_CODER_LOG", "debug"),
    ] {
        world.set(name, value);
    }
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n"));
    let gateway = Gateway::start(&world);

    let mut number = 0;
    while gateway.logged() < LOGGED {
        let numbers = number..number + 200;
        bedrock.script(numbers.clone().map(|number| match number % 20 {
            7 => Says::exception("ValidationException", &planted(" ")),
            13 => Says::exception(
                "AccessDeniedException",
                &format!("{KEY_OF_SERVICE} {}", planted("\t")),
            ),
            _ => Says::says(&format!("{KEY_OF_SERVICE} {}", answer(number))),
        }));
        let asked = futures::stream::iter(numbers.clone()).map(|number| gateway.ask(number));
        asked.buffer_unordered(AT_A_TIME).for_each(|()| async {}).await;
        number = numbers.end;
        assert!(number < 20_000, "only {} bytes are logged", gateway.logged());
    }

    let log = read(&gateway.log);
    assert_eq!(leak(&log), None, "after {number} calls");
    assert!(log.matches(HARMLESS).count() > number, "what surrounds them is there");
    for line in log.lines().step_by(50) {
        let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(line);
        assert!(read.is_ok(), "no JSON: {line}");
    }
    assert!(leak(&prompt(0)).is_some_and(|found| found.contains("AKIA")), "it would be found");
}
