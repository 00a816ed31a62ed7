-- Batches of settlements that are booked: one that is told again is known by its number.
CREATE TABLE budget_batches (
  id INTEGER PRIMARY KEY,
  booked_at INTEGER NOT NULL
) STRICT;
CREATE INDEX budget_batches_booked ON budget_batches (booked_at);
