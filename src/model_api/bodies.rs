//! Memory for long bodies, used again. One is filled by one thread and given back by another, and what moves so between
//! threads allocators keep for either.

use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Shorter ones are left to the allocator.
const LONG: usize = 64 << 10;
/// Lengths are rounded up to a multiple of this, so that bodies of about the same length fit into each other's places.
const STEP: usize = 64 << 10;
/// More is not set aside for what is only said to come, and longer ones are not kept.
const LONGEST: usize = 1 << 20;
/// All that is kept while nobody needs it.
const MOST_KEPT: usize = 16 << 20;

/// Places that are free; clones share them.
#[derive(Clone, Default)]
pub struct Bodies(Arc<Mutex<Vec<Vec<u8>>>>);

/// A body on its way in.
pub(super) struct Filling {
    bytes: Vec<u8>,
    home: Bodies,
}

impl Bodies {
    /// For a body that is said to have this length, in bytes.
    pub(super) fn start(&self, length: usize) -> Filling {
        let length = length.min(LONGEST);
        let bytes = if length < LONG {
            Vec::with_capacity(length)
        } else {
            self.take(length).unwrap_or_else(|| Vec::with_capacity(length.next_multiple_of(STEP)))
        };
        Filling { bytes, home: self.clone() }
    }

    fn take(&self, length: usize) -> Option<Vec<u8>> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = free.iter().rposition(|place| place.capacity() >= length)?;
        Some(free.swap_remove(fits))
    }

    fn give_back(&self, mut place: Vec<u8>) {
        if !(LONG..=LONGEST).contains(&place.capacity()) {
            return;
        }
        place.clear();
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if place.capacity() + free.iter().map(Vec::capacity).sum::<usize>() <= MOST_KEPT {
            free.push(place);
        }
    }
}

impl Filling {
    pub(super) fn length(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn add(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
    }

    pub(super) fn done(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Filling {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.home.give_back(mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a body of this length lies, as long as it is there.
    fn filled(bodies: &Bodies, length: usize, with: u8) -> Bytes {
        let mut filling = bodies.start(length);
        filling.add(&vec![with; length]);
        let body = filling.done();
        assert!(body.len() == length && body.iter().all(|byte| *byte == with));
        body
    }

    fn kept(bodies: &Bodies) -> Vec<usize> {
        bodies.0.lock().unwrap().iter().map(Vec::capacity).collect()
    }

    #[test]
    fn the_place_of_a_body_is_used_again_once_no_part_of_it_is_held() {
        let bodies = Bodies::default();
        let first = filled(&bodies, 200_000, b'a');
        let (place, part) = (first.as_ptr(), first.slice(5..9));
        drop(first);
        assert_ne!(filled(&bodies, 200_000, b'b').as_ptr(), place);
        assert_eq!(&*part, b"aaaa");
        drop(part);
        assert_eq!(kept(&bodies), [4 * STEP, 4 * STEP]);
        let (one, other) = (filled(&bodies, 250_000, b'c'), filled(&bodies, 70_000, b'd'));
        assert!([one.as_ptr(), other.as_ptr()].contains(&place));
        assert!(kept(&bodies).is_empty());
        // What is longer gets a place of its own.
        assert_eq!(filled(&bodies, 300_000, b'e').len(), 300_000);
    }

    #[test]
    fn only_so_much_is_kept() {
        let bodies = Bodies::default();
        drop(filled(&bodies, 1000, b'a'));
        drop(filled(&bodies, LONGEST + 1, b'a'));
        assert!(kept(&bodies).is_empty());
        let many: Vec<_> = (0..40).map(|_| filled(&bodies, LONGEST, b'a')).collect();
        drop(many);
        assert_eq!(kept(&bodies), [LONGEST; 16]);
    }
}
