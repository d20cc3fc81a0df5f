//! What a person sees of a sweep in progress: a line for each run that ends,
//! and on a terminal what is running and how long it will take.

use super::child::{Ended, Running};
use super::plan::Plan;
use super::results::Outcome;
use super::schedule::Tally;
use crate::answer::tell;
use crate::config::RunConfig;
use crate::run::found;
use crate::run::progress::{Board, bar, duration};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Lines that stay appear at most this often, besides those of runs that end.
const QUIET: Duration = Duration::from_secs(60);

pub(super) struct View<'a> {
    plan: &'a Plan,
    board: Board,
    began: Instant,
    last: Instant,
    /// Work done before, now, and in all.
    before: f64,
    done: f64,
    total: f64,
    /// Share of each running run that was done when it was started, and its
    /// updates in all.
    begun: BTreeMap<usize, (f64, u64)>,
    said_others: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(plan: &'a Plan, done: &[usize]) -> Self {
        let work = |number: &usize| plan.points[*number].work();
        let before = done.iter().map(work).sum();
        View {
            plan,
            board: Board::new(),
            began: Instant::now(),
            last: Instant::now(),
            before,
            done: 0.0,
            total: plan.points.iter().map(|point| point.work()).sum(),
            begun: BTreeMap::new(),
            said_others: false,
        }
    }

    /// A run has ended.
    pub(super) fn ended(
        &mut self,
        number: usize,
        ended: &Ended,
        outcome: &Outcome,
        took: Option<Duration>,
        tally: Tally,
    ) {
        let work = self.plan.points[number].work();
        let begun = self.begun.remove(&number).map_or(0.0, |(begun, _)| begun);
        match (ended, took) {
            (Ended::Done, Some(_)) => {
                self.done += work * (1.0 - begun);
                self.before += work * begun;
            }
            (Ended::Failed(_), Some(_)) => self.total -= work,
            _ => self.before += work,
        }
        let what = match ended {
            Ended::Done => {
                let figures = outcome.metrics.iter().rev().filter(|(name, _)| name.starts_with("test"));
                let figures: Vec<String> =
                    figures.map(|(name, value)| format!("{} {value:.4}", name.replace('_', " "))).collect();
                let took = took.map_or(String::new(), |took| format!(" in {}", duration(took.as_secs_f64())));
                format!("done{took}: {}", figures.join(", "))
            }
            Ended::Stopped => "stopped, saved".into(),
            Ended::Failed(error) => format!("failed: {}", error.lines().next().unwrap_or_default()),
        };
        tell(format_args!(
            "[{}/{}] {}: {what}",
            tally.done + tally.failed,
            self.plan.points.len(),
            outcome.point.name
        ));
    }

    pub(super) fn say_once_that_others_train(&mut self, runs: usize) {
        if !std::mem::replace(&mut self.said_others, true) {
            tell(format_args!("{runs} runs are trained by other processes; waiting for them"));
        }
    }

    /// Shows what is running.
    pub(super) fn update(&mut self, running: &[Running], tally: Tally) {
        if self.board.is_due() {
            let (now, lines) = self.look(running);
            let heading = self.heading(now, running.len(), tally);
            let share = (self.before + self.done + now) / self.total.max(1e-9);
            self.board.draw(|room| {
                let bar = bar(share, room.saturating_sub(heading.chars().count()));
                [vec![bar + &heading], lines].concat()
            });
        } else if !self.board.is_seen() && self.last.elapsed() >= QUIET {
            self.last = Instant::now();
            let (now, _) = self.look(running);
            tell(self.heading(now, running.len(), tally));
        }
    }

    /// The work that was done now of what is running, and a line for each.
    fn look(&mut self, running: &[Running]) -> (f64, Vec<String>) {
        let mut now = 0.0;
        let mut lines = Vec::new();
        for run in running {
            let point = &self.plan.points[run.number];
            let time = duration(run.began.elapsed().as_secs_f64());
            let Some(line) = found::last_measured(&run.folder) else {
                lines.push(format!("    0 %  {time:<10}  {}", point.name));
                continue;
            };
            let (begun, updates) = *self.begun.entry(run.number).or_insert_with(|| begun(run, line.step));
            let share = (line.step as f64 / updates as f64).min(1.0);
            now += point.work() * (share - begun).max(0.0);
            let loss = line.loss.map_or(String::new(), |loss| format!("loss {loss:.4}  "));
            lines.push(format!("  {:>3.0} %  {time:<10}  {loss}{}", 100.0 * share, point.name));
        }
        (now, lines)
    }

    /// How far the sweep is, and how long it will take.
    fn heading(&self, now: f64, running: usize, tally: Tally) -> String {
        let mut text = format!("{} of {} runs done, {running} running", tally.done, self.plan.points.len());
        if tally.failed > 0 {
            text += &format!(", {} failed", tally.failed);
        }
        let done = self.done + now;
        let left = (self.total - self.before - done).max(0.0) / done * self.began.elapsed().as_secs_f64();
        if done > 0.0 && left.is_finite() {
            text += &format!(", {} left", duration(left));
        }
        text
    }
}

/// The share of a run that was done before this process, and its updates.
fn begun(run: &Running, step: u64) -> (f64, u64) {
    let config = RunConfig::load(&run.folder.join("config.toml"), &[]);
    let updates = config.ok().and_then(|config| config.training.turn?.checked_mul(config.training.turns));
    let updates = updates.unwrap_or(step).max(1);
    // What stands there right after the start is of an earlier process.
    let early = run.began.elapsed() < Duration::from_secs(2);
    (if early { step as f64 / updates as f64 } else { 0.0 }, updates)
}
