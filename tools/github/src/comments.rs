//! The comments of a pull request: which are ours, and how each is written.

use contract::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::call::Call;
use crate::names::repository_path;
use crate::pull_request::PER_PAGE;
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
        let author = self.author().await?;
        for page in 1..=MOST_PAGES {
            let comments = self.comment_page(repository, number, page).await?;
            let last = comments.len() < PER_PAGE;
            let found = comments
                .into_iter()
                .find(|comment| author.wrote(comment) && comment.carries(marker));
            if found.is_some() || last {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whose comments are ours.
    pub async fn author(&self) -> Result<Author, GitHubError> {
        Ok(self.own_login().await?.map_or(Author::AnyApp, Author::Login))
    }

    /// All comments by this author that are of interest, oldest first.
    pub(crate) async fn comments_by(
        &self,
        repository: &str,
        number: u64,
        author: &Author,
        is_wanted: &(dyn Fn(&Comment) -> bool + Sync),
    ) -> Result<Vec<Comment>, GitHubError> {
        let mut wanted = Vec::new();
        for page in 1..=MOST_PAGES {
            let comments = self.comment_page(repository, number, page).await?;
            let last = comments.len() < PER_PAGE;
            wanted.extend(
                comments.into_iter().filter(|comment| author.wrote(comment) && is_wanted(comment)),
            );
            if last {
                break;
            }
        }
        wanted.sort_by_key(|comment| comment.id);
        Ok(wanted)
    }

    /// Comments come oldest first.
    async fn comment_page(
        &self,
        repository: &str,
        number: u64,
        page: usize,
    ) -> Result<Vec<Comment>, GitHubError> {
        let path = format!("{}/issues/{number}/comments", repository_path(repository)?);
        let call = Call::get(
            format!("{path}?per_page={PER_PAGE}&page={page}"),
            format!("the comments of {repository}#{number}"),
        );
        let comments: Vec<Answer> = self.json(&call).await?;
        Ok(comments.into_iter().map(Comment::from).collect())
    }

    pub(crate) async fn create(
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

    pub(crate) async fn edit(
        &self,
        repository: &str,
        id: u64,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let path = format!("{}/issues/comments/{id}", repository_path(repository)?);
        let call = Call::patch(
            path,
            format!("to update comment {id} in {repository}"),
            &json!({ "body": body }),
        );
        self.json::<Answer>(&call).await.map(Comment::from)
    }

    pub(crate) async fn delete(&self, repository: &str, id: u64) -> Result<(), GitHubError> {
        let path = format!("{}/issues/comments/{id}", repository_path(repository)?);
        let call = Call::delete(path, format!("to delete comment {id} in {repository}"));
        self.call(&call).await.map(drop)
    }
}

impl Comment {
    /// Whether this is a comment of the marker, and not one that quotes such a comment.
    pub(crate) fn carries(&self, marker: &str) -> bool {
        carries(&self.body, marker)
    }

    /// GitHub may give line ends back in another form.
    pub(crate) fn says(&self, body: &str) -> bool {
        self.body.trim_end().lines().eq(body.trim_end().lines())
    }
}

pub(crate) fn carries(body: &str, marker: &str) -> bool {
    body.lines().any(|line| line.contains(marker) && !line.trim_start().starts_with('>'))
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
