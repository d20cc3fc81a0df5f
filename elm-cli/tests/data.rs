//! `elm data`: what is made is intact, what is damaged is named.

mod common;

use common::{Place, Ran};
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
    let expected = ["shd", "ssc", "listops", "lra_text", "lra_retrieval", "lra_image", "pathfinder", "text"];
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
    place.run(&["data", "make", "spikes", "--out", "d"]).expect(1, &["is there already"]);
    // Cut off, it is damaged.
    let whole = fs::read(place.path("d/shd_test.h5")).unwrap();
    place.write("d/shd_test.h5", &whole[..whole.len() - 2000]);
    let report = json(place.run(&["data", "check", "d", "--json"]).expect(1, &[]));
    assert!(report["errors"][0].as_str().unwrap().contains("shd_test.h5"), "{report}");
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
