//! The threads that kernels run on, and the point where they meet.

use crate::error::{Error, Result};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a thread unwinds with.
type Panic = Box<dyn Any + Send>;

/// What those unwind with who waited for a thread that panicked.
struct Waited;

/// Threads that are created once and owned by a value.
///
/// Work is divided by thread number, never by who comes first, so results
/// are the same from run to run for the same number of threads.
pub struct Pool {
    threads: rayon::ThreadPool,
    /// One job at a time: two jobs with barriers would wait for each other.
    turn: Mutex<()>,
}

impl Pool {
    /// A pool of `threads` threads; 0 means as many as the process may use.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the system gives no more threads.
    pub fn new(threads: usize) -> Result<Self> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            given => given,
        };
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let threads = builder.thread_name(|i| format!("elm-kernel-{i}")).build();
        let threads = threads.map_err(|error| Error::Unsupported {
            what: "a pool of threads".into(),
            backend: "this system".into(),
            reason: error.to_string(),
        })?;
        Ok(Pool { threads, turn: Mutex::new(()) })
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.threads.current_num_threads()
    }

    /// Calls `work(thread)` once on every thread and waits for all. Where one
    /// panics, so does the caller, with the cause.
    pub(super) fn run(&self, work: impl Fn(usize) + Sync) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let panicked = Mutex::new(None);
        self.threads.broadcast(|thread| {
            let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(thread.index()))) else { return };
            let mut cause = panicked.lock().unwrap_or_else(PoisonError::into_inner);
            if cause.as_ref().is_none_or(|known: &Panic| known.is::<Waited>()) {
                *cause = Some(panic);
            }
        });
        if let Some(cause) = panicked.into_inner().unwrap_or_else(PoisonError::into_inner) {
            resume_unwind(cause);
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish()
    }
}

/// Where threads wait for each other once per time step.
pub(super) struct Barrier {
    threads: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    broken: AtomicBool,
}

/// Turns of spinning before a waiting thread offers its core to others.
///
/// Measured for training steps of the spike network, milliseconds on a quiet
/// machine / with one busy core of two (median): 64 turns 61 / 295, 4096 turns
/// 58 / 163, 100,000 turns 58 / 154, but then the text network took 487 instead
/// of 391 on the busy one. Sleeping on a futex instead was no better.
const SPINS: u32 = 4096;

impl Barrier {
    pub(super) fn new(threads: usize) -> Self {
        Barrier {
            threads,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        }
    }

    /// Returns when all threads have called it; everything they wrote before
    /// is visible afterwards.
    ///
    /// # Panics
    /// When another thread panicked and will never come.
    pub(super) fn wait(&self) {
        if self.threads == 1 {
            return;
        }
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.threads {
            self.arrived.store(0, Ordering::Relaxed);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut turns = 0;
        while self.round.load(Ordering::Acquire) == round {
            if self.broken.load(Ordering::Relaxed) {
                // In silence: the other thread's panic has been told.
                resume_unwind(Box::new(Waited));
            }
            turns += 1;
            if turns < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }

    /// Releases the others with a panic should this thread panic while the
    /// guard lives.
    pub(super) fn guard(&self) -> BarrierGuard<'_> {
        BarrierGuard(self)
    }
}

/// See [`Barrier::guard`].
pub(super) struct BarrierGuard<'a>(&'a Barrier);

impl Drop for BarrierGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// The part of `0..count` that one of `threads` threads works on.
pub(super) fn share(count: usize, thread: usize, threads: usize) -> std::ops::Range<usize> {
    count * thread / threads..count * (thread + 1) / threads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_works_and_meets_the_others() {
        let pool = Pool::new(3).unwrap();
        let barrier = Barrier::new(3);
        let counts = [const { AtomicUsize::new(0) }; 3];
        pool.run(|thread| {
            for round in 1..100 {
                counts[thread].store(round, Ordering::Relaxed);
                barrier.wait();
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == round));
                barrier.wait();
            }
        });
    }

    #[test]
    fn a_panic_does_not_leave_the_others_waiting() {
        let pool = Pool::new(2).unwrap();
        let barrier = Barrier::new(2);
        let result = catch_unwind(AssertUnwindSafe(|| {
            pool.run(|thread| {
                let _guard = barrier.guard();
                assert!(thread != 0, "on purpose");
                barrier.wait();
            });
        }));
        let cause = result.expect_err("the panic reaches the caller");
        assert_eq!(cause.downcast_ref(), Some(&"on purpose"));
        pool.run(|_| {});
    }

    #[test]
    fn shares_cover_everything_once() {
        for (count, threads) in [(10, 3), (2, 5), (0, 2), (7, 1)] {
            let parts: Vec<_> = (0..threads).flat_map(|i| share(count, i, threads)).collect();
            assert_eq!(parts, (0..count).collect::<Vec<_>>());
        }
    }
}
