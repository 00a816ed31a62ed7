//! One comment per pull request, found again by a hidden marker and its author.

use contract::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::call::Call;
use crate::names::repository_path;
use crate::pull_request::PER_PAGE;
use crate::shorten::{COMMENT_LIMIT, shorten};
use crate::{GitHub, GitHubError};

/// Comments are read up to here; a conversation of 20,000 comments has no reader.
const MOST_PAGES: usize = 200;

/// A comment on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    pub url: String,
    pub body: String,
    pub author: String,
    pub created: Option<Timestamp>,
    /// Written by an App, of which a workflow is one.
    pub by_app: bool,
}

/// The comment as it stands after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: u64,
    pub url: String,
    pub created: bool,
}

/// Whose comments count as our own.
///
/// The marker alone would let anybody who writes it take the report's place, or hand us a false ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    Login(String),
    /// GitHub does not tell a workflow's token who it is. What it writes is marked as written by an App, which people cannot feign.
    AnyApp,
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    html_url: String,
    body: Option<String>,
    user: Option<User>,
    created_at: Option<String>,
    performed_via_github_app: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct User {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl GitHub {
    /// Our own oldest comment with the marker.
    pub async fn find_comment(
        &self,
        repository: &str,
        number: u64,
        marker: &str,
    ) -> Result<Option<Comment>, GitHubError> {
        self.find(repository, number, &|comment| comment.body.contains(marker)).await
    }

    /// Leaves one comment with this body: updates ours, or writes it.
    ///
    /// With `update_existing` false it writes another one, unless ours with the very same text is there from a call that was cut off.
    /// A body without the marker gets it; one that is too long for GitHub is shortened.
    pub async fn upsert_comment(
        &self,
        repository: &str,
        number: u64,
        marker: &str,
        body: &str,
        update_existing: bool,
    ) -> Result<Posted, GitHubError> {
        let body = if body.contains(marker) {
            shorten(body, COMMENT_LIMIT)
        } else {
            shorten(&format!("{body}\n\n{marker}"), COMMENT_LIMIT)
        };
        let is_ours = |comment: &Comment| {
            if update_existing {
                comment.body.contains(marker)
            } else {
                is_same(&comment.body, &body)
            }
        };
        let mut waits = self.patience.waits.iter();
        let mut tried = false;
        loop {
            let found = self.find(repository, number, &is_ours).await?;
            let creating = found.is_none();
            let result = match found {
                Some(comment) if is_same(&comment.body, &body) => {
                    return Ok(Posted { id: comment.id, url: comment.url, created: tried });
                }
                Some(comment) => self.edit(repository, comment.id, &body).await,
                None => self.create(repository, number, &body).await,
            };
            match result {
                Ok(comment) => {
                    return Ok(Posted {
                        id: comment.id,
                        url: comment.url,
                        created: creating || tried,
                    });
                }
                // Whether it is there now is unknown: look again before another one is written.
                Err(error) if creating && error.is_ambiguous() => {
                    let Some(wait) = waits.next() else { return Err(error) };
                    tried = true;
                    self.sleep(*wait).await;
                }
                // It was deleted since it was found.
                Err(GitHubError::NotFound(_)) if !creating && waits.next().is_some() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whose comments are ours.
    pub async fn author(&self) -> Result<Author, GitHubError> {
        Ok(self.own_login().await?.map_or(Author::AnyApp, Author::Login))
    }

    /// Comments come oldest first.
    async fn find(
        &self,
        repository: &str,
        number: u64,
        is_ours: &(dyn Fn(&Comment) -> bool + Sync),
    ) -> Result<Option<Comment>, GitHubError> {
        let author = self.author().await?;
        let path = format!("{}/issues/{number}/comments", repository_path(repository)?);
        for page in 1..=MOST_PAGES {
            let call = Call::get(
                format!("{path}?per_page={PER_PAGE}&page={page}"),
                format!("the comments of {repository}#{number}"),
            );
            let comments: Vec<Answer> = self.json(&call).await?;
            let last = comments.len() < PER_PAGE;
            let found = comments
                .into_iter()
                .map(Comment::from)
                .find(|comment| author.wrote(comment) && is_ours(comment));
            if found.is_some() || last {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn create(
        &self,
        repository: &str,
        number: u64,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let path = format!("{}/issues/{number}/comments", repository_path(repository)?);
        let call = Call::post(
            path,
            format!("to comment on {repository}#{number}"),
            &json!({ "body": body }),
        );
        self.json::<Answer>(&call).await.map(Comment::from)
    }

    async fn edit(&self, repository: &str, id: u64, body: &str) -> Result<Comment, GitHubError> {
        let path = format!("{}/issues/comments/{id}", repository_path(repository)?);
        let call = Call::patch(
            path,
            format!("to update comment {id} in {repository}"),
            &json!({ "body": body }),
        );
        self.json::<Answer>(&call).await.map(Comment::from)
    }
}

impl Author {
    fn wrote(&self, comment: &Comment) -> bool {
        match self {
            Self::Login(login) => comment.author.eq_ignore_ascii_case(login),
            Self::AnyApp => comment.by_app,
        }
    }
}

impl From<Answer> for Comment {
    fn from(answer: Answer) -> Self {
        let bot = answer.user.as_ref().is_some_and(|user| user.kind == "Bot");
        Self {
            id: answer.id,
            url: answer.html_url,
            body: answer.body.unwrap_or_default(),
            author: answer.user.map_or_else(|| "ghost".to_owned(), |user| user.login),
            created: answer.created_at.as_deref().and_then(Timestamp::parse_rfc3339),
            by_app: bot && answer.performed_via_github_app.is_some(),
        }
    }
}

/// GitHub may give line ends back in another form.
fn is_same(left: &str, right: &str) -> bool {
    left.trim_end().lines().eq(right.trim_end().lines())
}
