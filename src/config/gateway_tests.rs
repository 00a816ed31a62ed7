//! What `[gateway]` takes, and what is said of what it does not.

use model::budget::Unpriced;

use super::super::tests::load;
use super::*;

fn refusal(toml: &str, variables: &'static [(&'static str, &'static str)]) -> String {
    load(toml, variables).unwrap_err().to_string()
}

#[test]
fn without_settings_it_is_closed_and_chooses_nothing() {
    let gateway = load("", &[]).unwrap().gateway;
    assert_eq!(gateway, GatewayConfig::default());
    assert!(!gateway.api && !gateway.any_model && !gateway.route && gateway.redact_prompts);
    assert_eq!((gateway.explore, gateway.concurrency, gateway.qps), (0.0, 64, None));
}

#[test]
fn all_of_it_is_read() {
    let toml = "
        [gateway]
        api = true
        qps = 2.5
        concurrency = 8
        redact_prompts = false
        agents = 'agents'
        catalog = 'models.toml'
        any_model = true
        route = true
        explore = 0.05
        [gateway.caps]
        request_usd = 0.5
        request_tokens = 9000
        task_usd = 1
        agent_usd = 50.0
        day_usd = 20.0
        month_usd = 300.0
        warn_at = 0.9
        unpriced = 'allow'
        [gateway.anthropic]
        url = 'http://127.0.0.1:1'
        [gateway.openai]
        url = 'http://127.0.0.1:2/v1'
        [gateway.claude_cli]
        program = '/opt/claude'
    ";
    let gateway = load(toml, &[]).unwrap().gateway;
    let expected = GatewayConfig {
        api: true,
        qps: Some(2.5),
        concurrency: 8,
        redact_prompts: false,
        agents: Some("agents".into()),
        catalog: Some("models.toml".into()),
        any_model: true,
        route: true,
        explore: 0.05,
        caps: Caps {
            request_usd: Some(0.5),
            request_tokens: Some(9000),
            task_usd: Some(1.0),
            agent_usd: Some(50.0),
            day_usd: Some(20.0),
            month_usd: Some(300.0),
            warn_at: 0.9,
            unpriced: Unpriced::Allow,
        },
        anthropic: Endpoint { url: Some("http://127.0.0.1:1".into()) },
        openai: Endpoint { url: Some("http://127.0.0.1:2/v1".into()) },
        claude_cli: Program { program: Some("/opt/claude".into()) },
        ..GatewayConfig::default()
    };
    assert_eq!(gateway, expected);
}

#[test]
fn a_share_of_choices_may_be_none_or_all_of_them_and_nothing_beyond() {
    for (share, is_one) in
        [("0", true), ("1.0", true), ("-0.01", false), ("1.01", false), ("nan", false)]
    {
        let loaded = load(&format!("[gateway]\nexplore = {share}\n"), &[]);
        assert_eq!(loaded.is_ok(), is_one, "{share}");
    }
}

#[test]
fn everything_that_is_wrong_with_it_is_said_at_once() {
    let toml = "
        [gateway]
        qps = 0.0
        concurrency = 0
        explore = 1.5
        [gateway.caps]
        day_usd = -1.0
        warn_at = 2.0
        [[gateway.keys]]
        name = 'ci'
        sha256 = 'c0ffee'
        [[gateway.keys]]
        name = ' '
        sha256 = '0000000000000000000000000000000000000000000000000000000000000000'
    ";
    insta::assert_snapshot!(refusal(toml, &[]), @r#"
    the settings cannot be used:
      - `qps` under [gateway] must be more than 0
      - `concurrency` under [gateway] must be at least 1
      - `explore` under [gateway] must be a share between 0 and 1
      - `day_usd` is -1; it must be a number of US dollars between 0 and 9223372037
      - `warn_at` is 2; it must be a share of a cap, above 0 and at most 1
      - `sha256` of the key "ci" under [gateway] must be 64 hexadecimal digits: `eco-coder models key ci` makes a key and prints them
      - `name` of a key under [gateway] must say whose it is
    "#);
}

#[test]
fn the_environment_goes_before_the_file() {
    let toml = "[gateway]\nqps = 1.0\nconcurrency = 2\nredact_prompts = false\n[gateway.openai]\nurl = 'http://file'\n";
    let variables = &[
        ("BEDROCK_QPS", "7.5"),
        ("BEDROCK_CONCURRENCY", "9"),
        ("REDACT_PROMPTS", "true"),
        ("OPENAI_BASE_URL", "http://environment"),
        ("ANTHROPIC_BASE_URL", "http://other"),
    ];
    let gateway = load(toml, variables).unwrap().gateway;
    assert_eq!((gateway.qps, gateway.concurrency), (Some(7.5), 9));
    assert!(gateway.redact_prompts);
    assert_eq!(gateway.openai.url.as_deref(), Some("http://environment"));
    assert_eq!(gateway.anthropic.url.as_deref(), Some("http://other"));
    insta::assert_snapshot!(refusal("", &[("BEDROCK_QPS", "fast"), ("BEDROCK_CONCURRENCY", "-1")]), @r#"
    the settings cannot be used:
      - BEDROCK_QPS is "fast", which is not a number
      - BEDROCK_CONCURRENCY is "-1", which is not a number
    "#);
}

#[test]
fn only_a_clear_no_lets_prompts_into_the_log() {
    for (said, redacts) in [("false", false), ("NO", false), ("0", false), ("off", true)] {
        let environment: Environment =
            Box::new(move |name| (name == "REDACT_PROMPTS").then(|| said.to_owned()));
        let gateway = read(GatewayConfig::default(), &environment, &mut Vec::new());
        assert_eq!(gateway.redact_prompts, redacts, "{said}");
    }
}

#[test]
fn a_setting_that_does_not_exist_is_named() {
    let told = [
        refusal("[gateway]\nexplorer = 0.1\n", &[]),
        refusal("[gateway.caps]\nday_dollars = 5\n", &[]),
        refusal("[gateway.caps]\nunpriced = 'maybe'\n", &[]),
    ];
    for (told, named) in told.iter().zip(["`explorer`", "`day_dollars`", "`maybe`"]) {
        assert!(told.contains(named), "{told}");
    }
}
