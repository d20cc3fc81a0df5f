//! ListOps as published, made, and damaged.

mod common;

use common::{files, fingerprint, labels, refusal, tokens};
use elm_data::listops::{self, ListOps, ListOpsSettings, evaluate, expression, make};
use elm_data::lra::Preparation;
use elm_data::{Outcome, Samples};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

#[test]
fn published_files_give_the_tokens_of_s4() {
    let Some(folder) = files("listops-1000") else { return };
    let [train, valid, test] = ListOps::load(&folder, Preparation::S4, None, None).unwrap();
    assert_eq!((train.channels(), train.classes()), (18, 10));
    let start = [5, 12, 7, 15, 4, 12, 4, 8, 4, 13, 16, 8, 10, 3, 3, 4, 5, 12, 6, 3];
    assert_eq!(tokens(&train, 0)[..20], start);
    let found = [&train, &valid, &test].map(|split| fingerprint(split));
    assert_eq!(found, [(3311, 1627881), (360, 92123), (841, 312395)]);
    assert_eq!(labels(&valid), [2, 0, 4, 9, 9, 1, 7, 6, 7, 3, 0, 2]);
    assert_eq!(tokens(&train, 3).last(), Some(&2));
}

#[test]
fn published_files_give_symbols_without_an_end_in_lras_tokenisation() {
    let Some(folder) = files("listops-1000") else { return };
    // One folder up is found as well.
    let above = folder.parent().unwrap();
    let [_, valid, _] = ListOps::load(above, Preparation::Lra, None, None).unwrap();
    assert_eq!(valid.channels(), 16);
    let start = [14, 4, 11, 11, 5, 11, 1, 12, 9, 6, 7, 7, 15, 11, 6, 9, 3, 8, 15, 15];
    assert_eq!(tokens(&valid, 0)[..20], start);
    let [_, short, _] = ListOps::load(above, Preparation::Lra, Some(7), None).unwrap();
    assert_eq!(tokens(&short, 0), start[..7]);
}

#[test]
fn targets_are_the_values_of_their_expressions() {
    let Some(folder) = files("listops-1000") else { return };
    listops::rows(&folder.join("basic_train.tsv"), |line, symbols, label| {
        assert_eq!(evaluate(symbols), Ok(label), "line {line}");
        Ok(())
    })
    .unwrap();
}

/// Statistics of 4000 expressions of an independent implementation of the
/// published generator; tolerances are four standard deviations or more.
#[test]
fn made_expressions_are_distributed_as_the_published_ones() {
    let settings = ListOpsSettings { seed: 7, ..ListOpsSettings::default() };
    let count = 8000;
    let mut labels = [0f64; 10];
    let mut roots = [0f64; 4];
    let mut lengths = Vec::new();
    let mut deepest = 0;
    for index in 0..count {
        let symbols = expression(&settings, index, 0).unwrap();
        labels[usize::from(evaluate(&symbols).unwrap())] += 1.0 / count as f64;
        roots[usize::from(symbols[0] - 10)] += 1.0 / count as f64;
        let mut depth = 0i32;
        deepest += i32::from(symbols.iter().any(|&symbol| {
            depth += i32::from((10..14).contains(&symbol)) - i32::from(symbol == 14);
            depth == 9
        }));
        lengths.push(symbols.len());
    }
    lengths.sort_unstable();
    assert!(lengths[0] >= 501 && *lengths.last().unwrap() <= 1999);
    let mean = lengths.iter().sum::<usize>() as f64 / count as f64;
    assert!((mean - 1062.0).abs() < 30.0, "mean length {mean}");
    let median = lengths[lengths.len() / 2] as f64;
    assert!((median - 991.0).abs() < 40.0, "median length {median}");
    assert_eq!(deepest, count as i32, "every expression uses nine levels of lists");
    let published = [0.173, 0.094, 0.075, 0.075, 0.091, 0.088, 0.078, 0.075, 0.077, 0.175];
    for (found, published) in labels.iter().zip(published) {
        assert!((found - published).abs() < 0.026, "{labels:?}");
    }
    assert!(roots.iter().all(|share| (share - 0.25).abs() < 0.02), "{roots:?}");
}

fn small() -> ListOpsSettings {
    ListOpsSettings { seed: 3, samples: [5000, 300, 300], lengths: [5, 40], depth: 4, arguments: 5 }
}

fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut contents: Vec<_> = entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    contents.sort();
    contents
}

#[test]
fn a_seed_gives_the_same_files_on_any_threads_and_after_any_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    let go = &mut |_, _| ControlFlow::Continue(());
    assert_eq!(make(&whole, &small(), 1, go).unwrap(), Outcome::Finished);
    let mut stops = 0;
    while make(&pieces, &small(), 3, &mut |_, _| ControlFlow::Break(())).unwrap() == Outcome::Stopped {
        stops += 1;
        // What was half written when the power went.
        let part = pieces.join("basic_train.tsv.part");
        if part.exists() && stops == 1 {
            let mut text = fs::read(&part).unwrap();
            text.extend(b"( ( [MA");
            fs::write(&part, text).unwrap();
        }
        assert!(
            ListOps::load(&pieces, Preparation::S4, None, None).is_err(),
            "unfinished files are not read"
        );
    }
    assert_eq!(stops, 4);
    assert_eq!(contents(&whole), contents(&pieces));
    let [train, valid, test] = ListOps::load(&whole, Preparation::S4, None, None).unwrap();
    assert_eq!([train.len(), valid.len(), test.len()], [5000, 300, 300]);
    let mut distinct = std::collections::HashSet::new();
    for name in ["basic_train.tsv", "basic_val.tsv", "basic_test.tsv"] {
        listops::rows(&whole.join(name), |_, symbols, label| {
            assert_eq!(evaluate(symbols), Ok(label));
            assert!(distinct.insert(symbols.to_vec()), "every expression occurs once");
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn a_folder_with_other_content_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let go = &mut |_, _| ControlFlow::Continue(());
    fs::write(folder.path().join("thesis.tex"), "").unwrap();
    let error = make(folder.path(), &small(), 1, go).unwrap_err().to_string();
    assert!(error.contains("is not empty"), "{error}");
    let made = folder.path().join("made");
    make(&made, &small(), 1, go).unwrap();
    assert_eq!(make(&made, &small(), 1, go).unwrap(), Outcome::Finished);
    let other = ListOpsSettings { seed: 4, ..small() };
    let error = make(&made, &other, 1, go).unwrap_err().to_string();
    assert!(error.contains("another recipe (listops 1: seed 3"), "{error}");
}

#[test]
fn impossible_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (settings, reason) in [
        (ListOpsSettings { lengths: [5, 6], ..small() }, "no length between"),
        (ListOpsSettings { depth: 0, ..small() }, "takes 1 to 100"),
        (ListOpsSettings { arguments: 1, ..small() }, "takes 2 to 1000"),
        (ListOpsSettings { samples: [1, 0, 1], ..small() }, "every split takes"),
        (ListOpsSettings { lengths: [1900, 2000], depth: 2, ..small() }, "drawn, none has more than 1900"),
        (ListOpsSettings { lengths: [0, 2], ..small() }, "not enough different expressions"),
    ] {
        let path = folder.path().join(reason);
        let error = make(&path, &settings, 1, &mut |_, _| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn line_ends_marks_and_further_columns_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let variants = [
        "Source\tTarget\r\n( ( ( [MAX 2 ) 9 ) ] )\t9\r\n",
        "Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t9",
        "\u{feff}Source\tTarget\n( ( ( [MAX 2 ) 9 ) ] )\t9\n",
        "Target\tid\tSource\n9\tx\t[MAX 2 9 ]\n",
    ];
    for text in variants {
        let path = folder.path().join("basic_train.tsv");
        fs::write(&path, text).unwrap();
        let mut found = Vec::new();
        listops::rows(&path, |line, symbols, label| {
            found.push((line, symbols.to_vec(), label));
            Ok(())
        })
        .unwrap();
        assert_eq!(found, [(2, vec![11, 2, 9, 14], 9)], "{text:?}");
    }
}

#[test]
fn damaged_files_are_named_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("basic_train.tsv");
    let long = format!("Source\tTarget\n{}", "( ".repeat(1 << 20));
    for (text, place) in [
        ("", "byte 0: the file is empty"),
        ("Source\tTarget\r\n", "line 2: there are no rows"),
        ("Source\r\n1\r\n", "line 1: no column Target"),
        ("1\t1\n", "line 1: no column Source in \"1\\t1\""),
        ("Source\tTarget\n1\t1\n7\n", "line 3: 1 columns; expected 2"),
        ("Source\tTarget\n1\t1\n\t1\n", "line 3: Source is empty"),
        ("Source\tTarget\n1\t11\n", "line 2: Target is \"11\"; expected a digit"),
        ("Source\tTarget\n1\t\n", "line 2: Target is \"\""),
        ("Source\tTarget\n[MAX 1 z ]\t1\n", "line 2: Source: \"z\" at byte 8 is none of"),
        (long.as_str(), "line 2: the line goes on beyond"),
    ] {
        fs::write(&path, text).unwrap();
        let error = refusal(listops::rows(&path, |_, _, _| Ok(())), &path);
        assert!(error.contains(place), "{error} lacks {place}");
    }
    fs::remove_file(&path).unwrap();
    let error = refusal(ListOps::load(folder.path(), Preparation::S4, None, None), &path);
    assert!(error.contains("there is no such file; expected a ListOps file"), "{error}");
    fs::create_dir(&path).unwrap();
    assert!(refusal(ListOps::load(folder.path(), Preparation::S4, None, None), &path).contains("not a file"));
}
