//! A run folder that something happened to.

mod common;

use common::{Place, metrics};
use std::fs;

fn trained(max_steps: &str) -> Place {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", max_steps]).expect(0, &[]);
    place
}

fn resume(place: &Place) -> common::Ran {
    place.run(&["train", "run", "--resume"])
}

#[test]
fn metrics_that_were_shortened_are_continued_and_never_filled_up() {
    for left in [0, 1, 2] {
        let place = trained("12");
        let log = place.path("run/metrics.jsonl");
        let text = fs::read_to_string(&log).unwrap();
        let kept: String = text.lines().take(left).map(|line| format!("{line}\n")).collect();
        fs::write(&log, &kept).unwrap();
        resume(&place).expect(0, &["lines are missing"]);
        let bytes = fs::read(&log).unwrap();
        assert!(!bytes.contains(&0) && bytes.starts_with(kept.as_bytes()));
        assert!(metrics(&place.path("run")).len() > left);
    }
    let place = trained("12");
    fs::remove_file(place.path("run/metrics.jsonl")).unwrap();
    resume(&place).expect(0, &["lines are missing"]);
    assert!(!fs::read(place.path("run/metrics.jsonl")).unwrap().contains(&0));
}

#[test]
fn a_run_whose_checkpoints_are_gone_does_not_start_over() {
    let place = trained("12");
    let before = fs::read(place.path("run/metrics.jsonl")).unwrap();
    for empty in [false, true] {
        let _ = fs::remove_dir_all(place.path("run/checkpoints"));
        if empty {
            fs::create_dir(place.path("run/checkpoints")).unwrap();
        }
        resume(&place).expect(1, &["the checkpoints of this run are gone", "--out"]);
        assert_eq!(fs::read(place.path("run/metrics.jsonl")).unwrap(), before);
    }
}

#[test]
fn a_missing_or_damaged_best_is_told_from_the_last() {
    let place = trained("8");
    fs::write(place.path("run/checkpoints/best/model.safetensors"), "damaged").unwrap();
    place.run(&["eval", "run"]).expect(1, &["no intact `best`", "--checkpoint last"]);
    place.run(&["eval", "run", "--checkpoint", "last"]).expect(0, &["test"]);
    fs::remove_dir_all(place.path("run/checkpoints/best")).unwrap();
    place.run(&["eval", "run"]).expect(1, &["there is no `best` checkpoint", "--checkpoint last"]);
    place.run(&["eval", "run", "--checkpoint", "last"]).expect(0, &["test"]);
}

#[test]
fn a_start_that_fails_does_not_stand_in_the_way_of_the_next() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--set", "training.batch_size=65"]).expect(2, &[]);
    assert!(!place.path("run").exists());
    // A folder that was there stays, as it was.
    fs::create_dir(place.path("run")).unwrap();
    place.write("run/notes.txt", "mine");
    place.run(&["train", "small.toml", "--out", "run", "--set", "training.batch_size=65"]).expect(2, &[]);
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", "1"]).expect(0, &[]);
    assert!(place.path("run/notes.txt").is_file());
}

#[test]
fn fewer_checkpoints_are_kept_when_fewer_are_asked_for() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--set", "checkpoint.keep=4"]).expect(0, &[]);
    let kept = || fs::read_dir(place.path("run/checkpoints")).unwrap().count();
    assert_eq!(kept(), 1 + 4, "best and the last ones");
    let place = Place::new();
    let keep = |keep: &str| format!("checkpoint.keep={keep}");
    place
        .run(&["train", "small.toml", "--out", "run", "--set", &keep("4"), "--max-steps", "20"])
        .expect(0, &[]);
    place
        .run(&["train", "run", "--resume", "--set", &keep("2")])
        .expect(0, &["checkpoint.keep: 4 in the run, 2 now"]);
    assert_eq!(fs::read_dir(place.path("run/checkpoints")).unwrap().count(), 1 + 2);
}

#[cfg(unix)]
#[test]
fn others_may_read_what_the_umask_lets_them() {
    use std::os::unix::fs::PermissionsExt;
    let place = trained("8");
    let plain = fs::metadata(place.path("run/metrics.jsonl")).unwrap().permissions().mode();
    for name in ["config.toml", "summary.json", "run.json", "source/small.toml", "source/overrides.txt"] {
        let mode = fs::metadata(place.path("run").join(name)).unwrap().permissions().mode();
        assert_eq!(mode, plain, "{name}");
    }
}

/// A run that is hung up on saves, like one that is interrupted; one that was
/// started to survive that (`nohup`) goes on.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_terminal_saves_and_an_ignored_one_does_not_matter() {
    let start = |place: &Place, ignore: bool| {
        let elm = env!("CARGO_BIN_EXE_elm");
        let trap = if ignore { "trap '' HUP; " } else { "" };
        let line = format!(
            "{trap}exec {elm} train small.toml --out run --set training.num_epochs=400 --max-steps 300"
        );
        // The tests themselves may run where hang-ups are ignored.
        let mut shell = std::process::Command::new("env");
        shell.args(["--default-signal=HUP", "sh", "-c", &line]).current_dir(place.folder.path());
        let child =
            shell.stderr(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let log = place.path("run").join("metrics.jsonl");
        while fs::metadata(&log).map_or(0, |file| file.len()) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let hung_up = std::process::Command::new("kill").args(["-HUP", &child.id().to_string()]).status();
        assert!(hung_up.unwrap().success());
        common::Ran::of(child.wait_with_output().unwrap())
    };
    start(&Place::new(), false).expect(130, &["saved in run", "elm train run --resume"]);
    start(&Place::new(), true).expect(0, &["300 updates"]);
}

/// Steps of all events of a run, by tag; a log that starts again at a step
/// makes its reader forget what it had from there on.
#[test]
fn tensorboard_sees_every_step_once_after_a_crash() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", "12"]).expect(0, &[]);
    // A crash: everything after the checkpoint of the tenth update is lost,
    // but not what was written of events.
    let last = place.path("run/checkpoints/last");
    fs::remove_dir_all(&last).unwrap();
    fs::rename(place.path("run/checkpoints/last.1"), &last).unwrap();
    place.run(&["train", "run", "--resume"]).expect(0, &[]);
    let mut files: Vec<_> =
        fs::read_dir(place.path("run")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_string_lossy().contains("tfevents"));
    files.sort();
    assert_eq!(files.len(), 2);
    let mut seen = Vec::new();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let mut at = 0;
        while at < bytes.len() {
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
            let event = &bytes[at + 12..at + 12 + length];
            // A double (wall time), then the step as a varint of one byte, then the values.
            if event.len() > 12 && event[9] == 2 << 3 && event[11] == (5 << 3) | 2 {
                let text = String::from_utf8_lossy(&event[12..]).into_owned();
                let split =
                    ["train/", "valid/", "test/"].into_iter().find(|split| text.contains(split)).unwrap();
                seen.push((event[10], split));
            }
            at += 8 + 4 + length + 4;
        }
    }
    let mut lines: Vec<(u8, String)> = metrics(&place.path("run"))
        .iter()
        .map(|line| (line["step"].as_u64().unwrap() as u8, format!("{}/", line["split"].as_str().unwrap())))
        .collect();
    lines.sort();
    let mut seen: Vec<(u8, String)> =
        seen.into_iter().map(|(step, split)| (step, split.to_string())).collect();
    seen.sort();
    assert_eq!(seen, lines);
}
