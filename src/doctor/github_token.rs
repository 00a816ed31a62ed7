//! A token: whose it is, what it may do, how much of its limit is left.

use github::{GitHub, GitHubError, RateLimit, TokenIdentity};

use super::{Check, Subject};

/// One of these lets a classic token comment: on all repositories that its user may write to, or on the public ones.
/// <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps>
const SCOPES: [&str; 2] = ["repo", "public_repo"];
/// A review takes some ten requests.
const FEW: u64 = 100;

pub(super) async fn look(github: &GitHub, _subject: &Subject) -> Vec<Check> {
    let mut checks = match github.token_identity().await {
        Ok(Some(identity)) => vec![token(&identity)],
        Ok(None) => return Vec::new(),
        Err(error) => return vec![refused(&error)],
    };
    match github.rate_limit().await {
        Ok(Some(limit)) => checks.push(rate(limit)),
        Ok(None) => checks.push(Check::ok("rate limit", "this server has none")),
        Err(error) => checks.push(Check::skipped("rate limit", error.to_string())),
    }
    checks
}

fn token(identity: &TokenIdentity) -> Check {
    const NAME: &str = "token";
    let Some(login) = &identity.login else {
        return Check::ok(NAME, "of a workflow, which ends with its job");
    };
    let Some(scopes) = &identity.scopes else {
        return Check::ok(
            NAME,
            format!("of {login}; fine-grained, whose permissions GitHub does not tell"),
        );
    };
    let listed = if scopes.is_empty() { "no scope".to_owned() } else { scopes.join(", ") };
    if !scopes.iter().any(|scope| SCOPES.contains(&scope.as_str())) {
        let fix = "make a fine-grained token with contents: read and pull requests: write, or give this one the scope `repo`";
        return Check::failed(NAME, format!("of {login}, with {listed}: it may not comment"), fix);
    }
    Check::ok(NAME, format!("of {login}, with {listed}"))
}

fn refused(error: &GitHubError) -> Check {
    let fix = match error {
        GitHubError::Unauthorized => {
            "make a new token at https://github.com/settings/personal-access-tokens and put it in its place"
        }
        GitHubError::RateLimited { .. } => "give the service a token of its own",
        _ => "see that this machine may open connections to GitHub, and try again",
    };
    Check::failed("token", error.to_string(), fix)
}

pub(super) fn rate(limit: RateLimit) -> Check {
    const NAME: &str = "rate limit";
    let seen = format!("{} of {} requests are left", limit.remaining, limit.limit);
    if limit.remaining < FEW {
        let seen = format!("{seen}, until {}", limit.resets.rfc3339());
        return Check::warning(NAME, seen, "give the service a token of its own, or a GitHub App");
    }
    Check::ok(NAME, seen)
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::super::Outcome;
    use super::*;

    #[test]
    fn a_classic_token_needs_a_scope_that_lets_it_comment() {
        let outcome = |scopes: Option<&[&str]>| {
            let scopes = scopes.map(|scopes| scopes.iter().map(ToString::to_string).collect());
            token(&TokenIdentity { login: Some("mona".into()), scopes, remaining: None }).outcome
        };
        assert_eq!(outcome(None), Outcome::Ok);
        assert_eq!(outcome(Some(&["gist", "repo"])), Outcome::Ok);
        assert_eq!(outcome(Some(&["read:user"])), Outcome::Failed);
        assert_eq!(outcome(Some(&[])), Outcome::Failed);
    }

    #[test]
    fn a_limit_that_is_nearly_used_up_is_told_with_its_end() {
        let limit = RateLimit { limit: 5000, remaining: 7, resets: Timestamp(0) };
        let check = rate(limit);
        assert_eq!(check.seen, "7 of 5000 requests are left, until 1970-01-01T00:00:00Z");
        assert_eq!(check.outcome, Outcome::Warning);
    }
}
