//! What was learned from one data set and is taken for another: symbols; and
//! what tells data sets apart: digests and names of classes.

mod common;

use common::tokens;
use elm_data::cifar::Cifar;
use elm_data::listops::ListOps;
use elm_data::lra::{Grouped, Pairs, Pixels, Preparation, Reviews};
use elm_data::spikes::{
    Binning, Collection, DigitsSettings, Recording, Split, Spoken, spiking_digits, write_shd,
};
use elm_data::text::{Corpus, TokenMode};
use elm_data::{DataError, SampleInput, Samples};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

const SHARES: [f64; 3] = [0.5, 0.25, 0.25];

#[test]
fn a_text_is_encoded_with_the_symbols_that_are_known() {
    let place = Place::new();
    let learned =
        Corpus::load(&place.write("a", "aaaabbbccd\naabbcd"), TokenMode::Txl, SHARES, None).unwrap();
    assert_eq!(learned.vocabulary.symbols(), b"abcd");
    let known = Some(learned.vocabulary.symbols());
    let other = Corpus::load(&place.write("b", "ddddccccbbaa"), TokenMode::Txl, SHARES, known).unwrap();
    assert_eq!(
        (&other.train[..], &other.valid[..], &other.test[..]),
        (&[3, 3, 3, 3, 2, 2][..], &[2, 2, 1][..], &[1, 0, 0][..])
    );
    assert_eq!(other.vocabulary, learned.vocabulary);
    let path = place.write("c", "aaaabbbbccc\u{fc}dddd");
    let error = Corpus::load(&path, TokenMode::Txl, SHARES, known).unwrap_err().to_string();
    assert!(error.contains("split valid, byte 2: '\u{fc}' does not occur"), "{error}");
    let twice = Corpus::load(&path, TokenMode::Txl, SHARES, Some(b"aa"));
    assert!(matches!(twice, Err(DataError::Setting { .. })));
    // The end of a line is no symbol of this mode, whatever is known.
    let lines = Corpus::load(&place.write("d", "ab\nab\nab\nab\n"), TokenMode::Txl, SHARES, known).unwrap();
    assert_eq!(&lines.train[..], [0, 1, 0, 1]);
}

#[test]
fn the_digests_of_a_text_are_those_of_its_bytes_in_any_form() {
    let place = Place::new();
    let text = "aaabcabbcaab";
    let whole = Corpus::load(&place.write("a", text), TokenMode::Txl, SHARES, None).unwrap();
    for (name, part) in [("train", &text[..6]), ("valid", &text[6..9]), ("test", &text[9..])] {
        place.write(&format!("parts/{name}.txt.raw"), part);
    }
    let known = whole.vocabulary.symbols();
    let parts = Corpus::load(
        &place.path().join("parts"),
        TokenMode::Bytes,
        SHARES,
        Some(&(0..=255).collect::<Vec<_>>()),
    );
    assert_eq!(parts.unwrap().digests(), whole.digests());
    let changed =
        Corpus::load(&place.write("b", "aaabcabbcaac"), TokenMode::Txl, SHARES, Some(known)).unwrap();
    assert_eq!(changed.digests()[..2], whole.digests()[..2]);
    assert_ne!(changed.digests()[2], whole.digests()[2]);
}

fn listops(place: &Place, name: &str, train: &str) -> PathBuf {
    let file = |rows: &str| format!("Source\tTarget\n{rows}");
    place.write(&format!("{name}/basic_train.tsv"), file(train));
    place.write(&format!("{name}/basic_val.tsv"), file("( ( ( [MAX 2 ) 9 ) ] )\t9\n"));
    place.write(&format!("{name}/basic_test.tsv"), file("( ( ( [MIN 2 ) 5 ) ] )\t2\n"));
    place.path().join(name)
}

#[test]
fn symbols_of_listops_keep_the_numbers_that_are_known() {
    let place = Place::new();
    let one = listops(&place, "one", "( ( ( [MIN 2 ) 9 ) ] )\t2\n( ( [MIN 9 ) ] )\t9\n");
    let two = listops(&place, "two", "( ( ( ( [MAX 5 ) 5 ) 2 ) ] )\t5\n");
    let load =
        |path: &Path, known: Option<&[String]>| ListOps::load(path, Preparation::S4, None, known).unwrap();
    let [train, _, test] = load(&one, None);
    let symbols = train.symbols().unwrap();
    assert_eq!(symbols, ["9", "X", "[MIN", "2"]);
    assert_ne!(tokens(&load(&two, None)[2], 0), tokens(&test, 0));
    let [other, _, tested] = load(&two, Some(&symbols));
    assert_eq!((tokens(&tested, 0), tested.channels()), (tokens(&test, 0), test.channels()));
    assert_eq!(other.symbols().unwrap(), symbols);
    // [MAX and 5 are S4's <unk>.
    assert_eq!(tokens(&other, 0), [1, 1, 1, 6, 4, 2]);
    assert_eq!(tested.digest().unwrap(), test.digest().unwrap());
    assert_ne!(other.digest().unwrap(), train.digest().unwrap());
    let short = ListOps::load(&one, Preparation::Lra, Some(2), None).unwrap();
    assert_eq!((short[0].digest().unwrap(), short[0].symbols()), (train.digest().unwrap(), None));
    assert_eq!(train.class_names().unwrap()[7], "7");
    for wrong in [vec!["9".to_string(), "9".into()], vec!["12".to_string()]] {
        let error = ListOps::load(&one, Preparation::S4, None, Some(&wrong)).unwrap_err().to_string();
        assert!(error.contains(&format!("{:?}", wrong[0])), "{error}");
    }
}

#[test]
fn characters_of_reviews_and_pairs_keep_the_numbers_that_are_known() {
    let place = Place::new();
    let texts = ["b".repeat(30) + &"a".repeat(20), "a".repeat(30) + &"b".repeat(20) + "c"];
    for (folder, text) in ["one", "two"].iter().zip(&texts) {
        for name in ["train/neg/0_1.txt", "train/pos/0_9.txt", "test/neg/0_1.txt", "test/pos/0_9.txt"] {
            place.write(&format!("{folder}/{name}"), text);
        }
        for name in ["train", "eval", "test"] {
            let row = format!("1.0\tx\ty\t{text}\tba\n");
            place.write(&format!("{folder}/new_aan_pairs.{name}.tsv"), row);
        }
    }
    let [one, two] = ["one", "two"].map(|name| place.path().join(name));
    let known = ["b".to_string(), "a".into()];
    let reviews =
        |path: &Path, known: Option<&[String]>| Reviews::load(path, Preparation::S4, None, known).unwrap();
    let [learned, ..] = reviews(&one, None);
    assert_eq!(learned.symbols().unwrap(), known);
    assert_eq!(learned.class_names().unwrap(), ["neg", "pos"]);
    let [taken, ..] = reviews(&two, Some(&known));
    let ids = tokens(&taken, 0);
    assert_eq!((ids[0], ids[49], ids[50], ids[51]), (4, 3, 1, 2));
    assert_ne!(learned.digest().unwrap(), taken.digest().unwrap());
    assert_eq!(reviews(&two, None)[0].digest().unwrap(), taken.digest().unwrap());

    let pairs =
        |path: &Path, known: Option<&[String]>| Pairs::load(path, Preparation::S4, None, known).unwrap();
    assert_eq!(pairs(&one, None)[0].symbols().unwrap(), known);
    let [taken, ..] = pairs(&two, Some(&known));
    let SampleInput::TokenPair([first, second]) = taken.read(0).unwrap().input else { panic!("no pair") };
    assert_eq!((first[0], first[50], second), (4, 1, vec![3, 4, 2]));
    assert_ne!(pairs(&one, None)[0].digest().unwrap(), taken.digest().unwrap());
    for wrong in ["", "ab"] {
        let known = [wrong.to_string()];
        assert!(Pairs::load(&one, Preparation::S4, None, Some(&known)).is_err());
        assert!(Reviews::load(&one, Preparation::S4, None, Some(&known)).is_err());
    }
    // LRA's bytes are no mapping that could be learned.
    assert_eq!(Reviews::load(&one, Preparation::Lra, None, None).unwrap()[0].symbols(), None);
}

#[test]
fn pictures_have_the_names_of_their_file_or_the_published_ones() {
    let place = Place::new();
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    {
        place.write(&format!("{name}.bin"), [vec![3], vec![7; 3072]].concat());
    }
    let names =
        || Cifar::load(place.path(), Preparation::S4, Pixels::CIFAR).map(|splits| splits[2].class_names());
    assert_eq!(names().unwrap().unwrap()[9], "truck");
    place.write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    assert_eq!(names().unwrap().unwrap()[9], "j");
    place.write("batches.meta.txt", "a\n");
    assert!(names().unwrap_err().to_string().contains("1 names of classes; expected 10"));
}

#[test]
fn spoken_classes_have_the_names_of_their_file_and_splits_their_own_digests() {
    let place = Place::new();
    let settings = DigitsSettings { seed: 3, channels: 700, binning: Binning::new(2.0, false).unwrap() };
    let digits = spiking_digits(&settings, Split::Train, 12).unwrap();
    let keys = ["one".to_string(), "two".into()];
    let write = |recordings: &[Recording]| {
        for name in ["shd_train.h5", "shd_test.h5"] {
            write_shd(&place.path().join(name), recordings, &keys, "").unwrap();
        }
        Spoken::load(place.path(), Collection::Shd, &settings.binning, 0).unwrap()
    };
    let [train, valid, test] = write(&digits.recordings);
    let names = test.class_names().unwrap();
    assert_eq!((names.len(), &names[..3]), (20, &["one".to_string(), "two".into(), "2".into()][..]));
    let digests = [&train, &valid, &test].map(|split| split.digest().unwrap());
    assert!(digests[0] != digests[1] && digests[1] != digests[2]);
    let again = Spoken::load(place.path(), Collection::Shd, &Binning::new(9.0, true).unwrap(), 0).unwrap();
    assert_eq!(again[1].digest().unwrap(), digests[1]);
    let [.., other] = write(&digits.recordings[1..]);
    assert_ne!(other.digest().unwrap(), digests[2]);

    let (one, two) =
        (Arc::new(digits.clone()), Arc::new(spiking_digits(&settings, Split::Test, 12).unwrap()));
    assert_ne!(one.digest().unwrap(), two.digest().unwrap());
    let grouped = |group| Grouped::new(one.clone(), group).unwrap().digest().unwrap();
    assert!(grouped(1) != grouped(2) && grouped(2) != one.digest().unwrap());
    for digest in digests {
        assert!(
            digest.len() == 64 && digest.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
        );
    }
}
