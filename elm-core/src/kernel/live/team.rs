//! The threads of a live layer, soon asleep between steps.

use super::meeting::Meeting;
use crate::error::{Error, Result};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Threads that each do one part of every step.
pub(super) struct Team {
    /// A step begins when all, the caller included, have come here, and is
    /// over when all have come again.
    meeting: Arc<Meeting>,
    members: Vec<JoinHandle<()>>,
}

impl Team {
    /// A thread for each part of the work; none for no parts.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the system gives no more threads.
    pub(super) fn new<W: FnMut() + Send + 'static>(parts: Vec<W>) -> Result<Self> {
        let meeting = Arc::new(Meeting::new(parts.len() + 1));
        let mut team = Team { meeting, members: Vec::with_capacity(parts.len()) };
        for part in parts {
            let meeting = team.meeting.clone();
            let member = thread::Builder::new().name("elm-live".into()).spawn(move || work(&meeting, part));
            // Without this one those before are sent home: the team is dropped.
            team.members.push(member.map_err(|error| Error::Unsupported {
                what: "threads of a live layer".into(),
                backend: "this system".into(),
                reason: error.to_string(),
            })?);
        }
        Ok(team)
    }

    /// Lets all parts do a step, `own` on this thread.
    ///
    /// # Panics
    /// When a thread of the team panicked, in this step or an earlier one.
    pub(super) fn step(&self, own: impl FnOnce()) {
        let _guard = self.meeting.guard();
        let begun = self.meeting.wait();
        let done = begun.and_then(|()| {
            own();
            self.meeting.wait()
        });
        assert!(done.is_ok(), "another thread of the live layer panicked");
    }
}

/// Does a part of every step, until the team is no more.
fn work(meeting: &Meeting, mut part: impl FnMut()) {
    let _guard = meeting.guard();
    while meeting.wait().is_ok() {
        part();
        if meeting.wait().is_err() {
            return;
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.meeting.call_off();
        for member in self.members.drain(..) {
            // A member that panicked has said so on standard error.
            let _ = member.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// Runs `scenario`, which must not take for ever.
    fn without_hanging(scenario: impl FnOnce() + Send + 'static) {
        let (done, end) = channel();
        thread::spawn(move || done.send(catch_unwind(AssertUnwindSafe(scenario)).is_ok()));
        assert_eq!(end.recv_timeout(Duration::from_secs(60)), Ok(true), "it hangs, or it failed");
    }

    #[test]
    fn every_part_is_done_once_in_every_step() {
        let counts: [Arc<AtomicUsize>; 3] = Default::default();
        let part = |count: &Arc<AtomicUsize>| {
            let count = count.clone();
            move || {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let team = Team::new(counts[1..].iter().map(part).collect()).unwrap();
        for step in 1..100 {
            team.step(part(&counts[0]));
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == step));
        }
    }

    #[test]
    fn a_panic_of_a_member_reaches_the_caller_and_nobody_hangs() {
        without_hanging(|| {
            let mut steps = 0;
            let bad = move || {
                steps += 1;
                assert!(steps < 3, "on purpose");
            };
            let parts: Vec<Box<dyn FnMut() + Send>> = vec![Box::new(|| {}), Box::new(bad)];
            let team = Team::new(parts).unwrap();
            team.step(|| {});
            team.step(|| {});
            for _ in 0..2 {
                assert!(catch_unwind(AssertUnwindSafe(|| team.step(|| {}))).is_err());
            }
        });
    }

    #[test]
    fn a_panic_of_the_caller_leaves_nobody_waiting() {
        without_hanging(|| {
            let team = Team::new(vec![|| {}; 2]).unwrap();
            assert!(catch_unwind(AssertUnwindSafe(|| team.step(|| panic!("on purpose")))).is_err());
        });
    }
}
