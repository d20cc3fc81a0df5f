//! A disk that is full, or may only be read: said with its name, before
//! anything is begun where that can be known, and nothing that was saved is
//! lost.
#![cfg(target_os = "linux")]

mod common;

use common::{Place, Ran, metrics};
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A file system of its own in a folder; unmounted in the end.
struct Disk(PathBuf);

impl Disk {
    /// `None`, said loudly, where nobody may mount anything.
    fn mounted(place: &Place, options: &str) -> Option<Self> {
        let folder = place.path("disk");
        fs::create_dir(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&folder).stderr(Stdio::null());
        if mount.status().is_ok_and(|ended| ended.success()) {
            return Some(Disk(folder));
        }
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: a small disk can only be mounted by root");
        None
    }

    fn mount_again(&self, options: &str) {
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", &format!("remount,{options}")]).arg(&self.0).status().unwrap().success());
    }

    /// Takes all that is free but so many bytes.
    fn fill(&self, but: usize) {
        let mut file = fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(but as u64)).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

const LONG: [&str; 6] =
    ["--set", "training.num_epochs=40", "--set", "logging.every_steps=1", "--set", "backend.threads=1"];

fn train(place: &Place, out: &str, more: &[&str]) -> Command {
    place.command(&[&["train", "small.toml", "--out", out, "--resume"][..], &LONG, more].concat())
}

fn run(place: &Place, out: &str, more: &[&str]) -> Ran {
    Ran::of(train(place, out, more).output().unwrap())
}

#[test]
fn a_disk_that_fills_up_stops_the_run_which_goes_on_when_there_is_room() {
    let place = Place::new();
    let Some(disk) = Disk::mounted(&place, "size=2m") else { return };
    run(&place, "straight", &[]).expect(0, &[]);
    for left in [0, 20_000, 40_000] {
        let child = train(&place, "disk/run", &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.unwrap();
        let metrics = place.path("disk/run/metrics.jsonl");
        let before = fs::metadata(&metrics).map_or(0, |file| file.len());
        while fs::metadata(&metrics).map_or(0, |file| file.len()) <= before {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        disk.fill(left);
        let ended = Ran::of(child.wait_with_output().unwrap());
        ended.expect(1, &["error: cannot ", "disk/run/", "No space left on device"]);
        assert!(!place.path("disk/run/checkpoints/last.new").exists(), "a part of a checkpoint is left");
        disk.make_room();
    }
    run(&place, "disk/run", &[]).expect(0, &[]);
    assert_eq!(metrics(&place.path("straight")), metrics(&place.path("disk/run")));
}

#[test]
fn checkpoints_that_will_not_fit_are_refused_before_training() {
    let place = Place::new();
    let Some(disk) = Disk::mounted(&place, "size=400k") else { return };
    let said = ["disk/run: the checkpoints of this run will take about", "are free there", "checkpoint.keep"];
    run(&place, "disk/run", &["--set", "checkpoint.keep=30"]).expect(1, &said);
    assert!(!place.path("disk/run").exists(), "a start that failed leaves no folder");
    run(&place, "disk/run", &["--max-steps", "12"]).expect(0, &[]);
    disk.fill(4096);
    run(&place, "disk/run", &[]).expect(1, &said);
    disk.make_room();
    // What the checkpoints of the run take already is not asked for again.
    disk.fill(120_000);
    run(&place, "disk/run", &["--max-steps", "20"]).expect(0, &["20 updates"]);
}

#[test]
fn a_folder_that_may_only_be_read_is_named_and_evaluated() {
    let place = Place::new();
    let Some(disk) = Disk::mounted(&place, "size=4m") else { return };
    run(&place, "disk/run", &["--max-steps", "12"]).expect(0, &[]);
    disk.mount_again("ro");
    run(&place, "disk/run", &[]).expect(1, &["cannot write into the run folder disk/run", "Read-only"]);
    run(&place, "disk/new", &[]).expect(1, &["cannot create the run folder disk/new", "Read-only"]);
    place.run(&["eval", "disk/run"]).expect(0, &["accuracy"]);
    disk.mount_again("rw");
    run(&place, "disk/run", &[]).expect(0, &["320 updates"]);
}
