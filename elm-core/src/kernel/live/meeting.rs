//! Where the threads of a live layer wait for each other: awake for a moment,
//! then asleep.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Looks at the others before a thread falls asleep: some tens of
/// microseconds, about what it takes to be woken up, and more than the threads
/// of a layer need for a step after one another.
const LOOKS: usize = 2000;

/// A barrier that is used again and again, and that a panic breaks: the others
/// would wait for a thread that will never come.
pub(super) struct Meeting {
    threads: usize,
    /// Meetings so far; changes under the lock only.
    round: AtomicUsize,
    /// A thread panicked, or the meeting was called off.
    broken: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    arrived: usize,
    asleep: usize,
}

/// A thread panicked, or the meeting was called off.
#[derive(Debug)]
pub(super) struct Broken;

impl Meeting {
    pub(super) fn new(threads: usize) -> Self {
        Meeting {
            threads,
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            state: Mutex::new(State { arrived: 0, asleep: 0 }),
            changed: Condvar::new(),
        }
    }

    /// Returns when all threads have called it; everything they did before is
    /// visible afterwards.
    ///
    /// # Errors
    /// [`Broken`], now and ever after.
    pub(super) fn wait(&self) -> Result<(), Broken> {
        if self.threads == 1 {
            return Ok(());
        }
        let mut state = self.lock();
        let round = self.round.load(Ordering::Relaxed);
        state.arrived += 1;
        if state.arrived == self.threads {
            state.arrived = 0;
            self.round.store(round.wrapping_add(1), Ordering::Release);
            if state.asleep > 0 {
                self.changed.notify_all();
            }
            return self.unbroken();
        }
        drop(state);
        for _ in 0..LOOKS {
            if self.round.load(Ordering::Acquire) != round {
                return self.unbroken();
            }
            std::hint::spin_loop();
        }
        let mut state = self.lock();
        while self.round.load(Ordering::Acquire) == round && self.unbroken().is_ok() {
            state.asleep += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
        }
        self.unbroken()
    }

    /// Sends all threads home, those that wait and those that will come.
    pub(super) fn call_off(&self) {
        // Under the lock, lest somebody looks before and falls asleep after.
        let _state = self.lock();
        self.broken.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    fn unbroken(&self) -> Result<(), Broken> {
        if self.broken.load(Ordering::Acquire) { Err(Broken) } else { Ok(()) }
    }

    /// Calls the meeting off should this thread panic while the guard lives.
    pub(super) fn guard(&self) -> MeetingGuard<'_> {
        MeetingGuard(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Meeting::guard`].
pub(super) struct MeetingGuard<'a>(&'a Meeting);

impl Drop for MeetingGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.call_off();
        }
    }
}
