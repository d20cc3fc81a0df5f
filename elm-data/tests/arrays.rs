//! Arrays of users: every form is read, and what does not fit is named.

use elm_data::arrays::{Arrays, Recorded};
use elm_data::{Answer, AnswerKind, Result, Sample, SampleInput, Samples};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const ALL: [f64; 3] = [0.5, 0.25, 0.25];

/// As `numpy.save` writes it.
fn npy(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let shape = format!("({})", sizes.join(" "));
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn reals(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    npy("<f4", shape, &values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
}

fn integers(shape: &[usize], values: impl IntoIterator<Item = i64>) -> Vec<u8> {
    npy("<i8", shape, &values.into_iter().flat_map(i64::to_le_bytes).collect::<Vec<u8>>())
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
    folder
}

fn archive(files: &[(&str, Vec<u8>)], method: zip::CompressionMethod) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.npz");
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    (folder, path)
}

fn load(path: &Path) -> Result<[Arrays; 3]> {
    Arrays::load(path, ALL, 0, 2.0, None)
}

fn refused(files: &[(&str, Vec<u8>)]) -> String {
    load(folder(files).path()).unwrap_err().to_string()
}

fn all(split: &impl Samples) -> Vec<Sample> {
    (0..split.len()).map(|index| split.read(index).unwrap()).collect()
}

/// Four samples of three steps of two channels, and their classes.
fn four() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("x.npy", reals(&[4, 3, 2], (0..24).map(|value| value as f32))),
        ("y.npy", integers(&[4], [0, 1, 2, 1])),
    ]
}

#[test]
fn samples_are_dealt_out_once_in_an_order_that_depends_on_the_seed() {
    let folder = folder(&four());
    let splits = load(folder.path()).unwrap();
    assert_eq!(splits.each_ref().map(|split| split.len()), [2, 1, 1]);
    let mut seen: Vec<Sample> = splits.iter().flat_map(all).collect();
    let first = |sample: &Sample| match &sample.input {
        SampleInput::Dense { channels: 2, values } => values[0],
        other => panic!("{other:?}"),
    };
    seen.sort_by(|a, b| first(a).total_cmp(&first(b)));
    let wanted = |(i, class)| {
        let values = (0..6).map(|value| (6 * i + value) as f32).collect();
        Sample::of_class(SampleInput::Dense { channels: 2, values }, class)
    };
    assert_eq!(seen, [0, 1, 2, 1].into_iter().enumerate().map(wanted).collect::<Vec<_>>());
    assert_eq!((splits[0].channels(), splits[0].classes(), splits[0].answers()), (2, 3, AnswerKind::Class));
    let digests = |seed| {
        let splits = Arrays::load(folder.path(), ALL, seed, 2.0, None).unwrap();
        splits.map(|split| split.digest().unwrap())
    };
    assert_eq!(digests(0), digests(0));
    assert!((1..9).any(|seed| digests(seed) != digests(0)));
}

#[test]
fn an_archive_holds_what_a_folder_holds_packed_or_not() {
    let folder = folder(&four());
    let wanted = load(folder.path()).unwrap().map(|split| all(&split));
    for method in [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated] {
        let (_kept, path) = archive(&four(), method);
        assert_eq!(load(&path).unwrap().map(|split| all(&split)), wanted);
    }
}

#[test]
fn given_splits_are_taken_as_they_are_and_texts_become_classes() {
    let texts = |words: [&[u8; 3]; 2]| npy("|S3", &[2], &[*words[0], *words[1]].concat());
    let x = || reals(&[2, 4], (0..8).map(|value| value as f32));
    let files = [
        ("train_x.npy", x()),
        ("train_y.npy", texts([b"off", b"on\0"])),
        ("val_x.npy", x()),
        ("val_y.npy", texts([b"on\0", b"on\0"])),
        ("test_x.npy", x()),
        ("test_y.npy", texts([b"off", b"off"])),
        ("notes.npy", x()),
    ];
    let folder = folder(&files);
    let [train, valid, test] = load(folder.path()).unwrap();
    let classes = |split: &Arrays| all(split).iter().map(|s| s.class().unwrap()).collect::<Vec<_>>();
    assert_eq!((classes(&train), classes(&valid), classes(&test)), (vec![0, 1], vec![1, 1], vec![0, 0]));
    assert_eq!(train.symbols(), Some(vec!["off".to_string(), "on".into()]));
    assert!(train.notes()[0].contains("not known: notes"), "{:?}", train.notes());
    let known = ["on".to_string(), "off".into()];
    let [train, ..] = Arrays::load(folder.path(), ALL, 0, 2.0, Some(&known)).unwrap();
    assert_eq!(classes(&train), [1, 0]);
    let other = Arrays::load(folder.path(), ALL, 0, 2.0, Some(&known[..1])).unwrap_err().to_string();
    assert!(other.contains("train_y[0]") && other.contains("\"off\" does not occur"), "{other}");
}

#[test]
fn named_classes_keep_the_numbers_of_the_run() {
    let names = |words: [&[u8; 4]; 2]| ("classes.npy", npy("|S4", &[2], &[*words[0], *words[1]].concat()));
    let files = |classes| {
        let mut files = four();
        files[1] = ("y.npy", integers(&[4], [0, 1, 1, 1]));
        files.push(classes);
        folder(&files)
    };
    let classes = |folder: &TempDir, known: Option<&[String]>| {
        let splits = Arrays::load(folder.path(), ALL, 0, 2.0, known).unwrap();
        let mut classes: Vec<u32> = splits.iter().flat_map(all).map(|s| s.class().unwrap()).collect();
        classes.sort_unstable();
        (classes, splits[0].symbols().unwrap())
    };
    let (one, other) = (files(names([b"slow", b"fast"])), files(names([b"fast", b"slow"])));
    let (numbers, known) = classes(&one, None);
    assert_eq!((numbers, known.join(" ").as_str()), (vec![0, 1, 1, 1], "slow fast"));
    let (numbers, kept) = classes(&other, Some(&known));
    assert_eq!((numbers, kept), (vec![0, 0, 0, 1], known.clone()));
    let third = files(names([b"fast", b"last"]));
    let error = Arrays::load(third.path(), ALL, 0, 2.0, Some(&known)).unwrap_err().to_string();
    assert!(error.contains("classes[1]") && error.contains("\"last\" is none of the classes"), "{error}");
}

#[test]
fn a_text_among_numbers_is_a_mistake_and_no_class() {
    let files = [("x.csv", b"1,2\n3,4\n5,6\n".to_vec()), ("y.csv", b"0.5\nn/a\n1.5\n".to_vec())];
    assert!(refused(&files).contains("y.csv: line 2, column 1: \"n/a\" is no number"));
    let mut text = "x,y\n".to_string() + &"1.0,2.5\n".repeat(20);
    text += "1.0,n/a\n";
    let folder = folder(&[("signal.csv", text.into_bytes())]);
    let load = |path: &Path| Recorded::load(path, &["y".into()], 2, ALL, None).unwrap_err().to_string();
    let error = load(&folder.path().join("signal.csv"));
    assert!(error.contains("line 22, column 2: \"n/a\"; expected a finite number"), "{error}");
    fs::write(folder.path().join("other.csv"), "x;y\n1;2\n").unwrap();
    assert!(load(&folder.path().join("other.csv")).contains("separated by ';'; expected commas"));
}

#[test]
fn every_kind_of_answer_is_told_by_its_shape() {
    let x = || ("x.npy", reals(&[4, 3, 2], (0..24).map(|value| value as f32)));
    let first = |y: Vec<u8>| {
        let [train, ..] = load(folder(&[x(), ("y.npy", y)]).path()).unwrap();
        (train.answers(), train.classes(), train.read(0).unwrap().answer)
    };
    let (kind, classes, answer) = first(integers(&[4, 3], [0, 1, 5].repeat(4)));
    assert_eq!(
        (kind, classes, answer),
        (AnswerKind::ClassEveryStep, 6, Answer::ClassEveryStep(vec![0, 1, 5]))
    );
    let (kind, classes, answer) = first(reals(&[4, 2], [0.5, 1.5].repeat(4)));
    assert_eq!((kind, classes, answer), (AnswerKind::Values, 2, Answer::Values(vec![0.5, 1.5])));
    let (kind, classes, answer) = first(reals(&[4], [0.5; 4]));
    assert_eq!((kind, classes, answer), (AnswerKind::Values, 1, Answer::Values(vec![0.5])));
    let (kind, classes, answer) = first(reals(&[4, 3, 1], [1.0, 2.0, 3.0].repeat(4)));
    assert_eq!((kind, classes), (AnswerKind::ValuesEveryStep, 1));
    assert_eq!(answer, Answer::ValuesEveryStep(vec![1.0, 2.0, 3.0]));
}

#[test]
fn real_values_that_look_like_something_else_are_told() {
    let note = |y: Vec<u8>| {
        let folder = folder(&[four().swap_remove(0), ("y.npy", y)]);
        load(folder.path()).unwrap()[0].notes().join("; ")
    };
    let told = note(reals(&[4], [0.0, 1.0, 2.0, 1.0]));
    assert!(told.contains("1 real values of each sample, predicted as such (regression)"), "{told}");
    assert!(told.contains("classes would be integers or texts"), "{told}");
    let told = note(reals(&[4, 3], (0..12).map(|value| value as f32 + 0.5)));
    assert!(told.contains("one at each step would be [S, 3, 1]") && !told.contains("classes"), "{told}");
    assert_eq!(note(integers(&[4], [0, 1, 2, 1])).matches("regression").count(), 0);
}

#[test]
fn lengths_cut_samples_and_their_answers() {
    let files = [
        ("x.npy", integers(&[4, 3], [7, 8, 9].repeat(4))),
        ("y.npy", integers(&[4, 3], [1, 0, -1].repeat(4))),
        ("lengths.npy", integers(&[4], [2; 4])),
    ];
    let [train, ..] = load(folder(&files).path()).unwrap();
    assert_eq!(train.channels(), 10);
    let wanted =
        Sample { input: SampleInput::Tokens(vec![7, 8]), answer: Answer::ClassEveryStep(vec![1, 0]) };
    assert_eq!(train.read(0).unwrap(), wanted);
}

#[test]
fn spike_lists_become_events() {
    let files = [
        ("times.npy", reals(&[5], [0.0, 0.0045, 0.0041, 0.001, 0.0021])),
        ("units.npy", integers(&[5], [3, 1, 1, 0, 2])),
        ("starts.npy", integers(&[5], [0, 3, 4, 4, 5])),
        ("y.npy", integers(&[4], [0, 1, 0, 1])),
    ];
    let splits = Arrays::load(folder(&files).path(), ALL, 0, 2.0, None).unwrap();
    let mut seen: Vec<Sample> = splits.iter().flat_map(all).collect();
    seen.sort_by_key(|sample| format!("{:?}", sample.input));
    let events = |events: &[(u32, u32, f32)], class| {
        Sample::of_class(SampleInput::Events { steps: 3, events: events.to_vec() }, class)
    };
    let wanted = [
        events(&[(0, 0, 1.0)], 1),
        events(&[(0, 3, 1.0), (2, 1, 2.0)], 0),
        events(&[(1, 2, 1.0)], 1),
        events(&[], 0),
    ];
    assert_eq!(seen, wanted);
    assert_eq!(splits[0].channels(), 4);
}

#[test]
fn what_does_not_fit_is_named_with_its_array_and_index() {
    let with = |name: &'static str, bytes: Vec<u8>| {
        let mut files = four();
        files.retain(|(own, _)| *own != name);
        files.push((name, bytes));
        refused(&files)
    };
    let told = |text: String, parts: &[&str]| {
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    told(with("y.npy", integers(&[4], [0, -1, 0, 0])), &["y.npy", "y[1]", "-1; expected a class from 0"]);
    told(with("y.npy", integers(&[3], [0; 3])), &["y.npy", "shape [3]", "expected [4] or [4, 3] of classes"]);
    told(with("y.npy", integers(&[4], [0, 0, 9_000_000, 0])), &["class 9000000; expected 1000000"]);
    let mut values = vec![0.0; 24];
    values[9] = f32::NAN;
    told(with("x.npy", reals(&[4, 3, 2], values)), &["x[1, 1, 1]", "NaN is not finite"]);
    told(with("x.npy", reals(&[24], [0.0; 24])), &["shape [24]; expected [S, T, C] or [S, T]"]);
    told(with("x.npy", reals(&[0, 3, 2], [])), &["expected 1 or more of each"]);
    told(with("lengths.npy", integers(&[4], [3, 3, 4, 3])), &["lengths[2]", "4; expected 1 to 3 steps"]);
    told(with("lengths.npy", integers(&[3], [3; 3])), &["expected one for each of 4 samples"]);
    told(with("y.npy", b"\x93NUMPY".to_vec()), &["y.npy: y: its header is cut off"]);
    told(refused(&four()[..1]), &["there is no array y; there are x"]);
    told(refused(&[("readme.txt", Vec::new())]), &["there are no arrays here"]);
    let few = [("x.npy", reals(&[2, 1], [0.0; 2])), ("y.npy", integers(&[2], [0; 2]))];
    told(refused(&few), &["2 samples are [1, 1, 0] of train, valid and test"]);
}

#[test]
fn a_damaged_archive_is_refused_and_never_panics() {
    let (_kept, path) = archive(&four(), zip::CompressionMethod::Deflated);
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..length]).unwrap();
        load(&path).unwrap_err();
    }
    assert!(load(&path).unwrap_err().to_string().contains("no complete archive: cut off or damaged"));
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x55;
        fs::write(&path, bytes).unwrap();
        let _ = load(&path);
    }
}

#[test]
fn tables_of_a_folder_are_read_with_and_without_a_header() {
    let x = b"t0,t1,t2\n0,0.5,1\n1,1.5,2\n2,2.5,3\n3,3.5,4\n".to_vec();
    let files = [("x.csv", x), ("y.csv", b"label\nup\ndown\nup\ndown\n".to_vec())];
    let [train, ..] = load(folder(&files).path()).unwrap();
    assert_eq!((train.channels(), train.class_names()), (1, Some(vec!["down".into(), "up".into()])));
    let SampleInput::Dense { channels: 1, values } = train.read(0).unwrap().input else { panic!() };
    assert_eq!(values.len(), 3);
    let files = [("x.csv", b"1,2\n3,x\n".to_vec()), ("y.csv", b"0\n1\n".to_vec())];
    let error = refused(&files);
    assert!(error.contains("x.csv: line 2, column 2: \"x\" is no number"), "{error}");
    let files = [("x.csv", b"1,2\n3\n".to_vec()), ("y.csv", b"0\n1\n".to_vec())];
    assert!(refused(&files).contains("x.csv: line 2"));
}

#[test]
fn a_recording_is_cut_into_windows_and_its_target_predicted_at_every_step() {
    let mut text = "time,force,angle,state\n".to_string();
    (0..40).for_each(|i| text += &format!("{i}.0,{}.5,-{i}.25,{}\n", i % 3, ["rest", "move"][i % 2]));
    let folder = folder(&[("signal.csv", text.into_bytes())]);
    let path = folder.path().join("signal.csv");
    let load = |targets: &[&str], window| {
        let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
        Recorded::load(&path, &targets, window, ALL, None)
    };
    let told = |targets: &[&str], window, part: &str| {
        let error = load(targets, window).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    let [train, valid, test] = load(&["state"], 5).unwrap();
    assert_eq!([train.len(), valid.len(), test.len()], [4, 2, 2]);
    assert_eq!((train.channels(), train.class_names()), (3, Some(vec!["move".into(), "rest".into()])));
    let sample = valid.read(0).unwrap();
    assert_eq!(sample.answer, Answer::ClassEveryStep(vec![1, 0, 1, 0, 1]));
    let SampleInput::Dense { channels: 3, values } = sample.input else { panic!() };
    assert_eq!(values[..4], [20.0, 2.5, -20.25, 21.0]);
    told(&[], 5, "which column");
    told(&["speed"], 5, "there is no column \"speed\"; its 4 columns: time, force, angle, state");
    told(&["force"], 5, "line 2, column 4: \"rest\"; expected a finite number");
    told(&["state"], 11, "windows of 11 lines");
    told(&["state", "state"], 5, "\"state\" is given twice");
    told(&["state", "4"], 5, "\"4\" is given twice");
    let path = folder.path().join("names.csv");
    fs::write(&path, "time,force\n").unwrap();
    let error = Recorded::load(&path, &["force".into()], 5, ALL, None).unwrap_err().to_string();
    assert!(error.contains("names.csv: line 2: missing"), "{error}");
}
