//! When a process is killed.

use super::run::Run;
use std::process::Child;
use std::time::{Duration, Instant};

/// How often is looked where a process is.
const LOOK: Duration = Duration::from_micros(200);
/// What is waited at most when a checkpoint has been begun: about as long as
/// one takes.
const WRITING: Duration = Duration::from_millis(2);

/// Reproducible draws (splitmix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A text of at least so many bytes.
pub(super) fn words(chance: &mut Chance, bytes: usize) -> Vec<u8> {
    let words = ["memory ", "leaks ", "slowly ", "branch\n", "synapse ", "fires "];
    let mut text = Vec::new();
    while text.len() < bytes {
        text.extend_from_slice(words[chance.below(words.len() as u64) as usize].as_bytes());
    }
    text
}

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
    pub(super) fn draw(chance: &mut Chance, [usual, evaluation]: [Duration; 2]) -> Self {
        match chance.below(4) {
            0 => Moment::Saving(chance.below(9), WRITING.mul_f64(chance.share())),
            1 => Moment::Evaluating(chance.below(3), evaluation.mul_f64(chance.share())),
            _ => Moment::After(usual.mul_f64(chance.share().powi(2))),
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
