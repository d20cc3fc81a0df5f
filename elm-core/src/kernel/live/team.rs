//! The threads of a live layer, asleep between steps.

use super::neurons::Neurons;
use super::run;
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, RwLock};
use std::thread::{self, JoinHandle};

/// Threads that each take one part of a layer through every step.
pub(super) struct Team {
    shared: Arc<Shared>,
    members: Vec<JoinHandle<()>>,
}

struct Shared {
    /// A step begins when all, the caller included, have come here.
    begin: Barrier,
    /// And is over when all have come here.
    end: Barrier,
    stop: AtomicBool,
}

impl Team {
    /// A thread for each part; none for no parts.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the system gives no more threads.
    pub(super) fn new(parts: &[Arc<Mutex<Neurons>>], sources: &Arc<RwLock<Vec<f32>>>) -> Result<Self> {
        let count = parts.len() + 1;
        let shared = Arc::new(Shared {
            begin: Barrier::new(count),
            end: Barrier::new(count),
            stop: AtomicBool::new(false),
        });
        let mut team = Team { shared, members: Vec::new() };
        for part in parts {
            let (shared, part, sources) = (team.shared.clone(), part.clone(), sources.clone());
            let member = thread::Builder::new().name("elm-live".into()).spawn(move || {
                loop {
                    shared.begin.wait();
                    if shared.stop.load(Ordering::Acquire) {
                        return;
                    }
                    run(&part, &sources);
                    shared.end.wait();
                }
            });
            match member {
                Ok(member) => team.members.push(member),
                Err(error) => {
                    // The others wait for one that will never come.
                    std::mem::take(&mut team.members);
                    return Err(Error::Unsupported {
                        what: "threads of a live layer".into(),
                        backend: "this system".into(),
                        reason: error.to_string(),
                    });
                }
            }
        }
        Ok(team)
    }

    /// Lets all parts do a step, `own` on this thread.
    pub(super) fn step(&self, own: impl FnOnce()) {
        self.shared.begin.wait();
        own();
        self.shared.end.wait();
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        if self.members.is_empty() {
            return;
        }
        self.shared.stop.store(true, Ordering::Release);
        self.shared.begin.wait();
        for member in self.members.drain(..) {
            // A member that panicked has said so on standard error.
            let _ = member.join();
        }
    }
}
