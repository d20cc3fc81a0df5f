//! Where the threads of a live layer wait for each other, asleep.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A barrier that sleeps, used again and again, and that a panic breaks: the
/// others would wait for a thread that will never come.
pub(super) struct Meeting {
    threads: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    arrived: usize,
    round: usize,
    broken: bool,
}

/// A thread panicked, or the meeting was called off.
#[derive(Debug)]
pub(super) struct Broken;

impl Meeting {
    pub(super) fn new(threads: usize) -> Self {
        let state = Mutex::new(State { arrived: 0, round: 0, broken: false });
        Meeting { threads, state, changed: Condvar::new() }
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
        let round = state.round;
        state.arrived += 1;
        if state.arrived == self.threads {
            state.arrived = 0;
            state.round = round.wrapping_add(1);
            self.changed.notify_all();
        }
        while state.round == round && !state.broken {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.broken { Err(Broken) } else { Ok(()) }
    }

    /// Sends all threads home, those that wait and those that will come.
    pub(super) fn call_off(&self) {
        self.lock().broken = true;
        self.changed.notify_all();
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
