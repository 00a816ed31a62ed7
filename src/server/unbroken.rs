//! Polls a future again at once where it woke itself. A connection does so for each piece of a body, between whoever reads
//! it and whoever asks for it, and a task that is woken while it runs joins the end of the queue: another thread is woken
//! to take it over, and what was just read is no longer at hand.

use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Times in a row; then the others have their turn.
const MOST: usize = 16;

pub(super) async fn unbroken<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let turn = Arc::new(Turn(Mutex::new(State::Polled)));
    let waker = Waker::from(Arc::clone(&turn));
    poll_fn(|context| {
        for _ in 0..MOST {
            turn.set(State::Polled);
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            if polled.is_ready() || turn.waits(context.waker()) {
                return polled;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

struct Turn(Mutex<State>);

enum State {
    Polled,
    Woken,
    Waiting(Waker),
}

impl Turn {
    /// Whether nothing woke it while it was polled; whatever does from now on wakes the task.
    fn waits(&self, task: &Waker) -> bool {
        let mut state = self.state();
        let waits = matches!(*state, State::Polled);
        if waits {
            *state = State::Waiting(task.clone());
        }
        waits
    }

    fn set(&self, state: State) -> State {
        mem::replace(&mut *self.state(), state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing under this lock panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let State::Waiting(task) = self.set(State::Woken) {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Polls once a future that wakes itself so many times, and says how often it was polled and its task woken.
    fn polled(times: usize) -> (usize, usize, bool) {
        let polls = Cell::new(0);
        let future = poll_fn(|context| {
            polls.set(polls.get() + 1);
            if polls.get() > times {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        });
        let counted = Arc::new(Counted::default());
        let waker = Waker::from(counted.clone());
        let ready = pin!(unbroken(future)).poll(&mut Context::from_waker(&waker)).is_ready();
        (polls.get(), counted.0.load(Ordering::SeqCst), ready)
    }

    #[test]
    fn what_wakes_itself_goes_on_at_once_and_not_forever() {
        assert_eq!(polled(0), (1, 0, true));
        assert_eq!(polled(MOST - 1), (MOST, 0, true));
        assert_eq!(polled(MOST), (MOST, 1, false));
    }

    #[tokio::test]
    async fn what_others_wake_goes_on_when_they_do() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let waiting = tokio::spawn(unbroken(told));
        tokio::task::yield_now().await;
        tell.send("there").unwrap();
        assert_eq!(waiting.await.unwrap(), Ok("there"));
    }
}
