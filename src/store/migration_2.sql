-- What was learned of a repository, for its next pull requests.
CREATE TABLE memory (
  repository TEXT NOT NULL,
  key TEXT NOT NULL,
  text TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (repository, key)
) STRICT;
CREATE INDEX memory_newest ON memory (repository, at);
CREATE INDEX memory_at ON memory (at);
