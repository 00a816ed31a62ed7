//! The GitHub App: its permissions and events, where GitHub delivers, who has it, and what was not delivered.

use std::time::Duration;

use github::{App, FailedDelivery, GitHub, GitHubError, HookConfig, Installation, Permissions};

use super::{Check, Look, Subject};

/// A comment under a pull request is allowed by `pull_requests` or `issues`, and reading it by the former.
/// <https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps>
const NEEDED: [(&str, &str); 3] =
    [("contents", "read"), ("metadata", "read"), ("pull_requests", "write")];
const EVENT: &str = "pull_request";
const LEVELS: [&str; 3] = ["read", "write", "admin"];
const LOOK_BACK: Duration = Duration::from_hours(24);
const MOST_NAMED: usize = 5;

pub(super) fn looks<'a>(github: &'a GitHub, subject: &'a Subject) -> Vec<Look<'a>> {
    vec![
        ("App", Box::pin(async move { about_app(github.app().await) })),
        ("webhook", Box::pin(async move { vec![webhook(github.hook_config().await)] })),
        ("installations", Box::pin(async move { installations(github.installations().await) })),
        (
            "deliveries",
            Box::pin(async move {
                let since = (subject.clock)() - LOOK_BACK;
                vec![deliveries(github.failed_deliveries(since).await)]
            }),
        ),
    ]
}

fn about_app(app: Result<App, GitHubError>) -> Vec<Check> {
    let app = match app {
        Ok(app) => app,
        Err(error) => return vec![refused("App", &error)],
    };
    let place =
        format!("at GitHub: Developer settings, GitHub Apps, {}, Permissions & events", app.name);
    let lacking = lacking(&app.permissions);
    let permissions = if lacking.is_empty() {
        Check::ok("permissions", said(&app.permissions))
    } else {
        let seen = format!("{} lacks {}", app.slug, lacking.join(", "));
        Check::failed(
            "permissions",
            seen,
            format!("{place}: add {}; then accept it in each installation", lacking.join(", ")),
        )
    };
    let events = if app.events.iter().any(|event| event == EVENT) {
        Check::ok("events", app.events.join(", "))
    } else {
        Check::failed(
            "events",
            "the App is not told of pull requests",
            format!("{place}: subscribe to Pull request"),
        )
    };
    let mut checks =
        vec![Check::ok("App", format!("{} ({})", app.name, app.id)), permissions, events];
    if !has(&app.permissions, "actions", "read") {
        let why = "no `actions: read`; only repositories with `profile_artifact` need it";
        checks.push(Check::skipped("CI artifacts", why));
    }
    if !has(&app.permissions, "checks", "write") {
        let why = "no `checks: write`; without it there is a comment and no check run";
        checks.push(Check::skipped("check runs", why));
    }
    checks
}

/// What is missing, as `contents: read`.
fn lacking(permissions: &Permissions) -> Vec<String> {
    let lacking = NEEDED.iter().filter(|(name, level)| !has(permissions, name, level));
    lacking.map(|(name, level)| format!("{name}: {level}")).collect()
}

fn has(permissions: &Permissions, name: &str, level: &str) -> bool {
    let rank = |level: &str| LEVELS.iter().position(|known| *known == level);
    permissions.get(name).is_some_and(|given| rank(given) >= rank(level))
}

fn said(permissions: &Permissions) -> String {
    permissions
        .iter()
        .map(|(name, level)| format!("{name}: {level}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn webhook(hook: Result<HookConfig, GitHubError>) -> Check {
    const NAME: &str = "webhook";
    let place = "at GitHub: Developer settings, GitHub Apps, General, Webhook";
    let failed = |seen: String, fix: &str| Check::failed(NAME, seen, format!("{place}: {fix}"));
    let hook = match hook {
        Ok(hook) => hook,
        Err(GitHubError::NotFound(_)) => {
            return failed(
                "the App has none".into(),
                "activate it, with the URL that ends in /webhook",
            );
        }
        Err(error) => return refused(NAME, &error),
    };
    let Some(url) = hook.url.filter(|url| !url.is_empty()) else {
        return failed("it has no URL".into(), "give it the URL that ends in /webhook");
    };
    if !url.ends_with("/webhook") {
        return failed(
            format!("{url} is not where deliveries are taken"),
            "let the URL end in /webhook",
        );
    }
    if !hook.has_secret {
        return failed(
            format!("{url}; deliveries are not signed, so all are refused"),
            "give it the webhook's secret",
        );
    }
    if hook.insecure_ssl || !url.starts_with("https://") {
        let fix = format!("{place}: an https URL, and SSL verification enabled");
        return Check::warning(
            NAME,
            format!("{url}; GitHub does not check who takes the deliveries"),
            fix,
        );
    }
    let form = hook.content_type.unwrap_or_else(|| "form".to_owned());
    Check::ok(NAME, format!("{url}, signed, as {form}"))
}

fn installations(installations: Result<Vec<Installation>, GitHubError>) -> Vec<Check> {
    const NAME: &str = "installations";
    let installations = match installations {
        Ok(installations) => installations,
        Err(error) => return vec![refused(NAME, &error)],
    };
    if installations.is_empty() {
        let fix = "install it: at GitHub: Developer settings, GitHub Apps, Install App";
        return vec![Check::failed(NAME, "nobody has installed the App", fix)];
    }
    let mut checks: Vec<_> = installations.iter().filter_map(trouble).collect();
    if checks.is_empty() {
        let named: Vec<_> = installations.iter().take(MOST_NAMED).map(extent).collect();
        let more = installations.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        checks.push(Check::ok(NAME, format!("{}{more}", named.join(", "))));
    }
    checks
}

fn extent(installation: &Installation) -> String {
    let what =
        if installation.all_repositories { "all repositories" } else { "chosen repositories" };
    format!("{} ({what})", installation.account)
}

fn trouble(installation: &Installation) -> Option<Check> {
    let name = "installations";
    let account = &installation.account;
    let place = format!("{account} opens Settings, GitHub Apps, Configure");
    if installation.suspended {
        return Some(Check::failed(
            name,
            format!("{account} has suspended the App"),
            format!("{place}, Unsuspend"),
        ));
    }
    let lacking = lacking(&installation.permissions);
    (!lacking.is_empty()).then(|| {
        let seen = format!("{account} has not agreed to {}", lacking.join(", "));
        Check::failed(name, seen, format!("{place}, Review request"))
    })
}

fn deliveries(failed: Result<Vec<FailedDelivery>, GitHubError>) -> Check {
    const NAME: &str = "deliveries";
    let failed = match failed {
        Ok(failed) => failed,
        Err(GitHubError::NotFound(_)) => return Check::skipped(NAME, "the App has no webhook"),
        Err(error) => return refused(NAME, &error),
    };
    let Some(latest) = failed.last() else {
        return Check::ok(NAME, "all of the last 24 hours arrived");
    };
    let unsigned = failed.iter().filter(|delivery| delivery.status_code == 401).count();
    if unsigned > 0 {
        let seen =
            format!("{unsigned} of the last 24 hours refused: GitHub signs with another secret");
        let fix = "give the webhook at GitHub the secret that the server has";
        return Check::failed(NAME, seen, fix);
    }
    let status = match latest.status_code {
        0 => "nobody answered the latest".to_owned(),
        code => format!("the latest was answered {code}"),
    };
    let fix = "start the server and see that GitHub reaches it; then Redeliver, at GitHub: Advanced, Recent Deliveries";
    Check::warning(NAME, format!("{} of the last 24 hours failed; {status}", failed.len()), fix)
}

fn refused(name: &str, error: &GitHubError) -> Check {
    let fix = match error {
        GitHubError::Unauthorized => {
            "give the App's id and a private key of the same App: Developer settings, GitHub Apps, General, Private keys"
        }
        GitHubError::RateLimited { .. } => "wait until then, and try again",
        _ => "see that this machine may open connections to GitHub, and try again",
    };
    Check::failed(name, error.to_string(), fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(given: &[(&str, &str)]) -> Permissions {
        given.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect()
    }

    #[test]
    fn more_than_what_is_needed_is_enough() {
        let given = [("contents", "write"), ("metadata", "read"), ("pull_requests", "write")];
        assert!(lacking(&permissions(&given)).is_empty());
    }

    #[test]
    fn less_is_named() {
        let given = permissions(&[("metadata", "read"), ("pull_requests", "read")]);
        assert_eq!(lacking(&given), ["contents: read", "pull_requests: write"]);
    }
}
