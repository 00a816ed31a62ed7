//! Stories of both services, against servers that answer like them.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world fails")]

mod fake;
mod profiler;
mod reviewer;
