//! `elm eval --predictions FILE`: every prediction, as CSV or NumPy arrays.

mod common;

use common::Place;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;

const TEXT: &str = "to be, or not to be, that is \"the\" question: \\ to be or \u{e9} not; ";

fn trained() -> Place {
    let place = Place::new();
    place.run(&["train", "small.toml", "--max-steps", "9", "--out", "run"]).expect(0, &[]);
    place
}

fn trained_on_text() -> Place {
    let place = Place::new();
    place.write("book.txt", TEXT.repeat(40));
    place.write(
        "text.toml",
        "[data]\nkind = \"text\"\npath = \"book.txt\"\ntokens = \"eos\"\nfractions = [0.5, 0.25, 0.25]\n[model]\n\
         num_hidden = 4\nembedding = \"one_hot\"\n[model.neuron]\nnum_memory = 2\n[training]\nbatch_size = 3\n\
         seq_length = 16\nnum_turns = 1\nsteps_per_turn = 6\n",
    );
    place.run(&["train", "text.toml", "--out", "run"]).expect(0, &[]);
    place
}

fn evaluate(place: &Place, more: &[&str]) -> Value {
    let ran = place.run(&[&["eval", "run", "--json"], more].concat());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

/// The columns of a CSV file by name, in their order.
fn csv(place: &Place, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(place.path(name)).unwrap();
    let header = reader.headers().unwrap().iter().map(String::from).collect();
    let record = |record: csv::Result<csv::StringRecord>| record.unwrap().iter().map(String::from).collect();
    (header, reader.records().map(record).collect())
}

/// An array of an `.npz`: its kind and shape as written, and its bytes.
type Array = (String, String, Vec<u8>);

fn npz(place: &Place, name: &str) -> BTreeMap<String, Array> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(place.path(name)).unwrap()).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let array = |name: String| {
        let mut bytes = Vec::new();
        zip.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
        let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert_eq!((end % 64, bytes[end - 1]), (0, b'\n'));
        let header = String::from_utf8(bytes[10..end].to_vec()).unwrap();
        let between = |start: &str, stop: &str| {
            header.split(start).nth(1).unwrap().split(stop).next().unwrap().to_string()
        };
        assert!(header.contains("'fortran_order': False"));
        let array = (between("'descr': '", "'"), between("'shape': (", ")"), bytes[end..].to_vec());
        (name.trim_end_matches(".npy").to_string(), array)
    };
    names.into_iter().map(array).collect()
}

fn numbers<const N: usize, T>(array: &Array, of: fn([u8; N]) -> T) -> Vec<T> {
    array.2.chunks_exact(N).map(|bytes| of(bytes.try_into().unwrap())).collect()
}

fn texts(array: &Array) -> Vec<String> {
    let width: usize = array.0.strip_prefix("<U").unwrap().parse().unwrap();
    let text = |bytes: &[u8]| -> String {
        let characters = bytes.chunks_exact(4).map(|c| u32::from_le_bytes(c.try_into().unwrap()));
        characters.take_while(|&c| c != 0).map(|c| char::from_u32(c).unwrap()).collect()
    };
    array.2.chunks_exact(4 * width).map(text).collect()
}

#[test]
fn a_classification_is_written_sample_by_sample() {
    let place = trained();
    let report = evaluate(&place, &["--split", "train", "--predictions", "all.csv"]);
    assert_eq!(report["predictions"], "all.csv");
    let (header, rows) = csv(&place, "all.csv");
    assert_eq!(header[..4], ["sample", "label", "prediction", "p_0"]);
    assert_eq!((header.len(), header[22].as_str(), rows.len()), (23, "p_19", 64));
    let (mut right, mut loss) = (0, 0.0);
    for (sample, row) in rows.iter().enumerate() {
        assert_eq!(row[0], sample.to_string());
        let shares: Vec<f64> = row[3..].iter().map(|share| share.parse().unwrap()).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        let largest = shares.iter().copied().fold(0.0, f64::max);
        let (label, prediction) = (row[1].parse::<usize>().unwrap(), row[2].parse::<usize>().unwrap());
        assert_eq!(shares[prediction], largest);
        right += usize::from(label == prediction);
        loss -= shares[label].ln() / rows.len() as f64;
    }
    assert_eq!(report["train"]["accuracy"], right as f64 / 64.0);
    assert!((report["train"]["loss"].as_f64().unwrap() - loss).abs() < 1e-5);
}

#[test]
fn both_forms_hold_the_same() {
    let place = trained();
    evaluate(&place, &["--predictions", "all.csv"]);
    place.run(&["eval", "run", "--predictions", "all.NPZ"]).expect(0, &["predictions: all.NPZ"]);
    let (_, rows) = csv(&place, "all.csv");
    let arrays = npz(&place, "all.NPZ");
    let keys: Vec<&str> = arrays.keys().map(String::as_str).collect();
    assert_eq!(keys, ["classes", "label", "prediction", "probabilities", "sample"]);
    let shape = |name: &str| arrays[name].1.as_str();
    assert_eq!((shape("sample"), shape("label"), shape("probabilities")), ("16,", "16,", "16, 20"));
    let classes = texts(&arrays["classes"]);
    assert_eq!(classes, (0..20).map(|class| class.to_string()).collect::<Vec<_>>());
    let samples = numbers(&arrays["sample"], i64::from_le_bytes);
    let labels = numbers(&arrays["label"], i32::from_le_bytes);
    let predictions = numbers(&arrays["prediction"], i32::from_le_bytes);
    let shares = numbers(&arrays["probabilities"], f32::from_le_bytes);
    assert_eq!(rows.len(), 16);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row[0], samples[i].to_string());
        assert_eq!(row[1], classes[labels[i] as usize]);
        assert_eq!(row[2], classes[predictions[i] as usize]);
        let own: Vec<f32> = row[3..].iter().map(|share| share.parse().unwrap()).collect();
        assert_eq!(own, shares[20 * i..20 * (i + 1)]);
    }
}

#[test]
fn a_text_is_written_symbol_by_symbol() {
    let place = trained_on_text();
    let report = evaluate(&place, &["--predictions", "test.csv"]);
    let (header, rows) = csv(&place, "test.csv");
    assert_eq!(header, ["position", "symbol", "prediction", "probability"]);
    let book = TEXT.repeat(40).into_bytes();
    let test = &book[book.len() / 4 * 3..];
    // The last line of a split gets an end in this mode; the first symbol is not predicted.
    assert_eq!(rows.len(), test.len());
    let mut bits = 0.0;
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row[0], (i + 1).to_string());
        let expected = match test.get(i + 1) {
            Some(&byte) if byte.is_ascii() && byte != b'\\' => char::from(byte).to_string(),
            Some(b'\\') => "\\\\".into(),
            Some(byte) => format!("\\x{byte:02x}"),
            None => "\\n".into(),
        };
        assert_eq!(row[1], expected, "position {}", i + 1);
        bits -= row[3].parse::<f64>().unwrap().log2() / rows.len() as f64;
    }
    assert!((report["test"]["bpc"].as_f64().unwrap() - bits).abs() < 1e-5);
}

#[test]
fn parallel_streams_of_a_text_have_the_positions_of_their_symbols() {
    let place = trained_on_text();
    let split = ["--split", "valid", "--predictions"];
    evaluate(&place, &[&split[..], &["valid.csv"]].concat());
    evaluate(&place, &[&split[..], &["one.csv", "--set", "training.valid_batch_size=1"]].concat());
    let symbols = |name: &str| -> BTreeMap<usize, String> {
        csv(&place, name).1.into_iter().map(|row| (row[0].parse().unwrap(), row[1].clone())).collect()
    };
    let (parallel, one) = (symbols("valid.csv"), symbols("one.csv"));
    assert_eq!(parallel.len(), csv(&place, "valid.csv").1.len());
    assert!(parallel.len() > 500 && parallel.iter().all(|(place, symbol)| one[place] == *symbol));
    // Each of the three streams has a first symbol that is not predicted.
    assert!(one.len() - parallel.len() < 3 + 2);
}

#[test]
fn the_arrays_of_a_text_lead_to_its_symbols() {
    let place = trained_on_text();
    evaluate(&place, &["--predictions", "test.csv"]);
    evaluate(&place, &["--predictions", "test.npz"]);
    let arrays = npz(&place, "test.npz");
    let keys: Vec<&str> = arrays.keys().map(String::as_str).collect();
    assert_eq!(keys, ["position", "prediction", "probability", "symbol", "symbols"]);
    let symbols = texts(&arrays["symbols"]);
    let named = numbers(&arrays["symbol"], i32::from_le_bytes);
    let shares = numbers(&arrays["probability"], f32::from_le_bytes);
    for (row, (number, share)) in csv(&place, "test.csv").1.iter().zip(named.iter().zip(shares)) {
        assert_eq!((&row[1], row[3].parse()), (&symbols[*number as usize], Ok(share)));
    }
}

#[test]
fn a_name_of_another_form_is_refused_before_anything_is_read() {
    let place = Place::new();
    for name in ["all.txt", "all", "csv", ".csv"] {
        let ran = place.run(&["eval", "absent", "--predictions", name]);
        ran.expect(2, &["--predictions", name, ".csv or .npz"]);
    }
}

#[test]
fn what_cannot_be_written_is_said_and_leaves_nothing() {
    let place = trained();
    std::fs::create_dir(place.path("folder.csv")).unwrap();
    for (name, said) in [
        ("absent/all.csv", "cannot write the predictions absent/all.csv"),
        ("folder.csv", "folder.csv: this is no file"),
    ] {
        place.run(&["eval", "run", "--predictions", name]).expect(1, &[said]);
    }
    let names = || -> Vec<_> {
        let entries = std::fs::read_dir(place.path("")).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    place.write("all.npz", "an older file");
    evaluate(&place, &["--predictions", "all.npz"]);
    assert_eq!(npz(&place, "all.npz").len(), 5);
    std::fs::remove_file(place.path("all.npz")).unwrap();
    assert_eq!(names(), before);
}

#[cfg(unix)]
#[test]
fn the_file_may_be_read_as_the_umask_says() {
    use std::os::unix::fs::PermissionsExt;
    let place = trained();
    evaluate(&place, &["--predictions", "all.csv"]);
    let mode = |name: &str| std::fs::metadata(place.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("all.csv"), mode("small.toml"));
}

#[test]
fn names_of_classes_go_from_the_data_to_every_answer() {
    let place = Place::new();
    place.run(&["data", "make", "spikes", "--out", "spoken", "--samples", "40,20"]).expect(0, &[]);
    place.write(
        "spoken.toml",
        "[data]\nkind = \"shd\"\npath = \"spoken\"\nbin_ms = 50.0\n[model]\nnum_hidden = 4\n\
         [model.neuron]\nnum_memory = 2\n[training]\nnum_epochs = 1\n",
    );
    let checked = place.run(&["check", "spoken.toml", "--json"]).expect(0, &[]).out.clone();
    let checked: Value = serde_json::from_str(&checked).unwrap();
    let names: Vec<String> = serde_json::from_value(checked[0]["classes"].clone()).unwrap();
    assert!(names.len() == 20 && names.iter().all(|name| name.parse::<u32>().is_err()), "{names:?}");

    place.run(&["train", "spoken.toml", "--out", "run"]).expect(0, &[]);
    let report = evaluate(&place, &["--predictions", "all.csv"]);
    let answered: Vec<&str> =
        report["classes"].as_array().unwrap().iter().map(|class| class["name"].as_str().unwrap()).collect();
    assert_eq!(answered, names);
    place.run(&["eval", "run", "--predictions", "all.npz"]).expect(0, &[&names[0], &names[19]]);
    assert_eq!(texts(&npz(&place, "all.npz")["classes"]), names);
    let (header, rows) = csv(&place, "all.csv");
    assert!(header[3..].iter().zip(&names).all(|(column, name)| *column == format!("p_{name}")));
    assert!(rows.iter().all(|row| names.contains(&row[1]) && names.contains(&row[2])));

    // A sum of two digits is called by its number, whatever the digits are called.
    let added = place.run(&["check", "spoken.toml", "--json", "--set", "data.kind=shd_adding"]);
    let added: Value = serde_json::from_str(&added.expect(0, &[]).out).unwrap();
    assert!(added[0].get("classes").is_none());
}
