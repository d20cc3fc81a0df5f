//! Damaged files of every reader: cut off anywhere, or with changed bytes, they
//! are read as far as they are still in the layout or refused with an error
//! that names them, without a panic and in memory bounded by their size.

mod common;

use common::refusal;
use elm_data::cifar::Cifar;
use elm_data::listops::ListOps;
use elm_data::lra::{Pairs, Pixels, Preparation, Reviews};
use elm_data::pathfinder::{Difficulty, Pathfinder, PathfinderSettings, PictureMaker};
use elm_data::pickle::Pickle;
use elm_data::{Result, Samples};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of a reader with the file that is to be damaged.
struct Case {
    folder: TempDir,
    file: PathBuf,
    whole: Vec<u8>,
    load: fn(&Path) -> Result<()>,
}

impl Case {
    /// A folder of `files`; the first is to be damaged.
    fn new(files: &[(&str, &[u8])], load: fn(&Path) -> Result<()>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let case = Case { file: folder.path().join(files[0].0), whole: files[0].1.to_vec(), folder, load };
        case.read(&case.whole).unwrap();
        case
    }

    /// What becomes of the file with this content.
    fn read(&self, bytes: &[u8]) -> Result<()> {
        fs::write(&self.file, bytes).unwrap();
        (self.load)(self.folder.path())
    }

    /// The error for this content, which must name the file.
    fn refused(&self, bytes: &[u8]) -> String {
        refusal(self.read(bytes), &self.file)
    }

    /// Reads or is refused by name.
    fn survives(&self, bytes: &[u8]) {
        if self.read(bytes).is_err() {
            self.refused(bytes);
        }
    }

    /// Survives being cut off; at the places that `must_fail` says, it is refused.
    fn cut(&self, must_fail: impl Fn(usize) -> bool) {
        let step = self.whole.len().div_ceil(400).max(1);
        for length in (0..self.whole.len()).step_by(step).chain([self.whole.len() - 1]) {
            let part = &self.whole[..length];
            if must_fail(length) { drop(self.refused(part)) } else { self.survives(part) }
        }
    }

    fn flipped(&self, flips: &[(usize, u8)]) {
        let mut bytes = self.whole.clone();
        for &(place, bits) in flips {
            let place = place % bytes.len();
            bytes[place] ^= bits;
        }
        self.survives(&bytes);
    }
}

/// Reads every sample of every split.
fn all<S: Samples>(splits: Result<[S; 3]>) -> Result<()> {
    for split in splits? {
        for index in 0..split.len() {
            let label = split.read(index)?.class().unwrap() as usize;
            assert!(label < split.classes());
        }
    }
    Ok(())
}

fn listops() -> Case {
    let text = b"Source\tTarget\r\n( ( ( [MAX 2 ) 9 ) ] )\t9\r\n( ( ( [MIN 2 ) 9 ) ] )\t2\r\n";
    let files: [(&str, &[u8]); 3] =
        [("basic_train.tsv", text), ("basic_val.tsv", text), ("basic_test.tsv", text)];
    Case::new(&files, |folder| all(ListOps::load(folder, Preparation::S4, None, None)))
}

fn pairs() -> Case {
    let text = "1.0\tA00\tB11\tb'a neural net'\tb'\\xe2 tree'\n0.0\tC\tD\tb'x'\tb'y'\n".as_bytes();
    let names = ["new_aan_pairs.eval.tsv", "new_aan_pairs.train.tsv", "new_aan_pairs.test.tsv"];
    Case::new(&names.map(|name| (name, text)), |folder| all(Pairs::load(folder, Preparation::S4, None, None)))
}

fn reviews() -> Case {
    let text = "A film – with a pilot.<br />".as_bytes();
    let names = ["train/pos/3_8.txt", "train/neg/0_1.txt", "test/pos/0_10.txt", "test/neg/0_2.txt"];
    Case::new(&names.map(|name| (name, text)), |folder| {
        all(Reviews::load(folder, Preparation::S4, None, None))
    })
}

fn cifar(ending: &str, content: &[u8]) -> Case {
    let names =
        ["data_batch_3", "data_batch_1", "data_batch_2", "data_batch_4", "data_batch_5", "test_batch"];
    let names = names.map(|name| format!("{name}{ending}"));
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), content)).collect();
    Case::new(&files, |folder| all(Cifar::load(folder, Preparation::S4, Pixels::CIFAR)))
}

fn pictures() -> (Vec<u8>, Vec<u8>) {
    let planes = (0..2 * 3072).map(|place| (place * 7 % 251) as u8).collect();
    (vec![3, 9], planes)
}

fn cifar_binary() -> Case {
    let (labels, planes) = pictures();
    let rows = labels.iter().zip(planes.chunks(3072));
    cifar(".bin", &rows.flat_map(|(label, row)| [&[*label], row].concat()).collect::<Vec<u8>>())
}

/// As Python 2 wrote the published files.
fn cifar_pickle() -> Case {
    let (labels, planes) = pictures();
    let mut bytes = b"\x80\x02}q\x00(U\x06labelsq\x01]q\x02(K".to_vec();
    bytes.extend([labels[0], b'K', labels[1]]);
    bytes
        .extend(b"eU\x04dataq\x03cnumpy.core.multiarray\n_reconstruct\nq\x04cnumpy\nndarray\nq\x05K\x00\x85");
    bytes.extend(
        b"U\x01b\x87Rq\x06(K\x01K\x02M\x00\x0c\x86cnumpy\ndtype\nq\x07U\x02u1K\x00K\x01\x87Rq\x08(K\x03",
    );
    bytes.extend(b"U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T\x00\x18\x00\x00");
    bytes.extend(planes);
    bytes.extend(b"tbu.");
    cifar("", &bytes)
}

const ROW: &str = "imgs/0 a.png 0 1 1.0 6 2 2 0.5 1 1\n";

/// A list of two pictures as text, the same as an array, and a picture.
fn pathfinder() -> [Case; 3] {
    let maker = PictureMaker::new(&PathfinderSettings {
        seed: 0,
        pictures: 2,
        side: 32,
        difficulty: Difficulty::Easy,
    });
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, 32, 32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&maker.unwrap().picture(0).levels).unwrap();
    let text = [ROW, &ROW.replace("a.png", "b.png")].concat();
    let mut array = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<U6', 'fortran_order': False, 'shape': (2, 11), }";
    array.extend(format!("{header:117}\n").bytes());
    for field in text.split_whitespace() {
        let letters = field.chars().map(u32::from).chain([0; 6]).take(6);
        array.extend(letters.flat_map(u32::to_le_bytes));
    }
    let case = |order: [(&str, &[u8]); 3]| {
        Case::new(&order, |folder| {
            all(Pathfinder::load(folder, 32, Difficulty::Hard, Preparation::S4, Pixels::PATHFINDER))
        })
    };
    let (first, second): ((&str, &[u8]), (&str, &[u8])) =
        (("imgs/0/a.png", &picture), ("imgs/0/b.png", &picture));
    [
        case([("metadata/0.npy", text.as_bytes()), first, second]),
        case([("metadata/0.npy", &array), first, second]),
        case([first, second, ("metadata/0.npy", text.as_bytes())]),
    ]
}

fn cases() -> Vec<Case> {
    let mut cases = vec![listops(), pairs(), reviews(), cifar_binary(), cifar_pickle()];
    cases.extend(pathfinder());
    cases
}

#[test]
fn files_cut_off_anywhere_are_refused_or_read() {
    // Text is still text when it ends early, except in a row's columns.
    listops().cut(|length| length < 39);
    pairs().cut(|length| length < 24);
    // An empty review is left out, and what is not UTF-8 is not needed.
    reviews().cut(|_| false);
    cifar_binary().cut(|length| length != 3073);
    cifar_pickle().cut(|_| true);
    let [text, array, picture] = pathfinder();
    text.cut(|length| length < ROW.len() - 1);
    array.cut(|_| true);
    let end = picture.whole.len() - 16;
    // An empty picture is left out; the last part of a file is not needed.
    picture.cut(|length| length > 0 && length < end);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_are_survived(flips in prop::collection::vec((any::<usize>(), 1u8..), 1..6)) {
        cases().iter().for_each(|case| case.flipped(&flips));
    }

    /// The first bytes hold what gives lengths and kinds.
    #[test]
    fn changed_structure_of_pickles_is_survived(flips in prop::collection::vec((0usize..180, 1u8..), 1..4)) {
        cifar_pickle().flipped(&flips);
    }

    #[test]
    fn any_bytes_are_no_trouble_as_a_pickle(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(Pickle::parse(&bytes));
    }
}

#[test]
fn rows_at_fault_are_named() {
    let case = listops();
    let error = case.refused(b"Source\tTarget\n[MAX 2 9 ]\t9\n[MAX 2 9 ]\t10\n");
    assert!(error.contains("line 3: Target is \"10\"; expected a digit"), "{error}");
    let case = pairs();
    let row = "1.0\ta\tb\tb'x'\tb'y'\n";
    for (bad, told) in [
        ("2.0\ta\tb\tb'x'\tb'y'\n", "line 2: the label is \"2.0\"; expected 0.0 or 1.0"),
        ("NaN\ta\tb\tb'x'\tb'y'\n", "line 2: the label is \"NaN\""),
        ("1.0\ta\tb\tb'x'\n", "line 2: 4 columns; expected 5"),
        ("1.0\ta\tb\tb'x'\tb'y'\tz\n", "line 2: 6 columns; expected 5"),
        ("1.0\ta\tb\t\tb'y'\n", "line 2: a text is empty"),
    ] {
        let error = case.refused(format!("{row}{bad}{row}").as_bytes());
        assert!(error.contains(told), "{error}");
    }
    assert!(case.refused(b"").contains("the file is empty"));
}

#[test]
fn labels_and_arrays_of_pictures_are_checked() {
    let case = cifar_binary();
    let mut bytes = case.whole.clone();
    bytes[3073] = 10;
    let error = case.refused(&bytes);
    assert!(error.contains("row 1: the label is 10; expected 0 to 9"), "{error}");
    let error = case.refused(&case.whole[..4000]);
    assert!(error.contains("row 1: the file ends in the middle of a row"), "{error}");
    assert!(case.refused(b"").contains("row 0"));

    let case = cifar_pickle();
    let replaced = |from: &[u8], to: &[u8]| {
        let place = case.whole.windows(from.len()).position(|window| window == from).unwrap();
        [&case.whole[..place], to, &case.whole[place + from.len()..]].concat()
    };
    for (from, to, told) in [
        (&b"K\x03K\x09e"[..], &b"K\x03K\x0ae"[..], "row 1: the label is 10"),
        (b"K\x03K\x09e", b"K\x03Ne", "labels: expected numbers from 0 to 9"),
        (b"K\x03K\x09e", b"K\x03e", "shape [2, 3072]; expected |u1 and [1, 3072]"),
        (b"labels", b"Labels", "labels: expected a list under this key"),
        (b"U\x02u1", b"U\x02i1", "type |i1"),
        (b"cnumpy.core", b"cos.system.", "data: expected a NumPy array"),
        (b"K\x02M\x00\x0c\x86", b"K\x04M\x00\x06\x86", "[4, 1536]"),
        (b"K\x02M\x00\x0c\x86", b"K\x02M\x00\x0d\x86", "data: expected a NumPy array"),
        (b"T\x00\x18\x00\x00", b"T\xff\xff\xff\xff", "4294967295 bytes are announced"),
        (b"]q\x02", b"Pq\x02", "opcode 0x50 is not among those of data files"),
    ] {
        let error = case.refused(&replaced(from, to));
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn lists_of_pictures_are_checked() {
    let [text, array, picture] = pathfinder();
    for (bad, told) in [
        ("imgs/0 a.png 0 2 1.0 6 2 2 0.5 1 1", "row 2: the label is \"2\"; expected 0 or 1"),
        ("imgs/0 a.png 0", "row 2: 3 columns; expected 11"),
        ("imgs/0 a.png 0 1 1.0 6 2 2 0.5 1 1 1", "row 2: 12 columns; expected 11"),
        ("../0 a.png 0 1 1.0 6 2 2 0.5 1 1", "row 2: \"../0/a.png\" leads out of the folder"),
        ("/pictures a.png 0 1 1.0 6 2 2 0.5 1 1", "leads out of the folder"),
        ("imgs . 0 1 1.0 6 2 2 0.5 1 1", "is not a file"),
    ] {
        let error = text.refused(format!("{ROW}{bad}\n").as_bytes());
        assert!(error.contains(told), "{error}");
    }
    assert!(text.refused(b"").contains("the list is empty"));
    let replaced = |from: &str, to: &str| {
        let place = array.whole.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&array.whole[..place], to.as_bytes(), &array.whole[place + from.len()..]].concat()
    };
    for (from, to) in [("<U6", "<U7"), ("<U6", "|S6"), ("(2, 11)", "(3, 11)"), ("<U6", "<U0")] {
        assert!(array.refused(&replaced(from, to)).contains("header of the array"));
    }
    let huge = replaced("'<U6', ", "'<U18446744073709551615', ");
    assert!(array.refused(&huge).contains("header of the array"));
    // A picture that claims to be larger than any.
    let mut wide = picture.whole.clone();
    wide[16..24].copy_from_slice(&[0x7f; 8]);
    picture.refused(&wide);
}

/// Lists within lists, members added over and over, and sizes whose product
/// has no end: a small file must not take much memory or stack.
#[test]
fn pickles_that_would_explode_are_small_or_refused() {
    let deep = [b"]".repeat(1 << 20), b"a".repeat((1 << 20) - 1), b".".to_vec()].concat();
    assert!(Pickle::parse(&deep).is_ok(), "depth takes no stack");
    let marks = [b"(".repeat(3 << 20), b".".to_vec()].concat();
    assert!(Pickle::parse(&marks).unwrap_err().1.contains("objects"));
    let wide = [b"]q\x00".to_vec(), b"h\x00".repeat(3 << 20), b".".to_vec()].concat();
    assert!(Pickle::parse(&wide).unwrap_err().1.contains("objects"));
    for bytes in
        [&b"."[..], b"a.", b"]a.", b"(a.", b"q\x00.", b"h\x00.", b"R.", b"b.", b"(tR.", b"\x8a\x09123456789."]
    {
        assert!(Pickle::parse(bytes).is_err(), "{bytes:?}");
    }
    let case = cifar_pickle();
    let place = case.whole.windows(5).position(|window| window == b"K\x02M\x00\x0c").unwrap();
    let huge = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f".repeat(2);
    assert!(
        case.refused(&[&case.whole[..place], &huge, &case.whole[place + 5..]].concat()).contains("data:")
    );
}

#[test]
fn what_is_missing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let told = [
        (refusal(Reviews::load(path, Preparation::S4, None, None), path), "aclImdb"),
        (refusal(Pairs::load(path, Preparation::S4, None, None), path), "five columns"),
        (refusal(Cifar::load(path, Preparation::S4, Pixels::TOKENS), path), "data_batch_1 to data_batch_5"),
        (refusal(ListOps::load(path, Preparation::S4, None, None), path), "Source and Target"),
    ];
    for (error, expected) in told {
        assert!(error.contains(expected), "{error}");
    }
}
