//! Texts in every published form, and damaged ones.

use elm_data::text::{Corpus, TextBatches, TokenMode};
use elm_data::{BatchStream, DataError, Input, Target};
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

const SHARES: [f64; 3] = [0.5, 0.25, 0.25];

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn zipped(text: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("text", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text).unwrap();
    zip.finish().unwrap().into_inner()
}

fn load(path: &Path) -> Result<Corpus, DataError> {
    Corpus::load(path, TokenMode::Txl, SHARES, None)
}

#[test]
fn a_file_its_zip_and_its_prepared_splits_give_the_same_tokens() {
    let folder = folder();
    let text = b"the cat\nsat on\n\nthe mat, the end".as_slice();
    let raw = load(&write(&folder, "text", text)).unwrap();
    let zip = load(&write(&folder, "text.zip", &zipped(text))).unwrap();
    let parts = [&text[..16], &text[16..24], &text[24..]];
    for (name, part) in ["train", "valid", "test"].iter().zip(parts) {
        // As prep_enwik8.py writes it: numbers joined by spaces, newlines as themselves.
        let word = |byte: &u8| if *byte == b'\n' { "\n".to_string() } else { byte.to_string() };
        let line = part.iter().map(word).collect::<Vec<_>>().join(" ");
        write(&folder, &format!("{name}.txt"), line.as_bytes());
    }
    let prepared = load(folder.path()).unwrap();
    for other in [zip, prepared] {
        assert_eq!(raw.vocabulary, other.vocabulary);
        assert_eq!((&raw.train, &raw.valid, &raw.test), (&other.train, &other.valid, &other.test));
    }
    assert_eq!(
        raw.vocabulary.decode(&raw.train),
        b"the catsat on\n".iter().filter(|b| **b != b'\n').copied().collect::<Vec<_>>()
    );
}

#[test]
fn streams_are_contiguous_and_targets_one_further() {
    let tokens: Vec<u8> = (0..23).collect();
    let mut stream = TextBatches::new(tokens.into(), 2, 4, false).unwrap();
    let (mut predicted, mut batches) = (0, 0);
    while let Some(batch) = stream.next().unwrap() {
        let (Input::Tokens(input), Target::EveryStep(target)) = (&batch.input, &batch.target) else {
            panic!()
        };
        assert!(input.iter().zip(target).all(|(i, t)| i + 1 == *t));
        assert_eq!(input[0] + 11, input[1]);
        predicted += target.len();
        batches += 1;
    }
    assert_eq!((predicted as u64, batches), (stream.predictions(), stream.batches_per_epoch()));
    assert_eq!(predicted, 20);
}

#[test]
fn unusable_files_are_named_with_the_reason() {
    let folder = folder();
    let zip = zipped(&b"some words and some more words ".repeat(2000));
    let mut flipped = zip.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let cases: [(&str, std::path::PathBuf); 7] = [
        ("no such file", folder.path().join("absent")),
        ("holds no text", folder.path().to_path_buf()),
        ("is empty", write(&folder, "empty", b"")),
        ("nothing is left for the split", write(&folder, "tiny", b"a")),
        ("cut off or damaged", write(&folder, "cut.zip", &zip[..zip.len() / 2])),
        ("damaged or truncated", write(&folder, "flipped.zip", &flipped)),
        ("symbols are left", write(&folder, "newlines", b"\n\n\n\n\n\n\n\n")),
    ];
    for (reason, path) in cases {
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains(reason), "{error} lacks {reason:?}");
        assert!(error.contains(&path.display().to_string()), "{error} does not name the file");
    }
}

#[test]
fn a_prepared_split_with_a_wrong_number_names_the_line() {
    let folder = folder();
    write(&folder, "train.txt", b"97 98 \n 99 300");
    write(&folder, "valid.txt", b"97 98");
    write(&folder, "test.txt", b"97 98");
    let error = load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("train.txt: line 2: \"300\""), "{error}");
}

/// A folder with these three files.
fn split(names: [&str; 3], parts: [&str; 3]) -> TempDir {
    let folder = folder();
    for (name, part) in names.iter().zip(parts) {
        write(&folder, name, part.as_bytes());
    }
    folder
}

#[test]
fn folders_are_read_under_every_name_that_people_have() {
    let parts = ["the cat\nsat on\n", "the mat\n", "the end"];
    for names in [
        ["train.txt", "valid.txt", "test.txt"],
        ["train.txt", "val.txt", "test.txt"],
        ["train.txt", "validation.txt", "test.txt"],
        ["wiki.train.raw", "wiki.valid.raw", "wiki.test.raw"],
        ["wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"],
        ["ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"],
        ["train.txt.raw", "valid.txt.raw", "test.txt.raw"],
    ] {
        let folder = split(names, parts);
        let corpus = load(folder.path()).unwrap();
        let found = [&corpus.train, &corpus.valid, &corpus.test].map(|part| corpus.vocabulary.decode(part));
        assert_eq!(found, parts.map(|part| part.replace('\n', "").into_bytes()), "{names:?}");
        assert!(corpus.notes.is_empty(), "{:?}", corpus.notes);
        let catalogued = elm_data::catalog::detect(folder.path());
        assert_eq!(catalogued.map(|set| set.kind), Some("text"), "{names:?}");
    }
}

#[test]
fn characters_with_spaces_between_are_read_without_them() {
    let names = ["train.txt", "valid.txt", "test.txt"];
    let spaced = ["a n _ a n a r c h i s t", "o _ n", " a e r _ b\n b e r\n"];
    let plain = ["an anarchist", "o n", "aer b\nber\n"];
    let (spaced, plain) = (split(names, spaced), split(names, plain));
    let (read, known) = (load(spaced.path()).unwrap(), load(plain.path()).unwrap());
    assert_eq!((&read.train, &read.valid, &read.test), (&known.train, &known.valid, &known.test));
    assert_eq!(read.digests(), known.digests());
    assert!(read.notes[0].contains("train.txt: holds characters with spaces between"), "{:?}", read.notes);
    write(&spaced, "test.txt", b"a b\nc dd");
    let error = load(spaced.path()).unwrap_err().to_string();
    assert!(error.contains("test.txt: line 2: \"dd\" is not a single character"), "{error}");
}

#[test]
fn a_text_of_numbers_is_not_taken_for_byte_values() {
    let names = ["train.txt", "valid.txt", "test.txt"];
    let corpus = load(split(names, ["12 34\n56 78\n", "12 3\n", "7 8\n"]).path()).unwrap();
    assert_eq!(corpus.vocabulary.decode(&corpus.train), b"12 3456 78");
    assert!(corpus.notes[0].contains("read as text"), "{:?}", corpus.notes);
    let corpus = load(split(names, ["97 98 \n 99", "97 98", "97 99"]).path()).unwrap();
    assert_eq!(corpus.vocabulary.decode(&corpus.train), b"abc");
    assert!(corpus.notes[0].contains("as prep_enwik8.py writes them"), "{:?}", corpus.notes);
}

#[test]
fn a_text_in_utf_16_is_told() {
    let folder = folder();
    let text: Vec<u8> = "\u{feff}the cat sat".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let corpus = load(&write(&folder, "text", &text)).unwrap();
    assert!(corpus.notes[0].contains("in UTF-16"), "{:?}", corpus.notes);
}

#[test]
fn text8_has_its_published_splits_in_every_form() {
    // A hundred million letters, with spaces where it is split.
    let mut text = b"abcdefghi ".repeat(10_000_000);
    for at in [0, 90_000_000, 95_000_000] {
        text[at] = b' ';
    }
    let folder = folder();
    let lengths = |path: &Path| {
        let corpus = load(path).unwrap();
        [corpus.train.len(), corpus.valid.len(), corpus.test.len()]
    };
    let single = lengths(&write(&folder, "text8", &text));
    assert_eq!(single, [89_999_998, 4_999_998, 4_999_998]);
    let parts = [&text[..90_000_000], &text[90_000_000..95_000_000], &text[95_000_000..]];
    for (name, part) in ["train", "valid", "test"].iter().zip(parts) {
        write(&folder, &format!("{name}.txt.raw"), part);
    }
    assert_eq!(lengths(folder.path()), single);
}

#[test]
fn a_batch_larger_than_the_text_is_refused() {
    let error = TextBatches::new(vec![0; 10].into(), 6, 5, true).err().unwrap().to_string();
    assert!(error.contains("training.batch_size"), "{error}");
}
