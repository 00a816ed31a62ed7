//! Undoes gzip, within limits.

use std::borrow::Cow;
use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use crate::format::Fault;

/// Bytes of a profile as it is stored.
pub(crate) const MAX_STORED: usize = 64 << 20;
/// Bytes of a profile once inflated.
pub(crate) const MAX_INFLATED: usize = 256 << 20;

/// The bytes behind gzip, or the bytes themselves where they are not gzip.
pub(crate) fn inflate(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Fault> {
    if bytes.len() > MAX_STORED {
        return Err(Fault::too_large(format!("more than {} MiB", MAX_STORED >> 20)));
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    inflate_within(bytes, MAX_INFLATED).map(Cow::Owned)
}

fn inflate_within(bytes: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut inflated = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(limit as u64 + 1);
    reader
        .read_to_end(&mut inflated)
        .map_err(|error| Fault::at(format!("gzip, inflated byte {}", inflated.len()), error))?;
    if inflated.len() > limit {
        return Err(Fault::too_large(format!("more than {} MiB once inflated", limit >> 20)));
    }
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_undone_and_the_rest_left_alone() {
        assert_eq!(&*inflate(&gzip(b"a;b 1")).unwrap(), b"a;b 1");
        assert_eq!(&*inflate(b"a;b 1").unwrap(), b"a;b 1");
    }

    #[test]
    fn a_bomb_is_refused() {
        let fault = inflate_within(&gzip(&vec![0; 3 << 20]), 2 << 20).unwrap_err();
        assert_eq!(fault.to_string(), "more than 2 MiB once inflated");
        let fault = inflate(&vec![b'a'; MAX_STORED + 1]).unwrap_err();
        assert_eq!(fault.to_string(), "more than 64 MiB");
    }

    #[test]
    fn a_cut_archive_is_refused_with_its_place() {
        let whole = gzip(b"a;b 1\n".repeat(100).as_slice());
        let fault = inflate(&whole[..whole.len() - 9]).unwrap_err();
        assert!(fault.to_string().starts_with("gzip, inflated byte "), "{fault}");
    }
}
