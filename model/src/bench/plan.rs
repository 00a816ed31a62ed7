//! In which order models are asked.

use fastrand::Rng;

/// One question to one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) contender: usize,
    pub(super) task: usize,
}

/// Every task to every model, `repeat` times. Models take turns at each task, so that whatever changes over time, or ends
/// the run early, hits them alike; the same seed gives the same order.
pub(super) fn plan(contenders: usize, tasks: usize, repeat: u32, seed: u64) -> Vec<Slot> {
    let mut random = Rng::with_seed(seed);
    let mut slots = Vec::with_capacity(contenders * tasks * repeat as usize);
    let mut order: Vec<usize> = (0..tasks).collect();
    let mut turns: Vec<usize> = (0..contenders).collect();
    for _ in 0..repeat {
        random.shuffle(&mut order);
        for &task in &order {
            random.shuffle(&mut turns);
            slots.extend(turns.iter().map(|&contender| Slot { contender, task }));
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn everyone_is_asked_everything_and_nobody_much_before_the_others() {
        let slots = plan(3, 20, 2, 7);
        let mut counts: HashMap<Slot, u32> = HashMap::new();
        for slot in &slots {
            *counts.entry(*slot).or_default() += 1;
        }
        assert_eq!((counts.len(), counts.values().all(|count| *count == 2)), (60, true));
        assert!(slots.chunks(3).all(|turn| turn.iter().all(|slot| slot.task == turn[0].task)));
        assert_ne!(slots[..60].to_vec(), slots[60..].to_vec());
    }

    #[test]
    fn a_seed_decides_the_order() {
        assert_eq!(plan(2, 30, 1, 3), plan(2, 30, 1, 3));
        assert_ne!(plan(2, 30, 1, 3), plan(2, 30, 1, 4));
    }
}
