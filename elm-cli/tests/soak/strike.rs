//! When a process is killed.

use super::run::Run;
use elm_core::random::Draws;
use std::process::Child;
use std::time::{Duration, Instant};

/// How often is looked where a process is.
const LOOK: Duration = Duration::from_micros(200);
/// What is waited at most when a checkpoint has been begun: about as long as
/// one takes.
const WRITING: Duration = Duration::from_millis(2);

/// A moment in the life of a process.
pub(super) enum Moment {
    /// So long after its start.
    After(Duration),
    /// So long after it began its checkpoint of this number.
    Saving(u64, Duration),
    /// So long after it began its validation of this number.
    Evaluating(u64, Duration),
    /// It lives to its end.
    Never,
}

impl Moment {
    /// A moment in a life that takes `usual`, with evaluations of so long. Half
    /// of them are spread over the whole life, early ones more often, so that
    /// one run is killed several times.
    pub(super) fn draw(draws: &mut Draws, [usual, evaluation]: [Duration; 2]) -> Self {
        match draws.below(4) {
            0 => Moment::Saving(u64::from(draws.below(9)), WRITING.mul_f64(draws.unit())),
            1 => Moment::Evaluating(u64::from(draws.below(3)), evaluation.mul_f64(draws.unit())),
            _ => Moment::After(usual.mul_f64(draws.unit().powi(2))),
        }
    }
}

/// Kills a process at a moment; `false` when it had ended before that.
pub(super) fn strike(child: &mut Child, run: &Run, moment: Moment) -> bool {
    let began = Instant::now();
    let said = run.starts_said();
    let training = || run.begun_after(said).is_some();
    let rest = match moment {
        Moment::Never => return false,
        Moment::After(time) => time.saturating_sub(began.elapsed()),
        Moment::Saving(number, rest) => {
            if !nth(child, number, &|| run.is_saving()) {
                return false;
            }
            rest
        }
        Moment::Evaluating(number, rest) => {
            if !until(child, &training) || !nth(child, number, &|| run.is_evaluating()) {
                return false;
            }
            rest
        }
    };
    let moment = Instant::now() + rest;
    if !until(child, &|| Instant::now() >= moment) {
        return false;
    }
    child.kill().unwrap();
    // It may have come to its end in this very moment.
    !child.wait().unwrap().success()
}

/// Waits until something begins that began so many times before; `false` when
/// the process ends first.
fn nth(child: &mut Child, number: u64, is: &dyn Fn() -> bool) -> bool {
    (0..number).all(|_| until(child, is) && until(child, &|| !is())) && until(child, is)
}

fn until(child: &mut Child, is: &dyn Fn() -> bool) -> bool {
    while !is() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}
