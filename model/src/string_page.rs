//! What strings of JSON are read onto and written on: a piece at a time, before it joins the whole.
//!
//! Code has something to escape every few words. So 64 bytes are looked through at once for what does not stand for itself,
//! and what is between two of those is copied 32 bytes at a time, whether it is as long or not; what is too much is
//! written over by what comes next.

/// What is looked through at once; a bit of a word for each byte.
pub(crate) const BLOCK: usize = 64;
/// What is copied at once. As much is readable behind a block, so that no copy must end exactly.
const STEP: usize = 32;
const PAGE: usize = 1024;

/// A block, and what is behind it.
pub(crate) type Window = [u8; BLOCK + STEP];

/// A bit for each byte of the block that does not stand for itself, that is for quotes, backslashes and control
/// characters; the first byte's is the lowest.
pub(crate) fn specials(window: &Window) -> u64 {
    let mut found = [0_u8; BLOCK];
    for (found, byte) in found.iter_mut().zip(window) {
        *found = u8::from(*byte < 0x20) | u8::from(*byte == b'"') | u8::from(*byte == b'\\');
    }
    let (words, _) = found.as_chunks::<8>();
    // Multiplied so, the lowest bits of eight bytes come together in the highest byte.
    let gathered =
        |word: &[u8; 8]| u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    words.iter().rev().fold(0, |bits, word| bits << 8 | gathered(word))
}

pub(crate) struct Page {
    bytes: [u8; PAGE],
    length: usize,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; PAGE], length: 0 }
    }

    /// Whether so many more can be written, and what is copied beyond them.
    pub(crate) fn has_place(&self, bytes: usize) -> bool {
        self.length + bytes + STEP <= PAGE
    }

    /// So many bytes of the window; there must be place.
    pub(crate) fn copy(&mut self, window: &Window, from: usize, length: usize) {
        self.step(window, from, 0);
        if length > STEP {
            self.step(window, from, STEP);
        }
        self.length += length;
    }

    fn step(&mut self, window: &Window, from: usize, ahead: usize) {
        let source = window.get(from + ahead..).and_then(<[u8]>::first_chunk::<STEP>);
        let target = self.bytes.get_mut(self.length + ahead..);
        let target = target.and_then(<[u8]>::first_chunk_mut::<STEP>);
        if let (Some(source), Some(target)) = (source, target) {
            *target = *source;
        }
    }

    /// The first so many of these bytes; there must be place for all.
    pub(crate) fn push<const MOST: usize>(&mut self, bytes: [u8; MOST], length: usize) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + MOST) {
            place.copy_from_slice(&bytes);
            self.length += length;
        }
    }

    pub(crate) fn written(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_special_byte_has_its_bit(bytes in proptest::array::uniform32(0_u8..), more in proptest::array::uniform32(0_u8..128)) {
            let mut window = [0; BLOCK + STEP];
            window[..32].copy_from_slice(&bytes);
            window[32..BLOCK].copy_from_slice(&more);
            let found = specials(&window);
            for (at, byte) in window[..BLOCK].iter().enumerate() {
                let is_special = *byte < 0x20 || *byte == b'"' || *byte == b'\\';
                prop_assert_eq!(found >> at & 1 == 1, is_special, "{} at {}", byte, at);
            }
        }
    }
}
