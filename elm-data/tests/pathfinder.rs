//! Pathfinder: released layout, and made pictures against the statistics of
//! the published generator.

mod common;

use common::{files, labels, refusal, tokens};
use elm_data::lra::{Pixels, Preparation};
use elm_data::pathfinder::{Difficulty, Pathfinder, PathfinderSettings, PictureMaker, make};
use elm_data::{Outcome, SampleInput, Samples};
use rayon::prelude::*;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// `sum of (place + 1) * level` of a picture.
fn weighed(set: &Pathfinder, index: usize) -> u64 {
    (1u64..).zip(tokens(set, index)).map(|(place, level)| place * u64::from(level)).sum()
}

fn load(folder: &Path, preparation: Preparation) -> elm_data::Result<[Pathfinder; 3]> {
    Pathfinder::load(folder, 32, Difficulty::Hard, preparation, Pixels::TOKENS)
}

/// Twelve pictures, of which the third is empty; one list is text, one an array.
#[test]
fn released_folders_are_read_in_the_published_order() {
    let Some(folder) = files("pathfinder32") else { return };
    let (inner, above) = (folder.join("curv_contour_length_14"), folder.parent().unwrap());
    for place in [folder.as_path(), above, &inner] {
        let splits = load(place, Preparation::S4).unwrap();
        let [train, valid, test] = &splits;
        assert_eq!((train.channels(), train.classes()), (256, 2));
        assert!(train.notes()[0].contains("imgs/0/sample_2.png"), "{:?}", train.notes());
        // torch.randperm(11): 6 8 9 2 1 10 0 7 3 5 4, counted without the empty one.
        assert_eq!(labels(train), [1, 0, 1, 0, 0, 0, 1, 1, 0]);
        assert_eq!((labels(valid), labels(test)), (vec![0], vec![0]));
        assert_eq!([0, 1, 6].map(|index| weighed(train, index)), [3678269, 3521360, 3466108]);
        assert_eq!((weighed(valid, 0), weighed(test, 0)), (2897140, 2745336));
    }
    let [train, valid, test] = load(&folder, Preparation::Lra).unwrap();
    assert_eq!(labels(&train), [1, 0, 0, 0, 0, 0, 1, 1, 0]);
    assert_eq!((labels(&valid), labels(&test)), (vec![1], vec![0]));
    let scaled = Pathfinder::load(&folder, 32, Difficulty::Hard, Preparation::S4, Pixels::PATHFINDER);
    let [train, ..] = scaled.unwrap();
    let SampleInput::Dense { channels: 1, values } = train.read(0).unwrap().input else {
        panic!("not dense")
    };
    assert_eq!((values.len(), train.channels()), (1024, 1));
    let levels = train.levels(0).unwrap();
    assert!(values.iter().zip(levels).all(|(&value, level)| value == f32::from(level) / 255.0));
}

/// Attempts and short contours of a picture, mean and deviation of pixels from
/// 0 to 1, and shares of pixels above 0 and above 127.
fn statistics(side: usize, difficulty: Difficulty, pictures: u64) -> [f64; 6] {
    let maker = PictureMaker::new(&PathfinderSettings { seed: 1, pictures, side, difficulty }).unwrap();
    let made: Vec<_> = (0..pictures).into_par_iter().map(|index| maker.picture(index)).collect();
    let all: Vec<f64> =
        made.iter().flat_map(|picture| &picture.levels).map(|&level| f64::from(level) / 255.0).collect();
    let mean_of =
        |value: &dyn Fn(f64) -> f64| all.iter().map(|&level| value(level)).sum::<f64>() / all.len() as f64;
    let mean = mean_of(&|level| level);
    let per_picture = |sum: f64| sum / pictures as f64;
    assert!(made.iter().all(|picture| picture.levels.contains(&255) && picture.levels.contains(&0)));
    [
        per_picture(made.iter().map(|picture| picture.attempts as f64).sum()),
        per_picture(made.iter().map(|picture| picture.distractors as f64).sum()),
        mean,
        (mean_of(&|level| level * level) - mean * mean).sqrt(),
        mean_of(&|level| f64::from(u8::from(level > 0.0))),
        mean_of(&|level| f64::from(u8::from(level > 0.5))),
    ]
}

/// Statistics of an emulation of the published generator, each of few pictures
/// (300, 200, 40, 8 and 30), hence the tolerances.
#[test]
fn made_pictures_are_distributed_as_the_published_ones() {
    use Difficulty::{Easy, Hard, Intermediate};
    let known = [
        (32, Easy, 800, [23.0, 3.15, 0.0503, 0.168, 0.225, 0.052], 5.0, 0.3),
        (32, Intermediate, 600, [73.0, 1.81, 0.0610, 0.182, 0.267, 0.064], 18.0, 0.3),
        (32, Hard, 400, [440.0, 1.20, 0.0781, 0.198, 0.339, 0.083], 220.0, 0.3),
        (64, Hard, 40, [5400.0, 2.6, 0.053, 0.163, 0.269, 0.048], 6000.0, 1.0),
        (128, Hard, 60, [313.0, 7.63, 0.0310, 0.140, 0.136, 0.030], 200.0, 0.3),
    ];
    for (side, difficulty, pictures, published, attempts, distractors) in known {
        let found = statistics(side, difficulty, pictures);
        let tolerances = [attempts, distractors, 0.003, 0.006, 0.02, 0.006];
        eprintln!("{side} {difficulty:?}: {found:?}");
        for ((found, published), tolerance) in found.iter().zip(published).zip(tolerances) {
            assert!((found - published).abs() < tolerance, "{side} {difficulty:?}: {found} for {published}");
        }
    }
}

/// Files below a folder, by their paths in it.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_seed_gives_the_same_files_on_any_threads_and_after_any_stop() {
    let settings = PathfinderSettings { seed: 5, pictures: 1130, side: 32, difficulty: Difficulty::Easy };
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    let go = &mut |_, _| ControlFlow::Continue(());
    assert_eq!(make(&whole, &settings, 1, go).unwrap(), Outcome::Finished);
    let read =
        |folder: &Path| Pathfinder::load(folder, 32, Difficulty::Easy, Preparation::Lra, Pixels::TOKENS);
    let mut stops = 0;
    while make(&pieces, &settings, 3, &mut |_, _| ControlFlow::Break(())).unwrap() == Outcome::Stopped {
        stops += 1;
        if stops == 2 {
            // What a power cut may leave.
            fs::write(pieces.join("curv_baseline/imgs/0/sample_7.png"), "").unwrap();
        }
        assert!(read(&pieces).is_err(), "unfinished folders are not read");
    }
    assert_eq!(stops, 12);
    assert!(contents(&whole) == contents(&pieces));
    assert_eq!(make(&whole, &settings, 1, go).unwrap(), Outcome::Finished);
    let other = PathfinderSettings { seed: 6, ..settings.clone() };
    assert!(make(&whole, &other, 1, go).unwrap_err().to_string().contains("was made by another recipe"));

    let [train, valid, test] = read(&whole).unwrap();
    assert_eq!([train.len(), valid.len(), test.len()], [904, 113, 113]);
    let maker = PictureMaker::new(&settings).unwrap();
    for (set, at, index) in [(&train, 0, 0), (&train, 903, 903), (&test, 112, 1129)] {
        let picture = maker.picture(index);
        assert_eq!(set.levels(at).unwrap(), picture.levels);
        assert_eq!(set.read(at).unwrap().class(), Some(u32::from(picture.label)));
    }
    let positive: u32 = labels(&train).into_iter().sum();
    assert!((392..=512).contains(&positive), "{positive} of 904 are positive");
    let list = fs::read_to_string(whole.join("curv_baseline/metadata/1.npy")).unwrap();
    assert_eq!(list.lines().count(), 130);
    let row = list.lines().nth(2).unwrap();
    assert!(row.starts_with("imgs/1 sample_2.png 2 ") && row.ends_with(" 1.0 6 2 2 0.5 1 1"), "{row}");
}

#[test]
fn impossible_settings_are_refused() {
    let settings = PathfinderSettings { seed: 0, pictures: 1, side: 33, difficulty: Difficulty::Hard };
    let error = PictureMaker::new(&settings).err().unwrap().to_string();
    assert!(error.contains("side: pictures of side 33"), "{error}");
    let none = PathfinderSettings { pictures: 0, side: 32, ..settings };
    assert!(PictureMaker::new(&none).err().unwrap().to_string().contains("pictures: 0"));
}

#[test]
fn missing_and_empty_pictures_are_named() {
    let settings = PathfinderSettings { seed: 0, pictures: 12, side: 32, difficulty: Difficulty::Hard };
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &settings, 1, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let inner = folder.path().join("curv_contour_length_14");
    let picture = |index: u32| inner.join(format!("imgs/0/sample_{index}.png"));
    let [train, ..] = load(folder.path(), Preparation::Lra).unwrap();
    assert!(train.notes().is_empty());
    // Emptied after loading, and of another size.
    let whole = fs::read(picture(1)).unwrap();
    fs::write(picture(1), "").unwrap();
    assert!(refusal(train.read(1), &picture(1)).contains("the file is empty"));
    let notes = load(&inner, Preparation::Lra).unwrap()[0].notes();
    assert!(notes[0].contains(&picture(1).display().to_string()), "{notes:?}");
    fs::write(picture(2), "").unwrap();
    let error = refusal(load(&inner, Preparation::S4), &picture(2));
    assert!(error.contains("metadata/0.npy: row 3"), "{error}");
    fs::write(picture(1), &whole).unwrap();
    fs::remove_file(picture(2)).unwrap();
    let error = refusal(load(&inner, Preparation::S4), &picture(2));
    assert!(error.contains("metadata/0.npy: row 3"), "{error}");
    fs::write(picture(2), &whole).unwrap();
    let wide = Pathfinder::load(&inner, 64, Difficulty::Hard, Preparation::Lra, Pixels::TOKENS).unwrap();
    let error = refusal(wide[0].read(0), &picture(0));
    assert!(error.contains("32 x 32 pixels; expected 64 x 64"), "{error}");
    let nothing = tempfile::tempdir().unwrap();
    assert!(refusal(load(nothing.path(), Preparation::S4), nothing.path()).contains("lists of pictures"));
}
