//! `elm data`: what is made is intact, what is damaged is named.

mod common;

use common::{Place, Ran};
use elm_data::spikes::{Recording, write_shd};
use serde_json::Value;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

#[test]
fn the_list_names_every_kind_that_is_read() {
    let place = Place::new();
    let list = json(place.run(&["data", "list", "--json"]).expect(0, &[]));
    let kinds: Vec<&str> = list.as_array().unwrap().iter().map(|set| set["kind"].as_str().unwrap()).collect();
    let expected = [
        "shd",
        "ssc",
        "listops",
        "lra_text",
        "lra_retrieval",
        "lra_image",
        "pathfinder",
        "arrays",
        "neuronio",
        "text",
    ];
    assert_eq!(kinds, expected);
    let text = place.run(&["data", "list"]);
    for kind in kinds {
        text.expect(0, &[]);
        assert!(text.out.contains(kind), "{kind}");
    }
}

#[test]
fn made_spikes_are_intact_and_look_like_spikes() {
    let place = Place::new();
    place.run(&["data", "make", "spikes", "--out", "d", "--samples", "40,20"]).expect(0, &[]);
    let report = json(place.run(&["data", "check", "d", "--json"]).expect(0, &[]));
    assert_eq!((report["kind"].as_str(), report["usable"].as_bool()), (Some("shd"), Some(true)));
    assert_eq!(report["splits"]["test"]["samples"], 20);
    assert_eq!(report["splits"]["test"]["classes"].as_array().unwrap().len(), 20);
    // They name their recipe, so that nobody is told they are not the recorded digits.
    assert_eq!(report["warnings"].as_array().unwrap().len(), 0, "{report}");
    let info = place.run(&["data", "info", "d/shd_test.h5", "--samples", "2", "--out", "p.png"]);
    assert!(info.expect(0, &[]).out.contains("500 time steps"), "{}", info.out);
    assert!(info.out.lines().count() > 20 && fs::read(place.path("p.png")).unwrap().starts_with(b"\x89PNG"));
    let converted = json(place.run(&["data", "convert", "d", "--json"]).expect(0, &[]));
    assert_eq!(
        (converted[0]["recordings"].as_u64(), converted[1]["recordings"].as_u64()),
        (Some(40), Some(20))
    );
    place.run(&["data", "make", "spikes", "--out", "d"]).expect(1, &["not made with these settings"]);
    let made = fs::read(place.path("d/shd_test.h5")).unwrap();
    fs::remove_file(place.path("d/shd_test.h5")).unwrap();
    let again = place.run(&["data", "make", "spikes", "--out", "d", "--samples", "40,20"]);
    again.expect(0, &["shd_train.h5: is there already, made with these settings"]);
    assert_eq!(fs::read(place.path("d/shd_test.h5")).unwrap(), made);
    // Cut off, it is damaged.
    let whole = fs::read(place.path("d/shd_test.h5")).unwrap();
    place.write("d/shd_test.h5", &whole[..whole.len() - 2000]);
    let report = json(place.run(&["data", "check", "d", "--json"]).expect(1, &[]));
    assert!(report["errors"][0].as_str().unwrap().contains("shd_test.h5"), "{report}");
    assert_eq!(report["kind"], "shd");
    let text = place.run(&["data", "check", "d"]);
    assert!(
        text.expect(1, &[]).out.starts_with("d: shd\n") && text.out.ends_with("damaged\n"),
        "{}",
        text.out
    );
}

#[test]
fn recorded_words_become_spikes() {
    let place = Place::new();
    for (word, period) in [("high", 8), ("low", 80)] {
        fs::create_dir_all(place.path("sounds").join(word)).unwrap();
        for i in 0..5 {
            let samples =
                (0..3200_u32).flat_map(|t| (((t % period) * 8000 / period) as i16 - 4000).to_le_bytes());
            let data: Vec<u8> = samples.collect();
            let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
            wav[4..8].copy_from_slice(&(36 + data.len() as u32).to_le_bytes());
            wav.extend(32_000_u32.to_le_bytes());
            wav.extend(64_000_u32.to_le_bytes());
            wav.extend(b"\x02\0\x10\0data");
            wav.extend((data.len() as u32).to_le_bytes());
            wav.extend(data);
            fs::write(place.path("sounds").join(word).join(format!("{i}.wav")), wav).unwrap();
        }
    }
    place.run(&["data", "make", "spikes", "--from-audio", "sounds", "--out", "w"]).expect(0, &["2 words"]);
    let report = json(place.run(&["data", "check", "w/shd_test.h5", "--json"]).expect(0, &[]));
    assert_eq!(report["splits"]["file"]["classes"].as_array().unwrap()[..2], [1, 1]);
    assert_eq!(report["splits"]["file"]["empty"], 0);
    let info = json(place.run(&["data", "info", "w", "--json"]).expect(0, &[]));
    assert_eq!(info["class_names"].as_array().unwrap()[..2], ["high", "low"]);
    let info = place.run(&["data", "info", "w"]);
    assert!(info.expect(0, &[]).out.contains("test, sample 0, class 0 (high): "), "{}", info.out);
    let again = ["data", "make", "spikes", "--from-audio", "sounds", "--out", "w"];
    place.run(&again).expect(0, &["shd_test.h5: is there already, made with these settings"]);
    fs::remove_file(place.path("sounds/high/4.wav")).unwrap();
    place.run(&again).expect(1, &["not made with these settings"]);
    place.run(&["data", "make", "spikes", "--from-audio", "w", "--out", "x"]).expect(1, &["sub-folder"]);
}

#[test]
fn made_expressions_are_intact_until_a_line_is_not() {
    let place = Place::new();
    let make = ["data", "make", "listops", "--out", "l", "--samples", "12,3,3"];
    place.run(&make).expect(0, &[]);
    place.run(&make).expect(0, &[]); // nothing left to do
    let report = json(place.run(&["data", "check", "l", "--json"]).expect(0, &[]));
    assert_eq!(
        (report["kind"].as_str(), report["splits"]["train"]["samples"].as_u64()),
        (Some("listops"), Some(12))
    );
    assert!(report["splits"]["train"]["shortest"].as_f64().unwrap() > 500.0);
    place.run(&["data", "info", "l"]).expect(0, &[]);
    let path = place.path("l/basic_val.tsv");
    let text = fs::read_to_string(&path).unwrap();
    for (damaged, word) in [
        (text.replacen("\t", " ", 2), "basic_val.tsv"),
        (text.replacen("Source\tTarget\r\n", "", 1), "basic_val.tsv"),
        (text[..text.len() / 2].to_string(), "basic_val.tsv"),
    ] {
        fs::write(&path, damaged).unwrap();
        let ran = place.run(&["data", "check", "l"]);
        assert!(ran.expect(1, &[]).out.contains(word), "{}", ran.out);
    }
    // A mark of the byte order and plain line ends do no harm.
    fs::write(&path, format!("\u{feff}{}", text.replace("\r\n", "\n"))).unwrap();
    place.run(&["data", "check", "l"]).expect(0, &[]);
}

#[test]
fn made_curves_are_intact_until_a_picture_is_not() {
    let place = Place::new();
    let make = ["data", "make", "pathfinder", "--out", "pathfinder32", "--pictures", "20"];
    place.run(&make).expect(0, &[]);
    let info = place.run(&["data", "info", "pathfinder32", "--out", "p.png"]);
    assert!(info.expect(0, &[]).out.contains("1024 pixels"), "{}", info.out);
    let picture = place.path("pathfinder32/curv_contour_length_14/imgs/0/sample_3.png");
    let whole = fs::read(&picture).unwrap();
    // One empty picture is in the release, too.
    fs::write(&picture, "").unwrap();
    let report = json(place.run(&["data", "check", "pathfinder32", "--json"]).expect(0, &[]));
    assert!(report["warnings"][0].as_str().unwrap().contains("sample_3.png"), "{report}");
    fs::write(&picture, &whole[..whole.len() / 2]).unwrap();
    let report = json(place.run(&["data", "check", "pathfinder32", "--json"]).expect(1, &[]));
    assert!(report["errors"][0].as_str().unwrap().contains("sample_3.png"), "{report}");
}

#[test]
fn what_is_not_known_is_said() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    place.run(&["data", "info", "nowhere"]).expect(1, &["nowhere", "no such file"]);
    place.run(&["data", "info", "empty"]).expect(1, &["empty", "--kind"]);
    place.run(&["data", "check", "empty", "--kind", "spikes"]).expect(2, &["spikes is no kind"]);
    let report = json(place.run(&["data", "check", "empty", "--kind", "shd", "--json"]).expect(1, &[]));
    assert_eq!(report["usable"].as_bool(), Some(false));
    place.run(&["data", "convert", "empty"]).expect(1, &["shd_train.h5"]);
    place.write("book.txt", "Call me Ishmael. ".repeat(20));
    let text = place.run(&["data", "info", "book.txt"]);
    assert!(text.expect(0, &[]).out.contains("Ishmael"), "{}", text.out);
    place.run(&["data", "check", "book.txt"]).expect(0, &[]);
}

#[test]
fn an_interrupted_generation_continues_to_the_same_files() {
    let place = Place::new();
    let make = |out| ["data", "make", "pathfinder", "--out", out, "--pictures", "3000", "--threads", "1"];
    let mut child = place.command(&make("pathfinder32")).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    let first = place.path("pathfinder32/curv_contour_length_14/imgs/0/sample_0.png");
    while !first.exists() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    let code = child.wait().unwrap().code();
    // A fast machine may have finished before the signal came.
    assert!(code == Some(130) || code == Some(0), "{code:?}");
    place.run(&make("pathfinder32")).expect(0, &[]);
    let mut straight = make("straight");
    straight[8] = "2";
    place.run(&straight).expect(0, &[]);
    for name in ["metadata/0.npy", "metadata/2.npy", "imgs/0/sample_7.png", "imgs/2/sample_999.png"] {
        let read = |root: &str| fs::read(place.path(root).join("curv_contour_length_14").join(name)).unwrap();
        assert_eq!(read("pathfinder32"), read("straight"), "{name}");
    }
}

/// Both files of SHD, with recordings of these times.
fn spikes(place: &Place, folder: &str, rows: &[&[f32]]) {
    fs::create_dir_all(place.path(folder)).unwrap();
    let recording = |(row, times): (usize, &&[f32])| Recording {
        times: times.to_vec(),
        units: vec![row as u16; times.len()],
        label: row as u32 % 20,
        speaker: 0,
    };
    let recordings: Vec<Recording> = rows.iter().enumerate().map(recording).collect();
    for name in ["shd_train.h5", "shd_test.h5"] {
        write_shd(&place.path(folder).join(name), &recordings, &[], "of a test").unwrap();
    }
}

const NETWORK: &str = "[model]\nnum_hidden = 4\nnum_layers = 1\n[training]\nbatch_size = 2\nnum_turns = 1\n\
                       steps_per_turn = 1\n";

#[test]
fn spikes_that_nothing_sees_are_told_and_most_of_them_are_refused() {
    let place = Place::new();
    spikes(&place, "late", &vec![&[0.1_f32, 0.2, 0.3, 1.5][..]; 20]);
    let report = json(place.run(&["data", "check", "late", "--json"]).expect(0, &[]));
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("test: 20 of 80 spikes (25.0 %) come at 1 s or later"), "{report}");
    assert!(warnings.contains("train: ") && warnings.contains("valid: "), "{report}");
    place.write("c.toml", format!("[data]\nkind = \"shd\"\npath = \"late\"\n{NETWORK}"));
    let told = ["note: test: 20 of 80 spikes (25.0 %) come at 1 s or later"];
    place.run(&["train", "c.toml", "--out", "run", "--max-steps", "1"]).expect(0, &told);

    spikes(&place, "ms", &vec![&[100.0_f32, 200.0, 300.0][..]; 20]);
    for path in ["ms", "ms/shd_test.h5"] {
        let check = place.run(&["data", "check", path]);
        let told = "60 of 60 spikes (100.0 %) come at 1 s or later, the latest at 300 s; the times look like \
                    milliseconds";
        let told = if path == "ms" { told.trim_start_matches("60 of 60 spikes ") } else { told };
        assert!(check.expect(1, &[]).out.contains(told), "{}", check.out);
    }
    let set = ["train", "c.toml", "--out", "other", "--set", "data.path=ms"];
    place.run(&set).expect(1, &["shd_train.h5", "look like milliseconds", "divide spikes/times by 1000"]);
}

#[test]
fn a_split_without_samples_is_not_usable() {
    let place = Place::new();
    spikes(&place, "one", &[&[0.5]]);
    let check = place.run(&["data", "check", "one"]);
    assert!(check.expect(1, &[]).out.contains("split valid: holds no sample (train 1, valid 0, test 1)"));
    place.write("c.toml", format!("[data]\nkind = \"shd\"\npath = \"one\"\n{NETWORK}"));
    place.run(&["train", "c.toml", "--out", "run"]).expect(1, &["split valid: holds no sample"]);
}

#[test]
fn targets_of_expressions_are_worked_out() {
    let place = Place::new();
    place.run(&["data", "make", "listops", "--out", "l", "--samples", "4,3,3"]).expect(0, &[]);
    let path = place.path("l/basic_val.tsv");
    let text = fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let digit = lines[1].pop().unwrap();
    lines[1].push(if digit == '0' { '1' } else { '0' });
    fs::write(&path, lines.join("\n")).unwrap();
    let report = json(place.run(&["data", "check", "l", "--json"]).expect(1, &[]));
    assert_eq!(
        (report["splits"]["valid"]["wrong"].as_u64(), report["usable"].as_bool()),
        (Some(1), Some(false))
    );
    let error = report["errors"][0].as_str().unwrap();
    assert!(error.contains("row 1: Target is") && error.contains(&format!("Source is {digit}")), "{error}");
}

#[test]
fn made_expressions_have_the_lengths_asked_for() {
    let place = Place::new();
    let make = ["data", "make", "listops", "--out", "l", "--samples", "20,3,3", "--lengths", "10,50"];
    place.run(&make).expect(0, &[]);
    let text = fs::read_to_string(place.path("l/basic_train.tsv")).unwrap();
    for row in text.lines().skip(1) {
        let symbols = row.split(['\t', ' ']).rev().skip(1).filter(|symbol| !"()".contains(symbol)).count();
        assert!((11..50).contains(&symbols), "{symbols} symbols: {row}");
    }
    place.run(&["data", "make", "listops", "--out", "m", "--lengths", "50,50"]).expect(2, &["lengths"]);
}

#[test]
fn sizes_beyond_reason_are_refused_by_the_name_of_the_setting() {
    let place = Place::new();
    place.write("c.toml", format!("[data]\nkind = \"digits\"\n{NETWORK}"));
    for (set, name) in [
        ("data.train_samples=9223372036854775807", "data.train_samples"),
        ("data.valid_samples=99999999999", "data.valid_samples"),
        ("data.channels=100000000", "data.channels"),
    ] {
        place.run(&["train", "c.toml", "--out", "run", "--set", set]).expect(2, &[name, "expected at most"]);
    }
    place.run(&["data", "make", "listops", "--out", "l", "--samples", "4,3,3"]).expect(0, &[]);
    place.write("l.toml", format!("[data]\nkind = \"listops\"\npath = \"l\"\n{NETWORK}"));
    place.run(&["check", "l.toml", "--set", "data.group=9000000000000000000"]).expect(2, &["data.group"]);
    let make = ["data", "make", "spikes", "--out", "d", "--samples", "18446744073709551615,1"];
    place.run(&make).expect(2, &["train_samples"]);
}

#[test]
fn a_text_says_how_it_was_read() {
    let place = Place::new();
    for (name, text) in [("train", "a n _ a n a r c h i s t"), ("val", "a _ n"), ("test", "a n")] {
        fs::create_dir_all(place.path("t")).unwrap();
        place.write(&format!("t/{name}.txt"), text);
    }
    let info = place.run(&["data", "info", "t"]);
    assert!(
        info.expect(0, &[]).out.contains("an anarchist") && info.out.contains("as prep_text8.py writes them")
    );
    fs::create_dir_all(place.path("none")).unwrap();
    place.run(&["data", "info", "none", "--kind", "text"]).expect(1, &["wiki.train.raw", "val.txt"]);
}
