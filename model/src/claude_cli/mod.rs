//! The local command line program `claude`, for whoever has a subscription and no key: one process per reply.
//!
//! What it takes and says was seen in its version 2.1.197, against a service that wrote down what came;
//! <https://code.claude.com/docs/en/cli-reference>.

mod command;
mod process;
mod said;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt, future, stream};

use self::process::Process;
use self::said::Talk;
use crate::{Call, Cause, Event, Events, ModelDriver, ModelError, Reply};

/// The variables that the program may need. Whoever reads the environment passes on those that are set, and no others.
pub const NEEDED: [&str; 14] = [
    "HOME",
    "PATH",
    "USER",
    "XDG_CONFIG_HOME",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
];

/// What the driver is set up with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub program: PathBuf,
    /// All that the program sees of the environment, but for the switches that this driver sets.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it runs. It looks around there, so this is no checkout.
    pub directory: PathBuf,
    /// For calls that name no model: an id, or an alias as `sonnet`; `None` leaves it to the program.
    pub model: Option<String>,
    /// How long it may say nothing.
    pub silence: Duration,
}

impl Settings {
    pub fn new(environment: Vec<(OsString, OsString)>) -> Self {
        Self {
            program: "claude".into(),
            environment,
            directory: "/".into(),
            model: None,
            silence: Duration::from_mins(2),
        }
    }
}

/// Models behind the program.
pub struct ClaudeCli {
    settings: Settings,
}

impl ClaudeCli {
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

#[async_trait]
impl ModelDriver for ClaudeCli {
    fn name(&self) -> &'static str {
        "claude_cli"
    }

    async fn converse(&self, call: &Call) -> Result<Reply, ModelError> {
        let mut events = self.stream(call).await?;
        while let Some(event) = events.next().await {
            if let Event::Finished(reply) = event? {
                return Ok(*reply);
            }
        }
        Err(ModelError::new(Cause::Interrupted, "`claude` ended within its answer"))
    }

    async fn stream(&self, call: &Call) -> Result<Events, ModelError> {
        let model = call.model.as_deref().or(self.settings.model.as_deref());
        let mut command = command::of(call, model)?;
        let talk = Talk::new(model, std::mem::take(&mut command.normalized));
        let process = Process::start(&self.settings, command, call.deadline)?;
        let mut open = Open { process, talk };
        let Some(first) = open.next().await.transpose()? else {
            return Err(ModelError::new(Cause::Interrupted, "`claude` said nothing"));
        };
        let rest = stream::unfold(open, async |mut open| Some((open.next().await?, open)));
        Ok(Box::pin(stream::once(future::ready(Ok(first))).chain(rest)))
    }
}

/// A program that talks. Dropping it ends the program.
struct Open {
    process: Process,
    talk: Talk,
}

impl Open {
    async fn next(&mut self) -> Option<Result<Event, ModelError>> {
        loop {
            if let Some(event) = self.talk.told.pop_front() {
                return Some(Ok(event));
            }
            if self.talk.ended {
                self.process.end();
                return None;
            }
            // What was said before it was told first.
            if let Some(error) = self.talk.failed.take() {
                self.talk.ended = true;
                return Some(Err(error));
            }
            let said = match self.process.line().await {
                Ok(Some(line)) => self.talk.on_line(line),
                Ok(None) => Err(self.process.ended_early().await),
                Err(error) => Err(error),
            };
            self.talk.failed = said.err();
        }
    }
}
