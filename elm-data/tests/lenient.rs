//! Files that are odd in ways that can be taken only one way: they are read,
//! and the oddities are told.

mod common;

use common::{labels, tokens};
use elm_data::listops::ListOps;
use elm_data::lra::{Pairs, Pixels, Preparation, Reviews};
use elm_data::pathfinder::{Difficulty, Pathfinder, PathfinderSettings};
use elm_data::{SampleInput, Samples};
use std::fs;
use std::path::Path;

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn listops_with_odd_lines_and_fields_is_the_same_listops() {
    let plain = "Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t9\n( ( ( [MIN 2 ) 9 ) ] )\t2\n";
    let odd = [
        (format!("{plain}\n"), "blank lines passed over: 1"),
        (plain.replace('\n', "\n \r\n\n"), "blank lines passed over: 6"),
        (plain.replace('\n', "\r\r\n"), "lines with more than one carriage return: 3"),
        (
            plain.replace("Source\tTarget", "\"Source\"\t\"Target\""),
            "fields in quotation marks, taken without them: 2",
        ),
        (plain.replace("\t9", "\t\"9\""), "fields in quotation marks, taken without them: 1"),
        (plain.replace("\t9", "\t9.0").replace("\t2", "\t2."), "whole numbers written as real ones: 2"),
        (
            plain.replace("Source\tTarget", "source\t target\n").replace("\t2", "\t 2 "),
            "blank lines passed over: 1",
        ),
        (format!("\u{feff}\r\n{plain}"), "blank lines passed over: 1"),
    ];
    // S4's folder of data has the files in a folder of their own.
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("listops");
    let load = |text: &str| {
        for name in ["basic_train.tsv", "basic_val.tsv", "basic_test.tsv"] {
            write(&folder.join(name), text);
        }
        ListOps::load(data.path(), Preparation::S4, None, None).unwrap()
    };
    let [known, ..] = load(plain);
    assert!(known.notes().is_empty());
    for (text, note) in odd {
        let [train, ..] = load(&text);
        assert_eq!(labels(&train), labels(&known), "{text:?}");
        assert_eq!((tokens(&train, 0), tokens(&train, 1)), (tokens(&known, 0), tokens(&known, 1)));
        assert_eq!(train.digest().unwrap(), known.digest().unwrap());
        assert!(train.notes()[0].contains(note), "{:?} lacks {note}", train.notes());
    }
    let utf_16 = plain.encode_utf16().flat_map(u16::to_le_bytes);
    write(&folder.join("basic_val.tsv"), [0xff, 0xfe].into_iter().chain(utf_16).collect::<Vec<u8>>());
    let error = ListOps::load(data.path(), Preparation::S4, None, None).unwrap_err().to_string();
    assert!(error.contains("basic_val.tsv: byte 0: the file is in UTF-16"), "{error}");
    write(&folder.join("basic_val.tsv"), plain);
    for text in
        [plain.replace("\t9", "\t9.5"), plain.replace("\t9", "\t\"9\"0"), plain.replace("\t9", "\t-9")]
    {
        write(&folder.join("basic_test.tsv"), text);
        let error = ListOps::load(data.path(), Preparation::S4, None, None).unwrap_err().to_string();
        assert!(error.contains("basic_test.tsv: line 2: Target is"), "{error}");
    }
}

#[test]
fn a_target_that_is_not_the_value_of_its_expression_is_found() {
    let data = tempfile::tempdir().unwrap();
    let text = "Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t9\n( ( ( [MIN 2 ) 9 ) ] )\t3\n( ( [MAX 2 ) 9 )\t9\n";
    for name in ["basic_train.tsv", "basic_val.tsv", "basic_test.tsv"] {
        write(&data.path().join(name), text);
    }
    // However short the sequences are cut.
    let [train, ..] = ListOps::load(data.path(), Preparation::Lra, Some(2), None).unwrap();
    train.check(0).unwrap();
    let error = train.check(1).unwrap_err().to_string();
    assert!(error.contains("row 2: Target is 3, but the value of Source is 2"), "{error}");
    assert!(train.check(2).unwrap_err().to_string().contains("lists are not closed"));
}

#[test]
fn pairs_with_odd_lines_and_fields_are_the_same_pairs() {
    let data = tempfile::tempdir().unwrap();
    let plain = "1.0\tA\tB\tb'x'\tb'yz'\n0.0\tC\tD\tb'z'\tb'x'\n";
    let load = |text: &[u8]| {
        for name in ["train", "eval", "test"] {
            write(&data.path().join(format!("new_aan_pairs.{name}.tsv")), text);
        }
        Pairs::load(data.path(), Preparation::S4, None, None).unwrap()
    };
    let [train, ..] = load(plain.as_bytes());
    let known = [0, 1].map(|index| train.read(index).unwrap());
    for (text, note) in [
        (format!("{plain}\n"), "blank lines passed over: 1"),
        (plain.replace('\n', "\r\r\n"), "lines with more than one carriage return: 2"),
        (
            plain.replace("b'yz'", "\"b'yz'\"").replace("1.0", "\"1\""),
            "fields in quotation marks, taken without them: 2",
        ),
    ] {
        let [train, ..] = load(text.as_bytes());
        for index in 0..2 {
            assert_eq!(train.read(index).unwrap(), known[index], "{text:?}");
        }
        assert!(train.notes()[0].contains(note), "{:?} lacks {note}", train.notes());
    }
    let broken = [plain.as_bytes(), b"1.0\tE\tF\tb'\xff'\tb'x'\n"].concat();
    let [train, ..] = load(&broken);
    assert!(
        train.notes()[0].contains("texts that are not UTF-8, with U+FFFD for what cannot be read: 1"),
        "{:?}",
        train.notes()
    );
    let SampleInput::TokenPair([first, _]) = train.read(2).unwrap().input else { panic!("no pair") };
    assert_eq!(first.len(), 5);
}

#[test]
fn one_bad_review_does_not_stop_the_others() {
    let data = tempfile::tempdir().unwrap();
    for part in ["train", "test"] {
        for (name, text) in [("neg/0_1.txt", "bad"), ("pos/0_9.txt", "good"), ("pos/1_9.txt", "fine")] {
            write(&data.path().join(part).join(name), text);
        }
    }
    write(&data.path().join("train/pos/1_9.txt"), b"caf\xe9");
    write(&data.path().join("test/pos/0_9.txt"), b"");
    let [train, valid, test] = Reviews::load(data.path(), Preparation::S4, None, None).unwrap();
    assert_eq!((labels(&train), labels(&test)), (vec![0, 1, 1], vec![0, 1]));
    assert!(train.notes()[0].contains("1_9.txt: not UTF-8"), "{:?}", train.notes());
    assert!(valid.notes()[0].contains("0_9.txt: the review is empty"), "{:?}", valid.notes());
    assert_eq!(tokens(&train, 2).len(), 5);
}

#[test]
fn lists_of_pictures_from_another_machine_find_their_pictures() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("curv_contour_length_14");
    let settings = PathfinderSettings { seed: 1, pictures: 10, side: 32, difficulty: Difficulty::Hard };
    elm_data::pathfinder::make(data.path(), &settings, 1, &mut |_, _| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let list = folder.join("metadata/0.npy");
    let load = || Pathfinder::load(data.path(), 32, Difficulty::Hard, Preparation::Lra, Pixels::PATHFINDER);
    let known = load().unwrap();
    let text = fs::read_to_string(&list).unwrap();
    assert!(known[0].notes().is_empty() && text.starts_with("imgs/0"), "{text}");
    for (odd, note) in [
        (format!("{text}\n\n"), "blank lines passed over: 2"),
        (text.replace("imgs/0", "./imgs/0"), "paths taken from the folder imgs on: 10"),
        (text.replace("imgs/0", "../imgs/0"), "paths taken from the folder imgs on: 10"),
        (text.replace("imgs/0", "/home/me/imgs/set/imgs/0"), "paths taken from the folder imgs on: 10"),
        (text.replace("imgs/0 ", "\"imgs/0\" "), "fields in quotation marks, taken without them: 10"),
    ] {
        fs::write(&list, odd).unwrap();
        let odd = load().unwrap();
        for (known, odd) in known.iter().zip(&odd) {
            assert_eq!(odd.digest().unwrap(), known.digest().unwrap());
            assert!(odd.notes()[0].contains(note), "{:?} lacks {note}", odd.notes());
        }
    }
    for out in ["../pictures/0", "/home/me/pictures/0", "imgs/../../0"] {
        fs::write(&list, text.replace("imgs/0", out)).unwrap();
        let error = load().unwrap_err().to_string();
        assert!(error.contains("row 1"), "{error}");
    }
}

#[test]
fn arrays_of_lists_are_read_in_either_order() {
    let data = tempfile::tempdir().unwrap();
    let settings = PathfinderSettings { seed: 1, pictures: 10, side: 32, difficulty: Difficulty::Hard };
    elm_data::pathfinder::make(data.path(), &settings, 1, &mut |_, _| std::ops::ControlFlow::Continue(()))
        .unwrap();
    let load = || Pathfinder::load(data.path(), 32, Difficulty::Hard, Preparation::Lra, Pixels::PATHFINDER);
    let known = load().unwrap()[0].digest().unwrap();
    let list = data.path().join("curv_contour_length_14/metadata/0.npy");
    let text = fs::read_to_string(&list).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let field = |text: &str| -> Vec<u8> {
        let letters = text.chars().chain(std::iter::repeat('\0')).take(20);
        letters.flat_map(|letter| u32::from(letter).to_le_bytes()).collect()
    };
    for order in ["False", "True"] {
        let header =
            format!("{{'descr': '<U20', 'fortran_order': {order}, 'shape': ({}, 11), }}\n", rows.len());
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        match order {
            "True" => (0..11).for_each(|at| rows.iter().for_each(|row| bytes.extend(field(row[at])))),
            _ => rows.iter().flatten().for_each(|text| bytes.extend(field(text))),
        }
        fs::write(&list, bytes).unwrap();
        assert_eq!(load().unwrap()[0].digest().unwrap(), known, "{order}");
    }
}
