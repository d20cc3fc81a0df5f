//! Runs one after the other, some at a time, until all are done.

use super::child::{Ended, Running};
use super::plan::Plan;
use super::results::{self, Outcome};
use super::view::View;
use crate::answer::tell;
use crate::run::folder::RunFolder;
use crate::run::found::{self, Found, State};
use crate::run::signals::StopFlag;
use anyhow::Result;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

/// Processes are looked at so often ...
const PAUSE: Duration = Duration::from_millis(50);
/// ... and those of others so often.
const OTHERS: Duration = Duration::from_secs(1);

/// How to go about it.
pub struct Schedule {
    /// Runs at a time.
    pub jobs: usize,
    /// Threads in all.
    pub cores: usize,
    /// End when a run has failed?
    pub fail_fast: bool,
    /// Set when the process is asked to stop.
    pub stop: StopFlag,
}

/// What it came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Finished runs, those of before included.
    pub done: usize,
    /// Runs that failed now.
    pub failed: usize,
    /// Was it asked to stop?
    pub stopped: bool,
}

/// Trains what is not done yet.
///
/// # Errors
/// When a process cannot be waited for.
pub fn run(plan: &Plan, sweep: &Path, schedule: &Schedule) -> Result<Tally> {
    let is_done = |number: &usize| {
        Found::of(&plan.points[*number].folder(sweep)).is_ok_and(|found| found.state == State::Finished)
    };
    let (done, waiting): (Vec<usize>, Vec<usize>) = (0..plan.points.len()).partition(is_done);
    let mut work = Work {
        plan,
        sweep,
        schedule,
        waiting: waiting.into(),
        running: Vec::new(),
        tally: Tally { done: done.len(), failed: 0, stopped: false },
        asked: false,
        looked: None,
        view: View::new(plan, &done),
    };
    while work.goes_on() {
        work.stop_if_asked();
        work.start()?;
        work.reap()?;
        work.view.update(&work.running, work.tally);
        std::thread::sleep(PAUSE);
    }
    let Work { mut tally, view, asked, .. } = work;
    drop(view);
    tally.stopped = asked && schedule.stop.is_set();
    Ok(tally)
}

/// A schedule in progress.
struct Work<'a> {
    plan: &'a Plan,
    sweep: &'a Path,
    schedule: &'a Schedule,
    waiting: VecDeque<usize>,
    running: Vec<Running>,
    tally: Tally,
    /// Were the processes asked to stop?
    asked: bool,
    /// When runs of other processes were last looked at.
    looked: Option<Instant>,
    view: View<'a>,
}

impl Work<'_> {
    fn goes_on(&self) -> bool {
        !self.running.is_empty() || (!self.waiting.is_empty() && !self.asked)
    }

    fn stop_if_asked(&mut self) {
        let failed = self.schedule.fail_fast && self.tally.failed > 0;
        if !self.asked && (self.schedule.stop.is_set() || failed) {
            self.asked = true;
            if !self.running.is_empty() {
                tell(format_args!("stopping: {} runs save their state", self.running.len()));
            }
            self.running.iter().for_each(Running::stop);
        }
    }

    /// Starts what there is room for.
    fn start(&mut self) -> Result<()> {
        if self.asked || self.looked.is_some_and(|looked| looked.elapsed() < OTHERS) {
            return Ok(());
        }
        self.looked = None;
        let mut others = VecDeque::new();
        while let Some(&number) = self.waiting.front() {
            let point = &self.plan.points[number];
            let used: usize =
                self.running.iter().map(|running| self.plan.points[running.number].threads).sum();
            let room = self.running.len() < self.schedule.jobs
                && (used + point.threads <= self.schedule.cores || self.running.is_empty());
            if !room {
                break;
            }
            self.waiting.pop_front();
            let folder = point.folder(self.sweep);
            if RunFolder::is_locked(&folder) {
                others.push_back(number);
                continue;
            }
            if Found::of(&folder).is_ok_and(|found| found.state == State::Finished) {
                self.ended(number, Ended::Done, None);
                continue;
            }
            match Running::start(point, number, self.sweep) {
                Ok(running) => self.running.push(running),
                Err(error) => self.ended(number, Ended::Failed(crate::in_words(&error)), None),
            }
        }
        if !others.is_empty() {
            self.view.say_once_that_others_train(others.len());
            self.looked = Some(Instant::now());
            self.waiting.extend(others);
        }
        Ok(())
    }

    /// Takes note of what has ended.
    fn reap(&mut self) -> Result<()> {
        let mut i = 0;
        while i < self.running.len() {
            match self.running[i].ended()? {
                None => i += 1,
                Some(ended) => {
                    let running = self.running.remove(i);
                    self.ended(running.number, ended, Some(running.began.elapsed()));
                }
            }
        }
        Ok(())
    }

    fn ended(&mut self, number: usize, ended: Ended, took: Option<Duration>) {
        let point = &self.plan.points[number];
        match &ended {
            Ended::Done => self.tally.done += 1,
            Ended::Stopped => {}
            Ended::Failed(error) => {
                self.tally.failed += 1;
                if let Err(error) = found::keep_failure(&point.folder(self.sweep), error) {
                    tell(format_args!("warning: {}", crate::in_words(&error)));
                }
            }
        }
        let outcome = Outcome::of(point, self.sweep);
        self.view.ended(number, &ended, &outcome, took, self.tally);
        // A table that cannot be written now is written in the end.
        let outcomes = results::outcomes(self.plan, self.sweep);
        if let Err(error) = results::write(self.plan, &outcomes, self.sweep) {
            tell(format_args!("warning: {}", crate::in_words(&error)));
        }
    }
}
