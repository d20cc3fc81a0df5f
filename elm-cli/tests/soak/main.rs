//! Runs that are killed (SIGKILL) at random moments and continued, again and
//! again, until they are through: their numbers are those of the straight run,
//! and a kill costs at most what was done since the last checkpoint.
//!
//! `ELM_KILLS` is how many kills there are over both tasks, by default 200.
//! Where a kill landed is read from what it left: a tenth of them, at least,
//! lands while a checkpoint is written, and another tenth while evaluating.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod run;
mod strike;

use common::{Place, SMALL, SMALL_TEXT, small_text};
use elm_core::random::{Draws, Purpose};
use run::Run;
use std::time::{Duration, Instant};
use strike::Moment;

/// Kills over both tasks where `ELM_KILLS` says nothing else.
const KILLS: u32 = 200;

/// What makes kills land everywhere: long evaluations, many checkpoints. State
/// is carried from batch to batch, and reset at random.
const TEXT: &str = r#"
extends = "small.toml"
[backend]
threads = 1
[data]
tokens = "bytes"
[training]
num_turns = 8
valid_batches = 20
test_batches = 40
test_batch_size = 1
[checkpoint]
every_steps = 5
[logging]
every_steps = 4
"#;

/// Likewise; samples are drawn in another order in every epoch.
const SPIKES: &str = r#"
extends = "small.toml"
[backend]
threads = 1
[data]
bin_ms = 25.0
train_samples = 96
valid_samples = 200
test_samples = 200
[training]
num_epochs = 8
"#;

/// Updates between two validations of both.
const TURN: u64 = 12;
/// Updates between two checkpoints of both.
const EVERY: u64 = 5;

/// Where kills landed.
#[derive(Debug, Default)]
struct Landed {
    all: u32,
    saving: u32,
    evaluating: u32,
}

impl Landed {
    fn is_enough(&self, kills: u32) -> bool {
        self.all >= kills && self.saving.min(self.evaluating) >= kills / 10
    }
}

fn kills() -> u32 {
    let number = |text: String| text.parse().expect("ELM_KILLS is a number");
    std::env::var("ELM_KILLS").map_or(KILLS, number) / 2
}

/// Kills one run after the other until there were enough.
fn soak(name: &str, place: &Place, seed: u64) {
    let kills = kills();
    let straight = Run::new(place, "straight");
    let began = Instant::now();
    straight.starts().wait().unwrap();
    let usual = began.elapsed();
    let outcome = straight.outcome();
    let evaluation = straight.seconds_of_a_validation();
    let killed = Run::new(place, "killed");
    let mut draws = Draws::new(seed, Purpose::MadeUp, [0, 0]);
    let (mut landed, mut lives) = (Landed::default(), 0);
    while !landed.is_enough(kills) {
        live(&killed, &mut draws, [usual, evaluation], &mut landed, kills);
        outcome.must_be(&killed.outcome());
        std::fs::remove_dir_all(&killed.folder).unwrap();
        lives += 1;
        assert!(landed.all < 10 * kills.max(10), "too few land where they should: {landed:?}");
    }
    println!("{name}: {landed:?} over {lives} runs of {usual:.1?}");
}

/// One run from its first start to its end.
fn live(run: &Run, draws: &mut Draws, times: [Duration; 2], landed: &mut Landed, kills: u32) {
    loop {
        let saved = run.saved_step();
        run.mark_leftovers();
        let said = run.starts_said();
        let mut child = run.starts();
        let moment = if landed.is_enough(kills) { Moment::Never } else { Moment::draw(draws, times) };
        if !strike::strike(&mut child, run, moment) {
            assert!(child.wait().unwrap().success(), "it failed by itself: {}", run.said());
            return;
        }
        landed.all += 1;
        landed.saving += u32::from(run.is_saving());
        if let Some(step) = run.begun_after(said) {
            assert_eq!(step, saved.unwrap_or(0), "it went on from somewhere else than its last checkpoint");
            landed.evaluating += u32::from(run.is_evaluating() && !run.is_saving());
        }
        let now = run.saved_step();
        assert!(now >= saved, "a checkpoint is gone: {saved:?} before, {now:?} now");
        let measured = run.last_measured().map_or(0, |(step, _)| step);
        assert!(measured <= now.unwrap_or(0) + EVERY, "{measured} updates were done, {now:?} are saved");
    }
}

#[test]
fn a_text_run_killed_at_any_moment_gives_the_numbers_of_the_straight_one() {
    let place = Place::new();
    place.write("small.toml", SMALL_TEXT);
    place.write("config.toml", TEXT);
    place.write("text", small_text(130_000));
    soak("text", &place, 7);
}

#[test]
fn a_spike_run_killed_at_any_moment_gives_the_numbers_of_the_straight_one() {
    let place = Place::new();
    place.write("small.toml", SMALL);
    place.write("config.toml", SPIKES);
    soak("spikes", &place, 8);
}
