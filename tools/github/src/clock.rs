//! GitHub's clock. A token that an App signs for itself holds only while both clocks agree.

use contract::Timestamp;
use http::header;

use crate::call::Call;
use crate::{GitHub, GitHubError};

impl GitHub {
    /// The time that GitHub writes on whatever it answers, a refusal as well; `None` where it writes none.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, GitHubError> {
        let request = Call::get("/rate_limit".into(), "GitHub's clock").request()?;
        let answer =
            tokio::time::timeout(self.patience.attempt, self.octocrab.execute(request)).await;
        let response =
            answer
                .map_err(|_| GitHubError::Unavailable("it does not answer".into()))?
                .map_err(|error| GitHubError::Unavailable(crate::exchange::reason(&error)))?;
        let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        Ok(date.and_then(Timestamp::parse_http))
    }
}
