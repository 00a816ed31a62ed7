//! One comment per pull request: written once, kept up to date, and one again after two workers wrote at the same time.
//!
//! GitHub has no way to say "only if there is none yet". So whoever has written a comment looks again: of all that are
//! ours, the one with the lowest id stays. Ids rise, so whoever wrote a later one sees the earlier one and takes its own
//! away; nobody deletes the lowest, so one always remains.

use crate::comments::{Author, Comment, carries};
use crate::shorten::{COMMENT_LIMIT, shorten};
use crate::{GitHub, GitHubError};

/// The comment as it stands after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub id: u64,
    pub url: String,
    pub created: bool,
}

/// What shall be there in the end.
struct Wanted<'a> {
    repository: &'a str,
    number: u64,
    marker: &'a str,
    body: String,
    update_existing: bool,
}

impl Wanted<'_> {
    fn is_it(&self, comment: &Comment) -> bool {
        if self.update_existing { comment.carries(self.marker) } else { comment.says(&self.body) }
    }
}

impl GitHub {
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
        let body = if carries(body, marker) {
            shorten(body, COMMENT_LIMIT)
        } else {
            shorten(&format!("{body}\n\n{marker}"), COMMENT_LIMIT)
        };
        let wanted = Wanted { repository, number, marker, body, update_existing };
        let mut waits = self.patience.waits.iter();
        let (mut written, mut unsure) = (None, false);
        loop {
            let ours = self.ours(&wanted, written.as_ref()).await?;
            let result = if ours.is_empty() {
                self.create(repository, number, &wanted.body).await.map(|comment| {
                    written = Some(comment);
                    None
                })
            } else {
                self.settle(&wanted, &ours, written.as_ref()).await.map(Some)
            };
            match result {
                Ok(Some(posted)) => {
                    return Ok(Posted { created: posted.created || unsure, ..posted });
                }
                // Written. Was another worker as quick?
                Ok(None) => {}
                // Whether it is there now is unknown: look again before another one is written.
                Err(error) if ours.is_empty() && error.is_ambiguous() => {
                    let Some(wait) = waits.next() else { return Err(error) };
                    unsure = true;
                    self.sleep(*wait).await;
                }
                // It was deleted since it was found.
                Err(GitHubError::NotFound(_)) if !ours.is_empty() && waits.next().is_some() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// All comments that are what is wanted, the oldest first.
    async fn ours(
        &self,
        wanted: &Wanted<'_>,
        written: Option<&Comment>,
    ) -> Result<Vec<Comment>, GitHubError> {
        let author = match written {
            // Now we know for certain under which name we write.
            Some(comment) => Author::Login(comment.author.clone()),
            None => self.author().await?,
        };
        let is_it = |comment: &Comment| wanted.is_it(comment);
        let mut ours = self.comments_by(wanted.repository, wanted.number, &author, &is_it).await?;
        // GitHub's list may lag behind its answer to a write.
        if let Some(written) = written
            && ours.iter().all(|comment| comment.id != written.id)
        {
            ours.push(written.clone());
            ours.sort_by_key(|comment| comment.id);
        }
        if matches!(author, Author::AnyApp) {
            // Which of several is ours cannot be told, so none is deleted.
            ours.truncate(1);
        }
        Ok(ours)
    }

    /// Brings the oldest up to date, then removes the others: in this order a crash leaves one too many and never none.
    async fn settle(
        &self,
        wanted: &Wanted<'_>,
        ours: &[Comment],
        written: Option<&Comment>,
    ) -> Result<Posted, GitHubError> {
        let [oldest, others @ ..] = ours else {
            return Err(GitHubError::NotFound("our comment".into()));
        };
        let is_written = |comment: &Comment| written.is_some_and(|own| own.id == comment.id);
        // Whoever has edited what we have just written did so later: a reader may have ticked a box.
        let current = if is_written(oldest) || oldest.says(&wanted.body) {
            Ok(())
        } else {
            self.edit(wanted.repository, oldest.id, &wanted.body).await.map(drop)
        };
        // What we have just written is ours to take back, whoever holds the review by now.
        if let Some(own) = others.iter().find(|comment| is_written(comment))
            && matches!(current, Ok(()) | Err(GitHubError::NotOurs))
        {
            self.unasked().remove(wanted.repository, own.id).await?;
        }
        current?;
        for other in others.iter().filter(|comment| !is_written(comment)) {
            self.remove(wanted.repository, other.id).await?;
        }
        Ok(Posted { id: oldest.id, url: oldest.url.clone(), created: is_written(oldest) })
    }

    async fn remove(&self, repository: &str, id: u64) -> Result<(), GitHubError> {
        match self.delete(repository, id).await {
            Ok(()) => {
                tracing::info!(repository, comment = id, "removed a comment that stood twice");
                Ok(())
            }
            // Another worker saw it, too.
            Err(GitHubError::NotFound(_)) => Ok(()),
            // Trying again would not help, and the report is up to date.
            Err(error @ GitHubError::Forbidden(_)) => {
                tracing::warn!(repository, comment = id, %error, "a second comment stays");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
