//! `eco-coder doctor`: what it says of a world that is set up, and of what may be wrong with one.

use aws_sdk_dynamodb::types::PointInTimeRecoverySpecification;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use aws_sdk_sqs::types::QueueAttributeName;
use emulators::{Emulators, Stack};
use model::catalog::default_models;
use serde_json::{Value, json};

use crate::world::aws::{FakeAws, Scripted, env, says, sdk};
use crate::world::github::{APP_ID, app::app_private_key};
use crate::world::{Ended, World};

/// The first day of 2100, in seconds.
const FAR_OFF: i64 = 4_102_444_800;

/// A deployment with everything, and all of it in order.
struct Deployment {
    world: World,
    aws: FakeAws,
    stack: Stack,
}

impl Deployment {
    async fn new() -> Self {
        let emulators = Emulators::shared();
        let (stack, aws) = (emulators.stack(), FakeAws::beside(emulators).await);
        as_deployed(&stack, aws.url()).await;
        let mut world = World::new().await;
        for (name, value) in env(aws.url()) {
            world.set(&name, &value);
        }
        let queues = (stack.queue_url.as_str(), stack.dead_letter_queue_url.as_str());
        for (name, value) in [
            ("ECO_CODER_GITHUB_TOKEN", ""),
            ("ECO_CODER_GITHUB_APP_ID", &APP_ID.to_string()),
            ("ECO_CODER_GITHUB_APP_PRIVATE_KEY", &app_private_key()),
            ("ECO_CODER_DRIVER", "bedrock"),
            ("ECO_CODER_TABLE", &stack.table),
            ("ECO_CODER_BUCKET", &stack.bucket),
            ("ECO_CODER_QUEUE_URL", queues.0),
            ("ECO_CODER_DEAD_LETTER_QUEUE_URL", queues.1),
            ("ECO_CODER_CARBON_PARAMETERS", "1"),
        ] {
            world.set(name, value);
        }
        aws.parameter("/eco-coder/carbon-intensity/us-east-1", "123.5");
        Self { world, aws, stack }
    }

    fn doctor(&self, arguments: &[&str]) -> Ended {
        self.world.run(&[&["doctor"], arguments].concat())
    }

    /// The page without what differs from run to run.
    fn page(&self, arguments: &[&str]) -> (i32, String) {
        let ended = self.doctor(arguments);
        assert_eq!(ended.stderr, "");
        let named = [
            (self.world.github.url(), "https://api.github.com"),
            (self.aws.url(), "https://aws"),
            (&self.stack.queue_url, "QUEUE-URL"),
            (name_of(&self.stack.dead_letter_queue_url), "DEAD-LETTERS"),
            (name_of(&self.stack.queue_url), "NAME"),
            (&self.stack.table, "NAME"),
            (&self.stack.bucket, "NAME"),
        ];
        let page = named.iter().fold(ended.stdout, |page, (name, word)| page.replace(name, word));
        (ended.code, page.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"))
    }

    /// Every check that is not well, as `name: outcome: seen`.
    fn complaints(&self) -> Vec<String> {
        let ended = self.doctor(&["--format", "json"]);
        let page: Value =
            serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        let sections = page["sections"].as_array().expect("sections");
        let checks = sections.iter().flat_map(|section| section["checks"].as_array().expect("it"));
        let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
        checks
            .filter(|check| check["outcome"] == "failed" || check["outcome"] == "warning")
            .map(|check| {
                assert!(!text(check, "fix").is_empty(), "{check} says no fix");
                ["name", "outcome", "seen"].map(|key| text(check, key)).join(": ")
            })
            .collect()
    }
}

/// Gives the stack what `template.yaml` gives it.
async fn as_deployed(stack: &Stack, url: &str) {
    let recovery = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true);
    let table = aws_sdk_dynamodb::Client::new(&sdk(url)).update_continuous_backups();
    let table = table.table_name(&stack.table);
    let table = table.point_in_time_recovery_specification(recovery.build().expect("it"));
    table.send().await.expect("recovery");
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true);
    let bucket = aws_sdk_s3::Client::new(&sdk(url)).put_public_access_block().bucket(&stack.bucket);
    let bucket = bucket.public_access_block_configuration(block.build());
    bucket.send().await.expect("privacy");
    let queue = aws_sdk_sqs::Client::new(&sdk(url)).set_queue_attributes();
    let queue = queue.queue_url(&stack.queue_url);
    let dead =
        format!("arn:aws:sqs:us-east-1:123456789012:{}", name_of(&stack.dead_letter_queue_url));
    let redrive = json!({"deadLetterTargetArn": dead, "maxReceiveCount": 5}).to_string();
    let queue = queue
        .attributes(QueueAttributeName::VisibilityTimeout, "5400")
        .attributes(QueueAttributeName::RedrivePolicy, redrive);
    queue.send().await.expect("visibility");
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().expect("a name")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_in_order_is_told_so() {
    let mut it = Deployment::new().await;
    let reply = || Scripted::Reply(says("H"));
    it.aws.script(default_models().iter().map(|_| reply()).collect());
    it.aws.quota(
        "bedrock",
        "L-27C57EE8",
        "Global cross-region model inference tokens per minute for Anthropic Claude Sonnet 5.5",
        2_000_000.0,
    );
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let collector = format!("http://{}", listener.local_addr().expect("an address"));
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
        ("ECO_CODER_MEMORY_ID", "eco_coder-abcdefghij"),
        (
            "ECO_CODER_AGENT_RUNTIME_ARN",
            "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/eco_coder-abcdefghij",
        ),
        (
            "ECO_CODER_CODEGURU_ASSOCIATION_ARN",
            "arn:aws:codeguru-reviewer:us-east-1:123456789012:association:0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f",
        ),
        ("ECO_CODER_CODEGURU_PROFILING_GROUP", "shop"),
    ] {
        it.world.set(name, value);
    }

    let (code, page) = it.page(&["--probe-model"]);

    let page = page.replace(collector.trim_start_matches("http://"), "COLLECTOR");
    insta::assert_snapshot!(page, @"
    Settings
      ok       settings           readable; a model of Bedrock leads, at most $0.10 a pull request
      ok       webhook secret     26 characters
      ok       repositories       octo/*
      ok       credentials        the key of the App 4242
      skipped  database           the table NAME is used instead of a file

    GitHub
      ok       clock              https://api.github.com answers, and agrees on the time
      ok       App                Eco-Coder (4242)
      ok       permissions        checks: write, contents: read, metadata: read, pull_requests: write
      ok       events             pull_request
      skipped  CI artifacts       no `actions: read`; only repositories with `profile_artifact` need it
      ok       webhook            https://eco-coder.example/webhook, signed, as json
      ok       installations      octo-org (chosen repositories)
      ok       deliveries         all of the last 24 hours arrived

    AWS
      ok       region             us-east-1
      ok       account            123456789012, as arn:aws:sts::123456789012:user/moto
      ok       table              NAME, with its index
      ok       table expiry       items end by `expires`
      ok       table recovery     to any second of the last days
      ok       bucket             NAME
      ok       bucket privacy     public access is blocked
      ok       queue              NAME, 0 waiting, 0 with workers
      ok       queue visibility   5400 s
      ok       redrive            after 5 times to DEAD-LETTERS
      ok       dead letters       none
      ok       concurrency        1000 functions at the same moment
      ok       memory             eco_coder-abcdefghij
      ok       agent runtime      runtime/eco_coder-abcdefghij; its form is right, it was not called
      ok       CodeGuru Reviewer  associated with shop
      ok       CodeGuru Profiler  shop has profiles
      ok       carbon intensity   123.5 g/kWh in us-east-1

    Model
      ok       model              global.anthropic.claude-sonnet-5-5, active
      ok       model              global.anthropic.claude-haiku-4-5-20251001-v1:0, active
      ok       model              global.amazon.nova-2-lite-v1:0, active
      ok       model quota        global.anthropic.claude-sonnet-5-5: 2000000 tokens a minute
      skipped  model quotas       none by the name of global.anthropic.claude-haiku-4-5-20251001-v1:0, global.amazon.nova-2-lite-v1:0; look in Service Quotas
      ok       probe              global.anthropic.claude-sonnet-5-5 answers
      ok       probe              global.anthropic.claude-haiku-4-5-20251001-v1:0 answers
      ok       probe              global.amazon.nova-2-lite-v1:0 answers

    Telemetry
      ok       traces             COLLECTOR takes connections

    36 ok, 3 skipped
    ");
    assert_eq!(code, 0);
    assert!(it.aws.unexpected().is_empty() && it.world.github.unexpected().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_in_disorder_is_told_with_each_fix() {
    let mut it = Deployment::new().await;
    it.world.set("ECO_CODER_WEBHOOK_SECRET", "hunter2");
    it.world.set("ECO_CODER_ALLOW", "*");
    it.world.set("ECO_CODER_MODELS", "us.anthropic.claude-opus-4-1-20250805-v1:0,anthropic.claude-3-sonnet-20240229-v1:0,us.amazon.nova-9-lite-v1:0");
    it.aws.model("anthropic.claude-opus-4-1-20250805-v1:0", "LEGACY", Some(FAR_OFF));
    it.world.github.set_up_app(|app| {
        app.permissions.insert("pull_requests".into(), "read".into());
        app.events.clear();
        app.webhook_url = "http://eco-coder.example/webhook".into();
        app.suspended = true;
    });
    it.aws.quota("lambda", "L-B99A9384", "Concurrent executions", 10.0);
    let sqs = aws_sdk_sqs::Client::new(&sdk(it.aws.url()));
    let dead = sqs.send_message().queue_url(&it.stack.dead_letter_queue_url).message_body("{}");
    dead.send().await.expect("sent");
    it.world.set("ECO_CODER_TABLE", "eco-coder-gone");
    it.world.set("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317");

    let (code, page) = it.page(&[]);

    insta::assert_snapshot!(page, @r#"
    Settings
      ok       settings          readable; a model of Bedrock leads, at most $0.10 a pull request
      warning  webhook secret    7 characters, or few different ones: it can be guessed
                                 fix: set ECO_CODER_WEBHOOK_SECRET, and the webhook at GitHub, to the output of `openssl rand -hex 32`
      warning  repositories      all of them: whoever installs the App has reviews made at your cost
                                 fix: set `allow` under [server], or ECO_CODER_ALLOW, to `owner/name` or `owner/*`
      ok       credentials       the key of the App 4242
      skipped  database          the table eco-coder-gone is used instead of a file

    GitHub
      ok       clock             https://api.github.com answers, and agrees on the time
      ok       App               Eco-Coder (4242)
      failed   permissions       eco-coder lacks pull_requests: write
                                 fix: at GitHub: Developer settings, GitHub Apps, Eco-Coder, Permissions & events: add pull_requests: write; then accept it in each installation
      failed   events            the App is not told of pull requests
                                 fix: at GitHub: Developer settings, GitHub Apps, Eco-Coder, Permissions & events: subscribe to Pull request
      skipped  CI artifacts      no `actions: read`; only repositories with `profile_artifact` need it
      warning  webhook           http://eco-coder.example/webhook; GitHub does not check who takes the deliveries
                                 fix: at GitHub: Developer settings, GitHub Apps, General, Webhook: an https URL, and SSL verification enabled
      failed   installations     octo-org has suspended the App
                                 fix: octo-org opens Settings, GitHub Apps, Configure, Unsuspend
      ok       deliveries        all of the last 24 hours arrived

    AWS
      ok       region            us-east-1
      ok       account           123456789012, as arn:aws:sts::123456789012:user/moto
      failed   table             the table eco-coder-gone does not exist
                                 fix: deploy template.yaml, or name what it made: `aws cloudformation describe-stacks --stack-name STACK --query 'Stacks[0].Outputs'`
      ok       bucket            NAME
      ok       bucket privacy    public access is blocked
      ok       queue             NAME, 0 waiting, 0 with workers
      ok       queue visibility  5400 s
      ok       redrive           after 5 times to DEAD-LETTERS
      warning  dead letters      1: so many jobs were given up
                                 fix: find the cause (docs/runbooks.md#dead-letters), then `aws sqs start-message-move-task --source-arn arn:aws:sqs:us-east-1:123456789012:DEAD-LETTERS`
      warning  concurrency       10 functions at the same moment; template.yaml needs 126
                                 fix: `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000`
      ok       carbon intensity  123.5 g/kWh in us-east-1

    Model
      warning  model             us.anthropic.claude-opus-4-1-20250805-v1:0 is legacy, and ends on 2100-01-01
                                 fix: put global.anthropic.claude-sonnet-5-5 in its place, in ECO_CODER_MODELS or `models` under [model]
      failed   model             anthropic.claude-3-sonnet-20240229-v1:0 has ended on 2025-07-21
                                 fix: put global.anthropic.claude-sonnet-5-5 in its place, in ECO_CODER_MODELS or `models` under [model]
      failed   model             us.amazon.nova-9-lite-v1:0: Bedrock has no such model in this region
                                 fix: put global.amazon.nova-2-lite-v1:0 in its place, in ECO_CODER_MODELS or `models` under [model]
      skipped  model quotas      none by the name of us.anthropic.claude-opus-4-1-20250805-v1:0, anthropic.claude-3-sonnet-20240229-v1:0, us.amazon.nova-9-lite-v1:0; look in Service Quotas
      skipped  probe             not sent; `eco-coder doctor --probe-model` asks each model for one token, for a fraction of a cent

    Telemetry
      failed   traces            "localhost:4317/v1/traces" is not an http(s) address
                                 fix: start the collector there, or unset OTEL_EXPORTER_OTLP_ENDPOINT

    13 ok, 6 warnings, 7 failed, 4 skipped
    "#);
    assert_eq!(code, 3);
}

/// What is broken, and the one complaint that it leads to.
type Case = (&'static str, fn(&mut Deployment), &'static str);

const CASES: &[Case] = &[
    (
        "a secret that is not there",
        |it| {
            it.world.set("ECO_CODER_WEBHOOK_SECRET", "");
            it.world.set("ECO_CODER_WEBHOOK_SECRET_ID", "eco-coder/webhook");
        },
        "webhook secret: failed: read the secret eco-coder/webhook (the role needs secretsmanager:GetSecretValue)",
    ),
    (
        "a secret in Secrets Manager that is weak",
        |it| {
            it.world.set("ECO_CODER_WEBHOOK_SECRET", "");
            it.world.set("ECO_CODER_WEBHOOK_SECRET_ID", "eco-coder/webhook");
            it.aws.secret("eco-coder/webhook", "hunter2");
        },
        "webhook secret: warning: 7 characters",
    ),
    (
        "no repository",
        |it| it.world.set("ECO_CODER_ALLOW", ""),
        "repositories: failed: none is allowed",
    ),
    (
        "an App that may not comment",
        |it| {
            it.world.github.set_up_app(|app| {
                app.permissions.remove("pull_requests");
            });
        },
        "permissions: failed: eco-coder lacks pull_requests: write",
    ),
    (
        "an owner who has not agreed",
        |it| {
            it.world.github.set_up_app(|app| {
                app.granted = Some(
                    [("metadata", "read"), ("contents", "read")]
                        .map(|(name, level)| (name.to_owned(), level.to_owned()))
                        .into(),
                );
            });
        },
        "installations: failed: octo-org has not agreed to pull_requests: write",
    ),
    (
        "a webhook elsewhere",
        |it| {
            it.world.github.set_up_app(|app| app.webhook_url = "https://eco-coder.example/".into());
        },
        "webhook: failed: https://eco-coder.example/ is not where deliveries are taken",
    ),
    (
        "a webhook without a secret",
        |it| it.world.github.set_up_app(|app| app.has_secret = false),
        "webhook: failed: https://eco-coder.example/webhook; deliveries are not signed",
    ),
    (
        "another secret at GitHub",
        |it| {
            it.world.github.set_time(&contract::Timestamp::now().rfc3339());
            it.world.github.fail_delivery("d1", json!({}));
            it.world.github.attempt("d1", 401);
        },
        "deliveries: failed: 1 of the last 24 hours refused: GitHub signs with another secret",
    ),
    (
        "deliveries that nobody took",
        |it| {
            it.world.github.set_time(&contract::Timestamp::now().rfc3339());
            it.world.github.fail_delivery("d1", json!({}));
        },
        "deliveries: warning: 1 of the last 24 hours failed; the latest was answered 502",
    ),
    (
        "another clock",
        |it| it.world.github.set_date("Sat, 21 Nov 2020 16:00:00 GMT"),
        "clock: failed: ",
    ),
    (
        "another App's key",
        |it| {
            it.world
                .set("ECO_CODER_GITHUB_APP_PRIVATE_KEY", &crate::world::github::app::private_key());
        },
        "App: failed: GitHub refused the credentials",
    ),
    (
        "a key that is none",
        |it| it.world.set("ECO_CODER_GITHUB_APP_PRIVATE_KEY", "hunter2"),
        "credentials: failed: the private key of the GitHub App is not an RSA key in PEM form",
    ),
    (
        "no GitHub",
        |it| it.world.set("ECO_CODER_GITHUB_API_URL", "http://127.0.0.1:1"),
        "reach: failed: GitHub cannot be reached",
    ),
    ("no region", |it| it.world.set("AWS_REGION", ""), "region: failed: none is set"),
    (
        "no credentials",
        |it| it.world.set("AWS_ACCESS_KEY_ID", ""),
        "credentials: failed: there are none that can be used",
    ),
    (
        "another bucket",
        |it| it.world.set("ECO_CODER_BUCKET", "eco-coder-gone"),
        "bucket: failed: the bucket eco-coder-gone does not exist",
    ),
    (
        "another queue",
        |it| {
            let gone = it.stack.queue_url.replace(name_of(&it.stack.queue_url), "gone");
            it.world.set("ECO_CODER_QUEUE_URL", &gone);
        },
        "queue: failed: the queue gone does not exist",
    ),
    (
        "other dead letters",
        |it| {
            let other = it.stack.queue_url.clone();
            it.world.set("ECO_CODER_DEAD_LETTER_QUEUE_URL", &other);
        },
        "redrive: failed: jobs end in ",
    ),
    (
        "a model that is gone",
        |it| it.world.set("ECO_CODER_MODELS", "anthropic.claude-3-sonnet-20240229-v1:0"),
        "model: failed: anthropic.claude-3-sonnet-20240229-v1:0 has ended on 2025-07-21",
    ),
    (
        "a model that ends",
        |it| {
            it.world.set("ECO_CODER_MODELS", "amazon.nova-pro-v1:0");
            it.aws.model("amazon.nova-pro-v1:0", "LEGACY", Some(FAR_OFF));
        },
        "model: warning: amazon.nova-pro-v1:0 is legacy, and ends on 2100-01-01",
    ),
    (
        "no quota",
        |it| {
            it.aws.quota(
                "bedrock",
                "L-0",
                "Global cross-region model inference requests per minute for Amazon Nova 2 Lite",
                0.0,
            );
        },
        "model quota: failed: global.amazon.nova-2-lite-v1:0: 0 requests a minute",
    ),
    (
        "an association that was ended",
        |it| {
            it.world.set("ECO_CODER_CODEGURU_ASSOCIATION_ARN", "arn:aws:codeguru-reviewer:us-east-1:123456789012:association:0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f");
            it.aws.association("Disassociated");
        },
        "CodeGuru Reviewer: failed: the association with shop is Disassociated",
    ),
    ("no intensity", |it| it.world.set("AWS_REGION", "eu-west-1"), "carbon intensity: warning: "),
    (
        "nobody at the collector",
        |it| it.world.set("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        "traces: warning: 127.0.0.1:1",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_told() {
    let mut wrong = Vec::new();
    for (what, breaks, complaint) in CASES {
        let mut it = Deployment::new().await;
        breaks(&mut it);
        let complaints = it.complaints();
        if !complaints.iter().any(|told| told.starts_with(complaint)) {
            wrong.push(format!("{what}: {complaint:?} is not in {complaints:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_looked_at_is_skipped_with_the_action_that_allows_it() {
    let mut it = Deployment::new().await;
    it.world.set("ECO_CODER_MODELS", "global.amazon.nova-2-lite-v1:0");
    it.aws.deny("GetInferenceProfile");
    it.aws.deny("GetServiceQuota");
    it.aws.script(vec![Scripted::error(403, "AccessDeniedException", 1)]);

    let (code, page) = it.page(&["--probe-model"]);

    let lines: Vec<_> = page.lines().collect();
    let told = lines.windows(2).filter(|pair| pair[1].contains("fix: allow")).flatten();
    insta::assert_snapshot!(told.copied().collect::<Vec<_>>().join("\n"), @"
    skipped  concurrency       the quotas of Lambda may not be looked at
                               fix: allow servicequotas:GetServiceQuota for the quotas of Lambda
    skipped  model             global.amazon.nova-2-lite-v1:0: inference-profile/global.amazon.nova-2-lite-v1:0 may not be looked at
                               fix: allow bedrock:GetInferenceProfile for inference-profile/global.amazon.nova-2-lite-v1:0
    failed   probe             global.amazon.nova-2-lite-v1:0: access denied
                               fix: allow bedrock:InvokeModel on the inference profile and on its model in every region that it sends to; for models with terms, accept them in Bedrock's model catalog
    ");
    assert_eq!(code, 3, "the service itself could not call the model");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_changes_nothing() {
    let it = Deployment::new().await;
    let mut plain = World::new().await;
    plain.set(
        "ECO_CODER_DATABASE",
        &plain.folder.path().join("kept/eco-coder.db").display().to_string(),
    );

    it.doctor(&[]);
    let ended = plain.run(&["doctor"]);

    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(!plain.folder.path().join("kept").exists(), "no database is made");
    for world in [&it.world, &plain] {
        assert!(world.github.requests().iter().all(|request| request.method == "GET"));
    }
    assert!(it.aws.requests("bedrock").iter().all(|request| request.operation.starts_with("Get")));
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_only_the_settings_are_looked_at() {
    let it = Deployment::new().await;

    let (code, page) = it.page(&["--offline"]);

    assert_eq!(code, 0, "{page}");
    assert!(page.contains("skipped  all of it"), "{page}");
    assert!(it.world.github.requests().is_empty() && it.aws.requests("bedrock").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_of_the_settings_is_told_at_once() {
    let mut world = World::new().await;
    world.set("ECO_CODER_WORKERS", "many");
    world.set("ECO_CODER_LISTEN", "here");

    let ended = world.run(&["doctor"]);

    assert_eq!((ended.code, ended.stderr.as_str()), (2, ""));
    insta::assert_snapshot!(ended.stdout.trim_end(), @r#"
    Settings
      failed   settings  `listen` is "here", which is not an address with a port such as 127.0.0.1:8080
                         fix: mend it in the settings file or in the environment; the rest is looked at then
      failed   settings  ECO_CODER_WORKERS is "many", which is not a number
                         fix: mend it in the settings file or in the environment; the rest is looked at then

    2 failed
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn colors_are_for_terminals() {
    let mut world = World::new().await;
    let plain = world.run(&["doctor", "--offline"]).stdout;
    world.set("CLICOLOR_FORCE", "1");
    let colored = world.run(&["doctor", "--offline"]).stdout;

    assert!(!plain.contains('\u{1b}') && colored.contains("\u{1b}[32mok"), "{colored:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_server_with_a_token_needs_nothing_of_aws() {
    let mut world = World::new().await;
    world.github.set_scopes("read:user");
    let failed = world.run(&["doctor"]);
    world.github.set_scopes("repo");
    let ended = world.run(&["doctor"]);
    world.set("ECO_CODER_WEBHOOK_SECRET", "hunter2");
    let warned = world.run(&["doctor"]);

    assert_eq!((failed.code, ended.code, warned.code), (3, 0, 1), "{}", ended.stdout);
    assert!(failed.stdout.contains("of eco-reviewer, with read:user: it may not comment"));
    assert!(ended.stdout.contains("nothing of the settings needs it"), "{}", ended.stdout);
}
