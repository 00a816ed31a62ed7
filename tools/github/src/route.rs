//! A call as a trace shows it: by its method and route, without names and numbers of anybody's.

use http::{Method, StatusCode};
use tracing::Span;
use tracing::field::Empty;

/// Around one request.
pub(crate) fn span(method: &Method, path: &str) -> Span {
    let route = route(path);
    tracing::info_span!(
        "github_request",
        otel.kind = "client",
        otel.name = format!("{method} {route}"),
        otel.status_code = Empty,
        http.request.method = method.as_str(),
        url.template = route,
        http.response.status_code = Empty,
    )
}

/// Told to the span of the request that is under way. `None`: there was no answer.
pub(crate) fn record_answer(status: Option<StatusCode>) {
    let span = Span::current();
    if let Some(status) = status {
        span.record("http.response.status_code", i64::from(status.as_u16()));
    }
    if !status.is_some_and(|status| status.is_success()) {
        span.record("otel.status_code", "ERROR");
    }
}

/// `/repos/{owner}/{repo}/pulls/{id}/files`
fn route(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut route = String::new();
    for (index, &part) in parts.iter().enumerate() {
        let shown = match (parts[0], index) {
            ("repos", 1) => "{owner}",
            ("repos", 2) => "{repo}",
            ("repos", 4) if parts[3] == "compare" => "{range}",
            // A path has any number of parts.
            ("repos", 4) if parts[3] == "contents" => return route + "/{path}",
            _ if part.bytes().all(|byte| byte.is_ascii_digit()) => "{id}",
            _ if part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) => "{sha}",
            _ => part,
        };
        route.push('/');
        route.push_str(shown);
    }
    route
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_nobody() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let cases = [
            (
                "/repos/octo/shop/pulls/7/files?per_page=100",
                "/repos/{owner}/{repo}/pulls/{id}/files",
            ),
            (
                "/repos/octo/shop/contents/src/a%20b.py?ref=x",
                "/repos/{owner}/{repo}/contents/{path}",
            ),
            ("/repos/octo/repos/issues/comments/12", "/repos/{owner}/{repo}/issues/comments/{id}"),
            ("/repos/octo/shop/compare/a...b", "/repos/{owner}/{repo}/compare/{range}"),
            (
                &format!("/repos/octo/shop/commits/{sha}/check-runs"),
                "/repos/{owner}/{repo}/commits/{sha}/check-runs",
            ),
            ("/app/installations/7/access_tokens", "/app/installations/{id}/access_tokens"),
            ("/user", "/user"),
        ];
        for (path, expected) in cases {
            assert_eq!(route(path), expected);
        }
    }
}
