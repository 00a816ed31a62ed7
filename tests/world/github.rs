//! A GitHub that lives in memory: it keeps pull requests and comments, and is as strict as the real one.
//!
//! It runs on its own thread, so a test may block, kill the client, and ask it afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use imara_diff::{Algorithm, Diff, InternedInput};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

#[path = "github/app.rs"]
pub mod app;
#[path = "github/checks.rs"]
mod checks;
#[path = "github/webhook.rs"]
mod webhook;

use app::AppState;
pub use checks::CheckRun;

/// A personal access token that the fake knows; its user is [`USER`].
pub const TOKEN: &str = "github_pat_11AAAAAA_fake";
pub const USER: &str = "eco-reviewer";
/// The token of a workflow: it may not ask who it is. Its comments are by `github-actions[bot]`.
pub const WORKFLOW_TOKEN: &str = "ghs_workflow_fake";
pub const APP_ID: u64 = 4242;
pub const APP_SLUG: &str = "eco-coder";
pub const INSTALLATION: u64 = 77;
pub const REPOSITORY: &str = "octo-org/shop";

/// Files of a commit.
pub type Tree = BTreeMap<String, Vec<u8>>;

/// Builds a tree of texts.
pub fn tree<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Tree {
    files.into_iter().map(|(path, text)| (path.into(), text.into())).collect()
}

/// A pull request to open.
#[derive(Debug, Clone)]
pub struct PullRequestSpec {
    pub repository: String,
    pub title: String,
    pub author: String,
    pub draft: bool,
    /// Where head left base.
    pub base: Tree,
    /// The tip of the base branch where it has moved on since.
    pub base_tip: Option<Tree>,
    pub head: Tree,
    /// `None` for a deleted fork.
    pub head_repository: Option<String>,
    /// (from, to), for renames that change the content; others are seen by themselves.
    pub renames: Vec<(String, String)>,
    /// Paths whose patch GitHub leaves out for its size.
    pub without_patch: BTreeSet<String>,
}

impl Default for PullRequestSpec {
    fn default() -> Self {
        Self {
            repository: REPOSITORY.into(),
            title: "Load the basket in one query".into(),
            author: "mona".into(),
            draft: false,
            base: Tree::new(),
            base_tip: None,
            head: Tree::new(),
            head_repository: Some(REPOSITORY.into()),
            renames: Vec::new(),
            without_patch: BTreeSet::new(),
        }
    }
}

/// A comment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub number: u64,
    pub author: String,
    pub body: String,
    pub by_app: bool,
    pub created_at: String,
    pub edits: usize,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Logged {
    pub method: String,
    /// With the query.
    pub path: String,
    pub authorized: bool,
    pub user_agent: String,
    pub api_version: String,
    pub body: String,
    pub at: Instant,
}

/// When a held or failing request happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    BeforeEffect,
    AfterEffect,
}

/// A request that waits until the test lets it go.
pub struct Hold {
    arrived: watch::Receiver<bool>,
    fate: Option<oneshot::Sender<Fate>>,
}

enum Fate {
    Release,
    Drop,
}

impl Hold {
    /// Waits until the request is there.
    pub async fn arrived(&mut self) {
        self.arrived.wait_for(|arrived| *arrived).await.expect("the fake GitHub stopped");
    }

    /// The same for tests without a runtime. False if nothing came in time.
    pub fn arrived_within(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !*self.arrived.borrow() {
            if Instant::now() > end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    /// Lets the request go on.
    pub fn release(mut self) {
        self.fate.take().map(|fate| fate.send(Fate::Release));
    }

    /// Closes the connection without an answer.
    pub fn drop_connection(mut self) {
        self.fate.take().map(|fate| fate.send(Fate::Drop));
    }
}

#[derive(Default)]
struct State {
    app: AppState,
    webhook: webhook::Log,
    /// What GitHub says that the token of [`USER`] may do; a fine-grained token has no such thing.
    scopes: Option<String>,
    /// Whether a workflow may write check runs: `permissions: checks: write`.
    workflow_checks: bool,
    /// The state of the random numbers, and the longest delay.
    jitter: Option<(u64, Duration)>,
    next_id: u64,
    repositories: BTreeMap<String, Repository>,
    tokens: HashMap<String, Identity>,
    failures: Vec<Failure>,
    holds: Vec<Held>,
    log: Vec<Logged>,
    unexpected: Vec<String>,
    token_seconds: u64,
    now: String,
    /// What the answers' header says instead of the real time.
    date: Option<String>,
}

#[derive(Default)]
struct Repository {
    commits: BTreeMap<String, Tree>,
    pulls: BTreeMap<u64, Pull>,
    comments: Vec<Comment>,
    artifacts: Vec<Artifact>,
    check_runs: Vec<CheckRun>,
}

struct Pull {
    spec: PullRequestSpec,
    merge_base: String,
    base_sha: String,
    head_sha: String,
    state: &'static str,
}

struct Artifact {
    id: u64,
    run: u64,
    head_sha: String,
    name: String,
    zip: Vec<u8>,
    expired: bool,
}

#[derive(Clone)]
struct Identity {
    login: String,
    by_app: bool,
    knows_itself: bool,
    /// A token of an installation reaches these only.
    repositories: Option<Vec<String>>,
    app: bool,
}

struct Failure {
    method: String,
    path: String,
    status: u16,
    headers: Vec<(String, String)>,
    times: usize,
    when: When,
}

struct Held {
    method: String,
    path: String,
    when: When,
    arrived: watch::Sender<bool>,
    fate: oneshot::Receiver<Fate>,
}

/// The fake; it stops when dropped.
pub struct FakeGitHub {
    url: String,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Drop for FakeGitHub {
    fn drop(&mut self) {
        self.stop.take().map(|stop| stop.send(()));
    }
}

impl FakeGitHub {
    #[expect(clippy::unused_async, reason = "reads as the other worlds of the tests do")]
    pub async fn start() -> Self {
        Self::start_blocking()
    }

    /// The same for tests without a runtime.
    pub fn start_blocking() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a non-blocking listener");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::new()));
        let (stop, stopped) = oneshot::channel::<()>();
        let (shared, own_url) = (state.clone(), url.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let handler =
                    move |request: Request<Body>| answer(shared.clone(), own_url.clone(), request);
                let server = axum::serve(listener, axum::Router::new().fallback(handler));
                tokio::select! {
                    _ = server => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        Self { url, state, stop: Some(stop) }
    }

    /// What a client takes for `https://api.github.com`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens a pull request and returns its number.
    pub fn open_pull_request(&self, spec: PullRequestSpec) -> u64 {
        let mut state = self.state();
        let number = state.id();
        let (merge_base, head_sha) = (
            state.commit(&spec.repository, spec.base.clone()),
            state.commit(&spec.repository, spec.head.clone()),
        );
        let base_sha = match spec.base_tip.clone() {
            Some(tip) => state.commit(&spec.repository, tip),
            None => merge_base.clone(),
        };
        let pull = Pull { merge_base, base_sha, head_sha, state: "open", spec };
        state.repository(&pull.spec.repository.clone()).pulls.insert(number, pull);
        number
    }

    /// Pushes another head to a pull request; returns its SHA. The files replace those of the same paths.
    pub fn push(&self, number: u64, files: Tree) -> String {
        let mut state = self.state();
        let repository = state.repository_of(number);
        let mut head = state.pull(number).spec.head.clone();
        head.extend(files);
        let sha = state.commit(&repository, head.clone());
        let pull = state.pull(number);
        pull.spec.head = head;
        pull.head_sha.clone_from(&sha);
        sha
    }

    pub fn head_sha(&self, number: u64) -> String {
        self.state().pull(number).head_sha.clone()
    }

    pub fn base_sha(&self, number: u64) -> String {
        self.state().pull(number).base_sha.clone()
    }

    pub fn merge_base(&self, number: u64) -> String {
        self.state().pull(number).merge_base.clone()
    }

    pub fn close(&self, number: u64) {
        self.state().pull(number).state = "closed";
    }

    /// The comments of a pull request, oldest first.
    pub fn comments(&self, number: u64) -> Vec<Comment> {
        let mut state = self.state();
        let repository = state.repository_of(number);
        state
            .repository(&repository)
            .comments
            .iter()
            .filter(|comment| comment.number == number)
            .cloned()
            .collect()
    }

    /// Somebody comments; returns the comment's id.
    pub fn add_comment(&self, number: u64, author: &str, body: &str) -> u64 {
        let mut state = self.state();
        let repository = state.repository_of(number);
        state.add_comment(&repository, number, author, false, body).id
    }

    /// An App, as another workflow, comments.
    pub fn add_comment_by_app(&self, number: u64, author: &str, body: &str) -> u64 {
        let mut state = self.state();
        let repository = state.repository_of(number);
        state.add_comment(&repository, number, author, true, body).id
    }

    pub fn delete_comment(&self, id: u64) {
        self.state()
            .repositories
            .values_mut()
            .for_each(|repository| repository.comments.retain(|comment| comment.id != id));
    }

    /// The check runs of a repository, the oldest first.
    pub fn check_runs(&self, repository: &str) -> Vec<CheckRun> {
        self.state().repository(repository).check_runs.clone()
    }

    /// The workflow's file no longer says `checks: write`, nor does the App.
    pub fn forbid_checks(&self) {
        let mut state = self.state();
        state.workflow_checks = false;
        state.app.permissions.remove("checks");
        state.app.granted = None;
    }

    /// A workflow run of the commit leaves an artifact behind.
    pub fn add_artifact(&self, repository: &str, head_sha: &str, name: &str, zip: Vec<u8>) -> u64 {
        let mut state = self.state();
        let (id, run) = (state.id(), state.id());
        let artifact =
            Artifact { id, run, head_sha: head_sha.into(), name: name.into(), zip, expired: false };
        state.repository(repository).artifacts.push(artifact);
        id
    }

    /// Makes the next requests fail before they take effect. `path` is a part of it.
    pub fn fail_next(
        &self,
        method: &str,
        path: &str,
        status: u16,
        headers: &[(&str, &str)],
        times: usize,
    ) {
        self.fail(method, path, status, headers, times, When::BeforeEffect);
    }

    /// The same, at a moment of choice: a 502 after the effect is how duplicates come about.
    pub fn fail(
        &self,
        method: &str,
        path: &str,
        status: u16,
        headers: &[(&str, &str)],
        times: usize,
        when: When,
    ) {
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.state().failures.push(Failure {
            method: method.into(),
            path: path.into(),
            status,
            headers,
            times,
            when,
        });
    }

    /// All is well again.
    pub fn recovers(&self) {
        self.state().failures.clear();
    }

    /// Holds the next such request.
    pub fn hold(&self, method: &str, path: &str, when: When) -> Hold {
        let (arrived, seen) = watch::channel(false);
        let (fate, decided) = oneshot::channel();
        self.state().holds.push(Held {
            method: method.into(),
            path: path.into(),
            when,
            arrived,
            fate: decided,
        });
        Hold { arrived: seen, fate: Some(fate) }
    }

    /// Each request takes a random time from now on, before and after its effect.
    pub fn jitter(&self, seed: u64, most: Duration) {
        self.state().jitter = Some((seed, most));
    }

    /// The scopes of the token of [`USER`], as a classic token has them.
    pub fn set_scopes(&self, scopes: &str) {
        self.state().scopes = Some(scopes.to_owned());
    }

    /// How long installation tokens live from now on.
    pub fn tokens_live(&self, seconds: u64) {
        self.state().token_seconds = seconds;
    }

    /// The time that the fake writes on comments and counts expiry from, as `2026-11-21T16:00:00Z`.
    pub fn set_time(&self, now: &str) {
        now.clone_into(&mut self.state().now);
    }

    /// The time that the header of each answer tells, as `Sat, 21 Nov 2026 16:00:00 GMT`.
    pub fn set_date(&self, date: &str) {
        self.state().date = Some(date.to_owned());
    }

    pub fn requests(&self) -> Vec<Logged> {
        self.state().log.clone()
    }

    /// How many requests of this kind came. `path` is a part of it.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.state()
            .log
            .iter()
            .filter(|request| request.method == method && request.path.contains(path))
            .count()
    }

    /// Requests for addresses that the fake does not know.
    pub fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state of the fake GitHub")
    }
}

impl State {
    fn new() -> Self {
        let user = Identity {
            login: USER.into(),
            by_app: false,
            knows_itself: true,
            repositories: None,
            app: false,
        };
        let workflow = Identity {
            login: "github-actions[bot]".into(),
            by_app: true,
            knows_itself: false,
            ..user.clone()
        };
        let tokens =
            HashMap::from([(TOKEN.to_owned(), user), (WORKFLOW_TOKEN.to_owned(), workflow)]);
        Self {
            next_id: 1,
            tokens,
            token_seconds: 3600,
            workflow_checks: true,
            now: "2026-11-21T16:00:00Z".into(),
            ..Self::default()
        }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    fn repository_of(&self, number: u64) -> String {
        let found =
            self.repositories.iter().find(|(_, repository)| repository.pulls.contains_key(&number));
        found.expect("a pull request of this number").0.clone()
    }

    fn pull(&mut self, number: u64) -> &mut Pull {
        let name = self.repository_of(number);
        self.repository(&name).pulls.get_mut(&number).expect("the pull request")
    }

    fn commit(&mut self, repository: &str, files: Tree) -> String {
        let sha = format!("{:0<40x}", u128::from(self.id()) * 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED);
        self.repository(repository).commits.insert(sha.clone(), files);
        sha
    }

    /// An App's installation may what its owner has granted, a workflow what its file says.
    fn may_write_checks(&self, identity: &Identity) -> bool {
        let granted = self.app.granted.as_ref().unwrap_or(&self.app.permissions);
        match identity.repositories {
            Some(_) => granted.get("checks").is_some_and(|level| level == "write"),
            None => self.workflow_checks,
        }
    }

    fn add_comment(
        &mut self,
        repository: &str,
        number: u64,
        author: &str,
        by_app: bool,
        body: &str,
    ) -> Comment {
        let comment = Comment {
            id: self.id(),
            number,
            author: author.into(),
            body: body.into(),
            by_app,
            created_at: self.now.clone(),
            edits: 0,
        };
        self.repository(repository).comments.push(comment.clone());
        comment
    }

    fn failure(&mut self, method: &str, path: &str, when: When) -> Option<Response<Body>> {
        let fits = |failure: &&mut Failure| {
            failure.times > 0
                && failure.when == when
                && failure.method == method
                && path.contains(&failure.path)
        };
        let failure = self.failures.iter_mut().find(fits)?;
        failure.times -= 1;
        let limited = failure.status == 403 && failure.headers.is_empty();
        let message = if limited {
            "You have exceeded a secondary rate limit. Please wait a few minutes."
        } else {
            "scripted failure"
        };
        let mut response = error(failure.status, message);
        for (name, value) in &failure.headers {
            response.headers_mut().insert(
                header::HeaderName::from_bytes(name.as_bytes()).expect("a header"),
                value.parse().expect("a value"),
            );
        }
        Some(response)
    }

    /// A random part of the longest delay.
    fn delay(&mut self) -> Duration {
        let Some((state, most)) = &mut self.jitter else { return Duration::ZERO };
        // Knuth's MMIX generator; the high bits are the random ones.
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        most.mul_f64((*state >> 40) as f64 / (1_u64 << 24) as f64)
    }

    fn held(&mut self, method: &str, path: &str, when: When) -> Option<Held> {
        let index = self.holds.iter().position(|held| {
            held.when == when && held.method == method && path.contains(&held.path)
        })?;
        Some(self.holds.remove(index))
    }
}

type Shared = Arc<Mutex<State>>;

async fn answer(shared: Shared, url: String, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 32 << 20).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body).into_owned();
    let (method, path) = (parts.method.to_string(), parts.uri.to_string());
    let lock = || shared.lock().expect("the state of the fake GitHub");
    lock().log.push(logged(&parts.method, &path, &parts.headers, &body));
    let delay = lock().delay();
    tokio::time::sleep(delay).await;
    let held = lock().held(&method, &path, When::BeforeEffect);
    wait_if_held(held).await;
    let failure = lock().failure(&method, &path, When::BeforeEffect);
    if let Some(failure) = failure {
        return failure;
    }
    let call =
        Call { method: parts.method, path: &path, headers: &parts.headers, body: &body, url: &url };
    let response = respond(&mut lock(), &call);
    for redelivery in lock().take_redeliveries() {
        tokio::spawn(webhook::deliver(shared.clone(), redelivery));
    }
    let delay = lock().delay();
    tokio::time::sleep(delay).await;
    let held = lock().held(&method, &path, When::AfterEffect);
    wait_if_held(held).await;
    let failure = lock().failure(&method, &path, When::AfterEffect);
    let mut response = failure.unwrap_or(response);
    if let Some(date) = &lock().date {
        response.headers_mut().insert(header::DATE, date.parse().expect("a date"));
    }
    response
}

async fn wait_if_held(held: Option<Held>) {
    let Some(held) = held else { return };
    held.arrived.send_replace(true);
    // A test that forgot its hold has ended: the request goes on.
    if let Ok(Fate::Drop) = held.fate.await {
        // Ends the task of this connection without the noise of a panic.
        std::panic::resume_unwind(Box::new("connection dropped"));
    }
}

fn logged(method: &Method, path: &str, headers: &HeaderMap, body: &str) -> Logged {
    Logged {
        method: method.to_string(),
        path: path.to_owned(),
        authorized: headers.contains_key(header::AUTHORIZATION),
        user_agent: text(headers, "user-agent").to_owned(),
        api_version: text(headers, "x-github-api-version").to_owned(),
        body: body.to_owned(),
        at: Instant::now(),
    }
}

struct Call<'a> {
    method: Method,
    path: &'a str,
    headers: &'a HeaderMap,
    body: &'a str,
    url: &'a str,
}

fn respond(state: &mut State, call: &Call<'_>) -> Response<Body> {
    if text(call.headers, "user-agent").is_empty() {
        return error(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
        );
    }
    let (path, query) = call.path.split_once('?').unwrap_or((call.path, ""));
    if let Some(id) = path.strip_prefix("/download/") {
        return download(state, call, id);
    }
    let Some(identity) = identify(state, call.headers) else {
        return error(401, "Bad credentials");
    };
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let method = call.method.as_str();
    let found = match (method, segments.as_slice()) {
        ("GET", ["user"]) if identity.knows_itself => Some(user(state, &identity)),
        ("GET", ["user"]) => Some(error(403, "Resource not accessible by integration")),
        ("GET", ["rate_limit"]) if !identity.app => Some(json_response(
            200,
            &json!({"resources": {"core": {"limit": 5000, "used": 100, "remaining": 4900, "reset": 1_795_280_400}}}),
        )),
        (_, ["app", "hook", "deliveries", rest @ ..]) if identity.app => {
            webhook::respond(state, call, rest, query)
        }
        ("GET", ["app", rest @ ..]) if identity.app => app::respond(state, call, rest, query),
        ("POST", ["app", "installations", id, "access_tokens"]) if identity.app => {
            Some(installation_token(state, id, call.body))
        }
        ("GET", ["repos", _, _, "installation"]) if identity.app => {
            Some(json_response(200, &json!({"id": INSTALLATION})))
        }
        (_, ["repos", owner, name, rest @ ..]) if !identity.app => {
            in_repository(state, call, &identity, &format!("{owner}/{name}"), rest, query)
        }
        _ => None,
    };
    found.unwrap_or_else(|| {
        state.unexpected.push(format!("{method} {}", call.path));
        error(404, "Not Found")
    })
}

fn identify(state: &State, headers: &HeaderMap) -> Option<Identity> {
    let token = text(headers, "authorization").strip_prefix("Bearer ")?;
    if let Some(identity) = state.tokens.get(token) {
        return Some(identity.clone());
    }
    app::signed(token).then(|| Identity {
        login: APP_SLUG.into(),
        by_app: true,
        knows_itself: false,
        repositories: None,
        app: true,
    })
}

fn user(state: &State, identity: &Identity) -> Response<Body> {
    let mut response = json_response(200, &json!({"login": identity.login, "type": "User"}));
    if let Some(scopes) = &state.scopes {
        response.headers_mut().insert("x-oauth-scopes", scopes.parse().expect("a value"));
    }
    response
}

fn installation_token(state: &mut State, id: &str, body: &str) -> Response<Body> {
    if id != INSTALLATION.to_string() {
        return error(404, "Not Found");
    }
    let wanted: Value = serde_json::from_str(body).unwrap_or_default();
    let repositories = wanted["repositories"].as_array().map(|names| {
        names.iter().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect()
    });
    let token = format!("ghs_{APP_ID}_fake.{}", state.id());
    let login = format!("{APP_SLUG}[bot]");
    state.tokens.insert(
        token.clone(),
        Identity { login, by_app: true, knows_itself: false, repositories, app: false },
    );
    let expires = later(&state.now, state.token_seconds);
    json_response(
        201,
        &json!({"token": token, "expires_at": expires, "permissions": {"pull_requests": "write"}}),
    )
}

/// Adds seconds to a time of one day; expiry in the tests never crosses midnight.
fn later(now: &str, seconds: u64) -> String {
    let field = |range: std::ops::Range<usize>| now[range].parse::<u64>().expect("a time");
    let total = field(11..13) * 3600 + field(14..16) * 60 + field(17..19) + seconds;
    format!("{}T{:02}:{:02}:{:02}Z", &now[..10], total / 3600, total / 60 % 60, total % 60)
}

fn in_repository(
    state: &mut State,
    call: &Call<'_>,
    identity: &Identity,
    name: &str,
    rest: &[&str],
    query: &str,
) -> Option<Response<Body>> {
    let short = name.rsplit('/').next().unwrap_or_default();
    let reachable = identity
        .repositories
        .as_ref()
        .is_none_or(|names| names.iter().any(|allowed| allowed == short));
    if !reachable || !state.repositories.contains_key(name) {
        return Some(error(404, "Not Found"));
    }
    let method = call.method.as_str();
    let parse = |number: &str| number.parse::<u64>().ok();
    match (method, rest) {
        ("GET", ["pulls", number]) => Some(pull(state, name, parse(number)?)),
        ("GET", ["pulls", number, "files"]) => {
            let files = files(state.repository(name).pulls.get(&parse(number)?)?);
            Some(page(call, query, &files.into_iter().take(3000).collect::<Vec<_>>(), None))
        }
        ("GET", ["compare", range]) => Some(compare(state.repository(name), range)),
        ("GET", ["contents", path @ ..]) => {
            Some(contents(state.repository(name), call, &decode(&path.join("/")), query))
        }
        ("GET", ["issues", number, "comments"]) => {
            let number = parse(number)?;
            let comments: Vec<Value> = state
                .repository(name)
                .comments
                .iter()
                .filter(|comment| comment.number == number)
                .map(|comment| comment_json(name, comment))
                .collect();
            Some(page(call, query, &comments, None))
        }
        ("POST", ["issues", number, "comments"]) => {
            Some(create_comment(state, identity, name, parse(number)?, call.body))
        }
        ("PATCH", ["issues", "comments", id]) => {
            Some(edit_comment(state.repository(name), identity, name, parse(id)?, call.body))
        }
        ("DELETE", ["issues", "comments", id]) => {
            Some(remove_comment(state.repository(name), identity, parse(id)?))
        }
        (_, ["check-runs", ..] | ["commits", _, "check-runs"]) => {
            checks::respond(state, call, identity, name, rest, query)
        }
        ("GET", ["actions", "runs"]) => Some(runs(state.repository(name), call, query)),
        ("GET", ["actions", "runs", run, "artifacts"]) => {
            let run = parse(run)?;
            let listed: Vec<Value> = state
                .repository(name)
                .artifacts
                .iter()
                .filter(|artifact| artifact.run == run)
                .map(artifact_json)
                .collect();
            Some(page(call, query, &listed, Some("artifacts")))
        }
        ("GET", ["actions", "artifacts", id, "zip"]) => {
            let id = parse(id)?;
            let known = state
                .repository(name)
                .artifacts
                .iter()
                .any(|artifact| artifact.id == id && !artifact.expired);
            // Another host, as in reality: the token must not follow the redirect.
            let place = format!("{}/download/{id}", call.url.replace("127.0.0.1", "localhost"));
            Some(if known { redirect(&place) } else { error(410, "Artifact has expired") })
        }
        _ => None,
    }
}

fn pull(state: &mut State, name: &str, number: u64) -> Response<Body> {
    let Some(pull) = state.repository(name).pulls.get(&number) else {
        return error(404, "Not Found");
    };
    let repository =
        pull.spec.head_repository.as_ref().map(|full_name| json!({"full_name": full_name}));
    let answer = json!({
        "number": number,
        "title": pull.spec.title,
        "state": pull.state,
        "draft": pull.spec.draft,
        "user": {"login": pull.spec.author, "type": "User"},
        "html_url": format!("https://github.com/{name}/pull/{number}"),
        "created_at": "2026-11-20T10:00:00Z",
        "base": {"sha": pull.base_sha, "ref": "main", "repo": {"full_name": name}},
        "head": {"sha": pull.head_sha, "ref": "topic", "repo": repository},
        "changed_files": files(pull).len(),
    });
    json_response(200, &answer)
}

fn compare(repository: &Repository, range: &str) -> Response<Body> {
    let Some((base, head)) = range.split_once("...") else { return error(404, "Not Found") };
    let pull =
        repository.pulls.values().find(|pull| pull.base_sha == base && pull.head_sha == head);
    match pull {
        Some(pull) => json_response(
            200,
            &json!({"status": "ahead", "merge_base_commit": {"sha": pull.merge_base}, "commits": []}),
        ),
        None => error(404, "No common ancestor"),
    }
}

fn contents(repository: &Repository, call: &Call<'_>, path: &str, query: &str) -> Response<Body> {
    let reference = decode(parameter(query, "ref").unwrap_or_default());
    let tip = repository
        .pulls
        .values()
        .next()
        .map(|pull| pull.base_sha.clone())
        .filter(|_| reference.is_empty() || reference == "main");
    let tree = repository.commits.get(&tip.unwrap_or(reference));
    let Some(bytes) = tree.and_then(|tree| tree.get(path)) else {
        return tree.and_then(|tree| folder(tree, path)).unwrap_or_else(|| error(404, "Not Found"));
    };
    if text(call.headers, "accept").contains("raw") {
        return response(200, "application/vnd.github.raw+json; charset=utf-8", bytes.clone());
    }
    json_response(
        200,
        &json!({"type": "file", "encoding": "base64", "path": path, "content": BASE64_STANDARD.encode(bytes)}),
    )
}

/// What lies right in a folder; `None` where there is no such folder.
fn folder(tree: &Tree, path: &str) -> Option<Response<Body>> {
    let below = format!("{path}/");
    let files = tree.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(&below)?, bytes)));
    let entries: Vec<Value> = files
        .filter(|(name, _)| !name.contains('/'))
        .map(|(name, bytes)| json!({"type": "file", "name": name, "size": bytes.len()}))
        .collect();
    (!entries.is_empty()).then(|| json_response(200, &json!(entries)))
}

fn comment_json(repository: &str, comment: &Comment) -> Value {
    let app = comment
        .by_app
        .then(|| json!({"id": APP_ID, "slug": comment.author.trim_end_matches("[bot]")}));
    json!({
        "id": comment.id,
        "body": comment.body,
        "user": {"login": comment.author, "type": if comment.author.ends_with("[bot]") { "Bot" } else { "User" }},
        "html_url": format!("https://github.com/{repository}/pull/{}#issuecomment-{}", comment.number, comment.id),
        "created_at": comment.created_at,
        "performed_via_github_app": app,
    })
}

/// The body of a comment, or GitHub's refusal.
fn comment_body(body: &str) -> Result<String, Box<Response<Body>>> {
    let value: Value =
        serde_json::from_str(body).map_err(|_| Box::new(error(400, "Problems parsing JSON")))?;
    let text = value["body"].as_str().filter(|text| !text.trim().is_empty());
    match text {
        None => Err(Box::new(error(422, "Validation Failed"))),
        Some(text) if text.chars().count() > 65_536 => {
            Err(Box::new(error(422, "Body is too long (maximum is 65536 characters)")))
        }
        Some(text) => Ok(text.to_owned()),
    }
}

fn create_comment(
    state: &mut State,
    identity: &Identity,
    name: &str,
    number: u64,
    body: &str,
) -> Response<Body> {
    if !state.repository(name).pulls.contains_key(&number) {
        return error(404, "Not Found");
    }
    match comment_body(body) {
        Ok(body) => {
            let comment = state.add_comment(name, number, &identity.login, identity.by_app, &body);
            json_response(201, &comment_json(name, &comment))
        }
        Err(refusal) => *refusal,
    }
}

fn edit_comment(
    repository: &mut Repository,
    identity: &Identity,
    name: &str,
    id: u64,
    body: &str,
) -> Response<Body> {
    let Some(comment) = repository.comments.iter_mut().find(|comment| comment.id == id) else {
        return error(404, "Not Found");
    };
    if comment.author != identity.login {
        return error(403, "You cannot edit this comment");
    }
    match comment_body(body) {
        Ok(body) => {
            comment.body = body;
            comment.edits += 1;
            json_response(200, &comment_json(name, comment))
        }
        Err(refusal) => *refusal,
    }
}

/// Stricter than GitHub, where whoever may write may delete what others wrote.
fn remove_comment(repository: &mut Repository, identity: &Identity, id: u64) -> Response<Body> {
    let Some(index) = repository.comments.iter().position(|comment| comment.id == id) else {
        return error(404, "Not Found");
    };
    if repository.comments[index].author != identity.login {
        return error(403, "You cannot delete this comment");
    }
    repository.comments.remove(index);
    Response::builder().status(204).body(Body::empty()).expect("a response")
}

/// Newest first, as GitHub lists them.
fn runs(repository: &Repository, call: &Call<'_>, query: &str) -> Response<Body> {
    let sha = parameter(query, "head_sha").unwrap_or_default();
    let runs: Vec<Value> = repository
        .artifacts
        .iter()
        .rev()
        .filter(|artifact| artifact.head_sha == sha)
        .map(|artifact| json!({"id": artifact.run, "head_sha": sha}))
        .collect();
    page(call, query, &runs, Some("workflow_runs"))
}

fn artifact_json(artifact: &Artifact) -> Value {
    json!({"id": artifact.id, "name": artifact.name, "size_in_bytes": artifact.zip.len(), "expired": artifact.expired})
}

/// The store behind an artifact's link: no token belongs here.
fn download(state: &State, call: &Call<'_>, id: &str) -> Response<Body> {
    if call.headers.contains_key(header::AUTHORIZATION) {
        return error(400, "Only one auth mechanism allowed");
    }
    let artifact = state
        .repositories
        .values()
        .flat_map(|repository| &repository.artifacts)
        .find(|artifact| artifact.id.to_string() == id);
    artifact.map_or_else(
        || error(404, "Not Found"),
        |artifact| response(200, "application/zip", artifact.zip.clone()),
    )
}

fn page(call: &Call<'_>, query: &str, items: &[Value], under: Option<&str>) -> Response<Body> {
    let number = |name: &str, default: usize| {
        parameter(query, name).and_then(|value| value.parse().ok()).unwrap_or(default).max(1)
    };
    let (per_page, page) = (number("per_page", 30).min(100), number("page", 1));
    let shown: Vec<&Value> = items.iter().skip((page - 1) * per_page).take(per_page).collect();
    let body =
        under.map_or_else(|| json!(shown), |name| json!({"total_count": items.len(), name: shown}));
    let mut response = json_response(200, &body);
    if page * per_page < items.len() {
        let path = call.path.split('?').next().unwrap_or_default();
        let link =
            format!("<{}{path}?per_page={per_page}&page={}>; rel=\"next\"", call.url, page + 1);
        response.headers_mut().insert(header::LINK, link.parse().expect("a link"));
    }
    response
}

/// The list of changed files between the merge base and head.
fn files(pull: &Pull) -> Vec<Value> {
    let (base, head) = (&pull.spec.base, &pull.spec.head);
    let mut gone: BTreeMap<&String, &Vec<u8>> =
        base.iter().filter(|(path, _)| !head.contains_key(*path)).collect();
    let mut files = Vec::new();
    for (path, after) in head {
        if let Some(before) = base.get(path) {
            if before != after {
                files.push(file(pull, "modified", path, None, Some(before), Some(after)));
            }
            continue;
        }
        let stated = pull.spec.renames.iter().find(|(_, to)| to == path).map(|(from, _)| from);
        let same = gone
            .iter()
            .find(|(_, before)| **before == after && !after.is_empty())
            .map(|(from, _)| *from);
        match stated.or(same).and_then(|from| gone.remove_entry(from)) {
            Some((from, before)) => {
                files.push(file(pull, "renamed", path, Some(from), Some(before), Some(after)));
            }
            None => files.push(file(pull, "added", path, None, None, Some(after))),
        }
    }
    files.extend(
        gone.into_iter()
            .map(|(path, before)| file(pull, "removed", path, None, Some(before), None)),
    );
    files.sort_by(|left, right| left["filename"].as_str().cmp(&right["filename"].as_str()));
    files
}

fn file(
    pull: &Pull,
    status: &str,
    path: &str,
    from: Option<&String>,
    before: Option<&Vec<u8>>,
    after: Option<&Vec<u8>>,
) -> Value {
    let empty = Vec::new();
    let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
    let binary = before.contains(&0) || after.contains(&0);
    let (hunks, additions, deletions) =
        if binary { (String::new(), 0, 0) } else { unified(before, after) };
    let mut entry = json!({
        "filename": path,
        "status": status,
        "sha": format!("{:040x}", after.len()),
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
    });
    if let Some(from) = from {
        entry["previous_filename"] = json!(from);
    }
    if !hunks.is_empty() && !pull.spec.without_patch.contains(path) {
        entry["patch"] = json!(hunks);
    }
    entry
}

/// A unified diff in the form that GitHub gives: no file header, and no newline at its end.
fn unified(before: &[u8], after: &[u8]) -> (String, usize, usize) {
    const CONTEXT: usize = 3;
    let (old, new): (Vec<_>, Vec<_>) = (
        before.split_inclusive(|byte| *byte == b'\n').collect(),
        after.split_inclusive(|byte| *byte == b'\n').collect(),
    );
    let input = InternedInput::new(before, after);
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let hunks: Vec<_> = diff
        .hunks()
        .map(|hunk| {
            (
                hunk.before.start as usize..hunk.before.end as usize,
                hunk.after.start as usize..hunk.after.end as usize,
            )
        })
        .collect();
    let mut patch = String::new();
    let groups = hunks.chunk_by(|left, right| right.0.start - left.0.end <= 2 * CONTEXT);
    for group in groups {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let lead = first.0.start.min(CONTEXT);
        let tail = (old.len() - last.0.end).min(CONTEXT);
        let (old_start, new_start) = (first.0.start - lead, first.1.start - lead);
        let (old_length, new_length) =
            (last.0.end + tail - old_start, last.1.end + tail - new_start);
        let _ = writeln!(
            patch,
            "@@ -{} +{} @@",
            span(old_start, old_length),
            span(new_start, new_length)
        );
        let mut at = old_start;
        for (removed, added) in group {
            old[at..removed.start].iter().for_each(|line| write_line(&mut patch, ' ', line));
            old[removed.clone()].iter().for_each(|line| write_line(&mut patch, '-', line));
            new[added.clone()].iter().for_each(|line| write_line(&mut patch, '+', line));
            at = removed.end;
        }
        old[at..at + tail].iter().for_each(|line| write_line(&mut patch, ' ', line));
    }
    let (added, removed) =
        (hunks.iter().map(|hunk| hunk.1.len()).sum(), hunks.iter().map(|hunk| hunk.0.len()).sum());
    (patch.trim_end_matches('\n').to_owned(), added, removed)
}

/// An empty side is counted from the line before it, and a length of 1 is left out.
fn span(start: usize, length: usize) -> String {
    match length {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{length}", start + 1),
    }
}

fn write_line(patch: &mut String, sign: char, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let _ = match text.strip_suffix('\n') {
        Some(text) => writeln!(patch, "{sign}{text}"),
        None => writeln!(patch, "{sign}{text}\n\\ No newline at end of file"),
    };
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

fn decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        let code = (*byte == b'%')
            .then(|| {
                std::str::from_utf8(after.get(..2)?)
                    .ok()
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            })
            .flatten();
        bytes.push(code.unwrap_or(*byte));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn response(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    let status = StatusCode::from_u16(status).expect("a status");
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .header("x-ratelimit-remaining", "4900")
        .body(body.into())
        .expect("a response")
}

fn redirect(location: &str) -> Response<Body> {
    Response::builder()
        .status(302)
        .header(header::LOCATION, location)
        .body(Body::empty())
        .expect("a response")
}

fn json_response(status: u16, value: &Value) -> Response<Body> {
    response(status, "application/json; charset=utf-8", value.to_string())
}

fn error(status: u16, message: &str) -> Response<Body> {
    json_response(
        status,
        &json!({"message": message, "documentation_url": "https://docs.github.com/rest"}),
    )
}
