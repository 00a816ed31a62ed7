//! Null in what callers send: clients that write out every field write it for what they leave out.

use serde::{Deserialize, Deserializer};

/// For a field with a default: null is it, too.
pub fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
