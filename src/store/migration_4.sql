-- What became of calls for which the gateway chose the model: one text, as the router writes it.
CREATE TABLE router_experience (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  experience TEXT NOT NULL,
  kept_at INTEGER NOT NULL
) STRICT;
