-- Jobs, one row per delivery. A delivery's row outlives its job, so that a redelivery is recognized.
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY,
  delivery TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'superseded', 'failed')),
  body TEXT NOT NULL,
  enqueued_at INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  attempt INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  lease_until INTEGER,
  reason TEXT,
  ended_at INTEGER
) STRICT;

-- Of each pull request at most one job waits, and at most one runs. A job that waits beside one that runs is the newer.
CREATE UNIQUE INDEX jobs_waiting_by_key ON jobs (key) WHERE state = 'waiting';
CREATE UNIQUE INDEX jobs_running_by_key ON jobs (key) WHERE state = 'running';
CREATE INDEX jobs_due ON jobs (not_before) WHERE state = 'waiting';
CREATE INDEX jobs_leases ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_failed ON jobs (id) WHERE state = 'failed';
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;

-- The agent's runs, as of their last checkpoint.
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  revision INTEGER NOT NULL,
  finished INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_updated ON runs (updated_at);

CREATE TABLE reports (
  run_id TEXT PRIMARY KEY,
  repository TEXT NOT NULL,
  pull_request INTEGER NOT NULL,
  head_sha TEXT NOT NULL,
  markdown TEXT NOT NULL,
  json TEXT NOT NULL,
  posting_failed INTEGER NOT NULL,
  comment_url TEXT,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX reports_not_posted ON reports (at) WHERE posting_failed = 1;
CREATE INDEX reports_at ON reports (at);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  event TEXT NOT NULL,
  detail TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_of_run ON audit (run_id);
CREATE INDEX audit_at ON audit (at);
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE (ABORT, 'the audit trail is append-only');
END;

CREATE TABLE cache (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX cache_expires ON cache (expires);
