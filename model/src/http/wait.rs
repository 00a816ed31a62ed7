//! How long a service asks to be left alone.

use std::time::Duration;

use http::HeaderMap;

/// A service that asks for more than this is not worth waiting for, and a hostile one must not stop a model for a day.
const LONGEST: Duration = Duration::from_mins(5);

/// `retry-after-ms`, else `retry-after` in seconds. Dates are not read.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|ms| ms / 1000.0).or(number("retry-after"))?;
    // `max` and `min` would make a number of what is none.
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_either_unit_and_never_too_long() {
        let wait = |headers: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            retry_after(&map).map(|wait| wait.as_millis())
        };
        assert_eq!(wait(&[("retry-after", "3")]), Some(3000));
        assert_eq!(wait(&[("retry-after", "3"), ("retry-after-ms", "250")]), Some(250));
        assert_eq!(wait(&[("retry-after", "1e300")]), Some(300_000));
        assert_eq!(wait(&[("retry-after", "NaN")]), None);
        assert_eq!(wait(&[("retry-after", "-1")]), None);
        assert_eq!(wait(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]), None);
        assert_eq!(wait(&[]), None);
    }
}
