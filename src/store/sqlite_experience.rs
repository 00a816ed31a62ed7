//! What the router has learned, in the SQLite file. Of processes that share it, the last one's word stays.

use contract::Timestamp;
use model::router::Experience;
use rusqlite::{OptionalExtension, params};

use super::{Database, DatabaseError};

/// A place for one experience.
#[derive(Clone)]
pub struct SqliteExperience {
    database: Database,
}

impl SqliteExperience {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// What was kept last; nothing where there is none, or where it cannot be read by this version.
    pub async fn read(&self) -> Result<Experience, DatabaseError> {
        let query = "SELECT experience FROM router_experience WHERE id = 1";
        let kept = self.database.run(move |connection| {
            connection.query_row(query, [], |row| row.get::<_, String>(0)).optional()
        });
        let kept = kept.await?.unwrap_or_default();
        Ok(serde_json::from_str(&kept).unwrap_or_default())
    }

    pub async fn keep(&self, experience: &Experience, now: Timestamp) -> Result<(), DatabaseError> {
        let text = serde_json::to_string(experience).unwrap_or_default();
        let query = "
            INSERT OR REPLACE INTO router_experience (id, experience, kept_at) VALUES (1, ?, ?)";
        let written = self
            .database
            .run(move |connection| connection.prepare_cached(query)?.execute(params![text, now.0]));
        written.await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::router::{Complexity, Outcome, Task};

    use super::*;

    #[tokio::test]
    async fn what_was_learned_reads_back_and_the_last_word_stays() {
        let kept = SqliteExperience::new(Database::in_memory().unwrap());
        assert_eq!(kept.read().await.unwrap(), Experience::default());
        let mut experience = Experience::default();
        for usable in [0.5, 0.0] {
            experience.record(&Outcome {
                at: Timestamp(1),
                model_id: "gpt-4o".to_owned(),
                task: Task::Review,
                complexity: Complexity::Small,
                usable,
                latency: Duration::from_secs(3),
                cost_usd: 0.01,
            });
            kept.keep(&experience, Timestamp(1)).await.unwrap();
        }
        assert_eq!(kept.read().await.unwrap(), experience);
    }
}
