-- What is spent of each budget, and what is leased to processes for spending; in thousand-millionths of a US dollar.
CREATE TABLE budget_accounts (
  scope TEXT PRIMARY KEY,
  spent INTEGER NOT NULL DEFAULT 0,
  leased INTEGER NOT NULL DEFAULT 0,
  touched_at INTEGER NOT NULL
) STRICT;
CREATE INDEX budget_accounts_touched ON budget_accounts (touched_at);

-- Of an account's `leased`, who holds how much. One that has expired was held by a process that has crashed.
CREATE TABLE budget_leases (
  scope TEXT NOT NULL,
  lease INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, lease)
) STRICT;

-- Calls of models: what each took and cost, and nothing of what was said.
CREATE TABLE model_calls (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  agent TEXT,
  task TEXT,
  model TEXT NOT NULL,
  driver TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  nanodollars INTEGER,
  latency_ms INTEGER NOT NULL,
  error TEXT,
  estimated INTEGER NOT NULL,
  prefix_hash INTEGER,
  prefix_tokens INTEGER
) STRICT;
CREATE INDEX model_calls_at ON model_calls (at);
