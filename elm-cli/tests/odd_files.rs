//! Files that are not what they seem: pipes, links, broken and short ones.

mod common;

use common::Place;
use std::fs;
use std::process::Command;

const NETWORK: &str =
    "[model]\nnum_hidden = 4\n[model.neuron]\nnum_memory = 2\n[training]\nbatch_size = 4\nnum_epochs = 1\n";

#[test]
fn a_pipe_given_as_text_is_refused_at_once() {
    let place = Place::new();
    assert!(Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
    place.write("c.toml", format!("[data]\nkind = \"text\"\npath = \"pipe\"\n{NETWORK}"));
    for command in [&["data", "check", "pipe", "--kind", "text"][..], &["check", "c.toml"]] {
        place.run(command).expect(1, &["pipe: this is not a file; expected a text"]);
    }
}

#[test]
fn predictions_are_written_through_a_link() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", "1"]).expect(0, &[]);
    fs::create_dir(place.path("results")).unwrap();
    std::os::unix::fs::symlink("results/all.csv", place.path("link.csv")).unwrap();
    // The file behind the link is not there at first.
    for _ in 0..2 {
        place.run(&["eval", "run", "--predictions", "link.csv"]).expect(0, &[]);
        assert!(place.path("link.csv").is_symlink());
        assert!(fs::read_to_string(place.path("results/all.csv")).unwrap().starts_with("sample,"));
        fs::write(place.path("results/all.csv"), "").unwrap();
    }
    fs::create_dir(place.path("folder.csv")).unwrap();
    place.run(&["eval", "run", "--predictions", "folder.csv"]).expect(1, &["folder.csv: this is no file"]);
}

#[test]
fn a_broken_picture_that_training_meets_says_how_to_find_all() {
    let place = Place::new();
    place.run(&["data", "make", "pathfinder", "--out", "pathfinder32", "--pictures", "20"]).expect(0, &[]);
    let mut folders = vec![place.path("pathfinder32")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(ending) if ending == "png" => fs::write(path, "no picture").unwrap(),
                _ => {}
            }
        }
    }
    place.write("c.toml", format!("[data]\nkind = \"pathfinder\"\npath = \"pathfinder32\"\n{NETWORK}"));
    place
        .run(&["train", "c.toml", "--out", "run"])
        .expect(1, &[".png", "the last checkpoint in run is intact", "`elm data check`"]);
    place.run(&["data", "check", "pathfinder32"]).expect(1, &[".png", "16 cannot be read", "damaged"]);
}

#[test]
fn data_that_is_too_small_is_not_called_damaged() {
    let place = Place::new();
    place.write("short.csv", "x,y\n".to_string() + &"0.5,1.5\n".repeat(50));
    place.write("letter", "a");
    fs::create_dir(place.path("two")).unwrap();
    place.write("two/x.csv", "0.5,1.5\n2.5,3.5\n");
    place.write("two/y.csv", "0\n1\n");
    for data in
        [&["short.csv", "--target", "y"][..], &["letter", "--kind", "text"], &["two", "--kind", "arrays"]]
    {
        let ran = place.run(&[&["data", "check"], data].concat());
        ran.expect(1, &["intact, but too small to train on"]);
        assert!(!ran.out.contains("damaged"), "{}", ran.out);
    }
}

#[test]
fn an_archive_that_is_cut_off_is_called_so() {
    let place = Place::new();
    place.write("cut.npz", b"PK\x03\x04 and what comes first");
    place.write("other.npz", "nothing of the kind");
    place
        .run(&["data", "check", "cut.npz"])
        .expect(1, &["cut.npz: archive: this is no complete archive", "damaged"]);
    place.run(&["data", "check", "other.npz"]).expect(1, &["this is no archive; expected a .npz"]);
}
