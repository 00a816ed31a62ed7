//! Whether GitHub can be reached, and whether both clocks agree.

use std::time::Duration;

use super::settings::is_app;
use super::{Check, Subject};

const NAME: &str = "clock";
/// An App signs its tokens for nine minutes from now, and GitHub takes ten at most: a clock that is a minute ahead is refused.
/// <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
const REFUSED: Duration = Duration::from_mins(1);
const NOTED: Duration = Duration::from_secs(30);
const FIX: &str = "let the system keep its time: `timedatectl set-ntp true`";

pub(super) async fn look(subject: &Subject) -> Vec<Check> {
    vec![one(subject).await]
}

async fn one(subject: &Subject) -> Check {
    let url = &subject.config.github.api_url;
    let anybody = match &subject.anybody {
        Ok(anybody) => anybody,
        Err(why) => return Check::failed("reach", why.clone(), "mend `api_url` under [github]"),
    };
    let theirs = match anybody.server_time().await {
        Ok(Some(theirs)) => theirs,
        Ok(None) => return Check::skipped(NAME, format!("{url} does not tell its time")),
        Err(error) => {
            let fix = format!(
                "see that this machine may open connections to {url}; https://www.githubstatus.com tells whether GitHub is ill"
            );
            return Check::failed("reach", error.to_string(), fix);
        }
    };
    let ours = (subject.clock)();
    let (ahead, behind) = (ours.since(theirs), theirs.since(ours));
    let off = ahead.max(behind);
    let direction = if ahead > behind { "ahead of" } else { "behind" };
    let seen = format!("{} s {direction} GitHub's", off.as_secs());
    if off > REFUSED && is_app(&subject.config) {
        Check::failed(NAME, format!("{seen}: it may refuse the App's tokens"), FIX)
    } else if off > NOTED {
        Check::warning(NAME, seen, FIX)
    } else {
        Check::ok(NAME, format!("{url} answers, and agrees on the time"))
    }
}
